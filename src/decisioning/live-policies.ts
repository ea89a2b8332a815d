/** A publication in force: its policies compiled, bound to the windows, and found by kind of payment. */
import type { ParsedEvent } from '#domain/event.ts';
import type { EventSchema } from '#domain/field.ts';
import { parseRateTable, type RateTable } from '#domain/rates.ts';
import type { PersistentWindowStore, TilePlan } from '#ports/window-store.ts';
import type { World } from '#expression/world.ts';
import type { FeatureValues } from '#features/definition.ts';
import { amlFeatures } from '#policy/aml-features.ts';
import { compilePolicy } from '#policy/compile-policy.ts';
import type { CompiledPolicy } from '#policy/compiled-policy.ts';
import { bindLists, type BoundLists } from '#policy/lists.ts';
import { policyOnStore, type FoundMark } from '#policy/policy-on-store.ts';
import type { PolicyEffect, PolicyResult } from '#policy/policy-result.ts';
import { renderDiagnostics } from '#policy/render-diagnostic.ts';
import type { Publication } from './publication.ts';
import { RECORD_FORMAT, type MarkEffect, type Versions } from './record.ts';

/** What does not go live, with every reason. */
export class PublicationRefused extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

export interface Judgement {
  readonly values: FeatureValues;
  readonly result: PolicyResult;
  readonly marks: readonly MarkEffect[];
  /** Marks that rules asked for. */
  readonly asked: readonly FoundMark[];
}

/** A judgement on recorded facts, with what is needed to explain it. */
export interface JudgedAgain extends Judgement {
  /** A `RuleAnswer` by rule index; valid until the next judgement. */
  readonly answers: Uint8Array;
  /** What expressions saw; valid until the next judgement. */
  readonly world: Omit<World, 'salt'>;
}

export interface LivePolicy {
  readonly policy: CompiledPolicy;
  readonly listVersions: Readonly<Record<string, string>>;
  readonly amlFeatures: readonly string[];
  readonly tilePlans: readonly TilePlan[];
  /** The event has been appended as `row`. */
  judge(event: ParsedEvent, row: number): Judgement;
  /** On what was measured when it was decided; throws MarkNotRecorded where that does not suffice. */
  judgeAgain(event: ParsedEvent, values: FeatureValues, asked: readonly FoundMark[]): JudgedAgain;
}

export class LivePolicies {
  readonly position: number;
  readonly publication: Publication;
  readonly ratesVersion: string;
  readonly policies: readonly LivePolicy[];
  readonly #byKind = new Map<string, LivePolicy>();
  readonly #versions = new Map<LivePolicy | undefined, Versions>();
  readonly #schemaName: string;
  readonly #kindSlot: number;
  #others: LivePolicy | undefined;

  private constructor(publication: Publication, position: number, rates: RateTable, schema: EventSchema,
    policies: readonly LivePolicy[]) {
    this.publication = publication;
    this.position = position;
    this.ratesVersion = rates.version;
    this.policies = policies;
    this.#schemaName = schema.name;
    this.#kindSlot = schema.byPath.get('kind')?.textSlot ?? -1;
    for (const live of policies) {
      if (live.policy.kinds.length === 0) this.#others = live;
      for (const kind of live.policy.kinds) this.#byKind.set(kind, live);
    }
  }

  /** Compiles everything before anything is live; throws PublicationRefused with all the problems. */
  static of(
    publication: Publication, schema: EventSchema, store: PersistentWindowStore, position: number,
  ): LivePolicies {
    const problems: string[] = [];
    const rates = parseRateTable(publication.rates);
    if ('problems' in rates) {
      throw new PublicationRefused(rates.problems.map((problem) => `rates: ${problem}`));
    }
    const compiled = compileAll(publication, schema, problems);
    problems.push(...kindsTwice(compiled));
    const lists = new Map(publication.lists.map((list) => [list.name, list]));
    const policies = compiled.flatMap((policy) => {
      const bound = bindLists(policy.lists, lists);
      if (!('problems' in bound)) return [bindLive(policy, bound, rates.table, store)];
      problems.push(...bound.problems.map((problem) => `${policy.name}: ${problem}`));
      return [];
    });
    if (problems.length > 0) throw new PublicationRefused(problems);
    return new LivePolicies(publication, position, rates.table, schema, policies);
  }

  /** From now on the store sums up what leaves the exact tier as these policies need it. */
  register(store: PersistentWindowStore): void {
    store.registerTiles(this.policies.flatMap(({ tilePlans }) => tilePlans));
  }

  /** What a decision by this policy, or by none, pins. */
  versionsOf(live: LivePolicy | undefined): Versions {
    let versions = this.#versions.get(live);
    if (versions === undefined) {
      versions = {
        format: RECORD_FORMAT, publication: this.position, policy: live?.policy.hash ?? 'none',
        schema: this.#schemaName, rates: this.ratesVersion, lists: live?.listVersions ?? {},
      };
      this.#versions.set(live, versions);
    }
    return versions;
  }

  policyFor(event: ParsedEvent): LivePolicy | undefined {
    return this.#byKind.get(event.texts[this.#kindSlot] ?? '') ?? this.#others;
  }
}

function compileAll(
  publication: Publication, schema: EventSchema, problems: string[],
): readonly CompiledPolicy[] {
  return publication.policies.flatMap(({ file, source }) => {
    const compiled = compilePolicy(source, file, schema);
    if ('policy' in compiled) return [compiled.policy];
    problems.push(renderDiagnostics(compiled.diagnostics, source, file));
    return [];
  });
}

/** A payment is decided by one policy: which one may not depend on an order that nobody wrote down. */
function kindsTwice(policies: readonly CompiledPolicy[]): readonly string[] {
  const owner = new Map<string, string>();
  return policies.flatMap(({ name, kinds }) => (kinds.length === 0 ? ['any kind'] : kinds).flatMap((kind) => {
    const other = owner.get(kind);
    owner.set(kind, name);
    return other === undefined ? [] : [
      `policies ${other} and ${name} both decide ${kind}: take one away, or part them by \`kinds\``];
  }));
}

function bindLive(
  policy: CompiledPolicy, lists: BoundLists, rates: RateTable, store: PersistentWindowStore,
): LivePolicy {
  const bound = policyOnStore(policy, lists, rates, store);
  return {
    policy, listVersions: lists.versions, amlFeatures: amlFeatures(policy.features, policy.rules),
    tilePlans: bound.tilePlans,
    judge(event, row) {
      const { values, result, marks: asked } = bound.judge(event, row);
      return { values, result, marks: result.effects.flatMap(markOf), asked };
    },
    judgeAgain(event, measured, given) {
      const { values, results, result, marks: asked } = bound.judgeMeasured(event, measured, given);
      const { answers, params } = results;
      const marks = result.effects.flatMap(markOf);
      return { values, result, marks, asked, answers, world: bound.explain(event, values, params) };
    },
  };
}

function markOf(effect: PolicyEffect): readonly MarkEffect[] {
  if (effect.kind !== 'label') return [];
  const { field, value, name, fromMs, untilMs } = effect;
  return [{ field: field.path, value, mark: { name, value: 1, fromMs, untilMs } }];
}
