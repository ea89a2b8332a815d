/** A policy on a window store: the one way in which payments, replays and tests of policies are judged. */
import type { ParsedEvent } from '#domain/event.ts';
import type { EventSchema } from '#domain/field.ts';
import { rateConverter, type RateTable } from '#domain/rates.ts';
import type { PersistentWindowStore, TilePlan } from '#ports/window-store.ts';
import { makeRuntime, type EmitRuntime, type RuntimeMark } from '#expression/emit-runtime.ts';
import type { Cell } from '#expression/type.ts';
import type { World } from '#expression/world.ts';
import { compileFeatures } from '#features/compile-features.ts';
import type { FeatureValues } from '#features/definition.ts';
import { unmeasuredOf } from './unmeasured.ts';
import { bindPolicy, type BoundRules } from './bind-policy.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { policyCode } from './generate-policy.ts';
import type { BoundLists } from './lists.ts';
import type { Interventions } from './interventions.ts';
import { MISS, type PolicyResult, type RuleResults } from './policy-result.ts';

/** `results` is valid until the next judgement. */
export interface Judgement {
  readonly values: FeatureValues;
  readonly results: RuleResults;
  readonly result: PolicyResult;
  /** Every mark that parameters and rules asked for, once. */
  readonly marks: readonly FoundMark[];
}

export interface AskedMark {
  readonly path: string;
  readonly value: string;
  readonly name: string;
  readonly tMs: number;
  /** Only marks that have not ended at tMs. */
  readonly holding: boolean;
}

/** A mark that was asked for and what was found: with the features, all that a judgement rests on. */
export interface FoundMark extends AskedMark { readonly mark: RuntimeMark | null }

/** In the place of marks where neither windows nor marks could be asked: a decision without them. */
export const UNASKED = 'unasked';
export type GivenMarks = readonly FoundMark[] | typeof UNASKED;

/** A rule asks for a mark that was not asked for when the payment was decided: the record cannot tell. */
export class MarkNotRecorded extends Error {}

export interface PolicyOnStore {
  /** For `store.registerTiles`. */
  readonly tilePlans: readonly TilePlan[];
  /** The event is in the store, in this row. */
  judge(event: ParsedEvent, row: number, interventions?: Interventions): Judgement;
  /** Where windows cannot be asked: a function of the event, the policy, its lists and rates alone. */
  judgeDegraded(event: ParsedEvent, interventions?: Interventions): Judgement;
  /**
   * The same on what was measured before: the store is not read. Throws MarkNotRecorded where a mark is asked
   * for that is not among `marks`; `unasked`: as `judgeDegraded`. The rule `without`, by its index, is taken
   * to miss.
   */
  judgeMeasured(
    event: ParsedEvent, values: FeatureValues, marks: GivenMarks, interventions?: Interventions,
    without?: number,
  ): Judgement;
  /** What expressions see there; valid until the next judgement or world. */
  worldMeasured(event: ParsedEvent, values: FeatureValues, marks: GivenMarks): Omit<World, 'salt'>;
  /** What expressions saw, to explain the answers of a judgement. */
  explain(event: ParsedEvent, values: FeatureValues, params: readonly Cell[]): Omit<World, 'salt'>;
}

/** What a policy measures, on a window store: its windows. Policies with the same features can share it. */
export interface FeaturesOnStore {
  readonly tilePlans: readonly TilePlan[];
  measure(event: ParsedEvent, row: number, params: readonly Cell[]): FeatureValues;
}

export function featuresOnStore(
  policy: CompiledPolicy, lists: BoundLists, rates: RateTable, store: PersistentWindowStore,
): FeaturesOnStore {
  // Marks belong to a tenant, and generated code does not know of tenants: it is set before each measurement.
  let tenant = '';
  const runtime = runtimeOf(lists, rates, store, (ask) => latestMark(store, policy.schema, tenant, ask));
  const program = compileFeatures(policy.features, policy.schema);
  const features = program.bind(store, runtime, rates.version);
  return {
    tilePlans: program.tilePlans(store, runtime, rates.version),
    measure(event, row, params) {
      tenant = event.tenant;
      return features(event, row, params);
    },
  };
}

/** What generated code asks of a store, of lists and of rates; marks are found by `find`. */
export function runtimeOf(
  lists: BoundLists, rates: RateTable, store: PersistentWindowStore,
  find: (ask: AskedMark) => RuntimeMark | undefined,
): EmitRuntime {
  return makeRuntime({
    convert: rateConverter(rates),
    inList: (list, value, tMs) => lists.inList(list, value, tMs),
    statusAt: (row, tMs) => store.statusAt(row, tMs),
    labelAt: (row, tMs) => store.labelAt(row, tMs),
    mark: (path, value, name, tMs, holding = false) => find({ path, value, name, tMs, holding }),
  });
}

/** `features` are those of this policy or of one that measures the same, `code` is its own. */
export function policyOnStore(
  policy: CompiledPolicy, lists: BoundLists, rates: RateTable, store: PersistentWindowStore,
  features = featuresOnStore(policy, lists, rates, store), code = policyCode(policy),
): PolicyOnStore {
  let tenant = '';
  const marks = new MarkDesk((ask) => latestMark(store, policy.schema, tenant, ask));
  const runtime = runtimeOf(lists, rates, store, (ask) => marks.find(ask));
  const bound = bindPolicy(policy, { runtime, rates }, code);
  const unmeasured = unmeasuredOf(policy);
  const ruled = (
    rules: BoundRules, event: ParsedEvent, values: FeatureValues, params: readonly Cell[],
    interventions: Interventions | undefined, without?: number,
  ): Judgement => {
    const results = rules.judge(event, values.cells, params);
    if (without !== undefined) results.answers[without] = MISS;
    const result = rules.decide(results, event, values, interventions);
    return { values, results, result, marks: marks.asked };
  };
  const rulesOn = (given: GivenMarks): BoundRules => {
    marks.open(given === UNASKED ? NO_MARKS : given);
    return given === UNASKED ? bound.degraded : bound;
  };
  const judgeMeasured: PolicyOnStore['judgeMeasured'] = (event, values, given, interventions, without) => {
    const rules = rulesOn(given);
    return ruled(rules, event, values, rules.params(event), interventions, without);
  };
  return {
    tilePlans: features.tilePlans,
    explain: (event, values, params) => bound.explain(event, values, params),
    judge(event, row, interventions) {
      tenant = event.tenant;
      marks.open(undefined);
      const params = bound.params(event);
      const values = features.measure(event, row, params);
      return ruled(bound, event, values, params, interventions);
    },
    judgeDegraded: (event, interventions) => 
      judgeMeasured(event, unmeasured(event), UNASKED, interventions),
    judgeMeasured,
    worldMeasured(event, values, given) {
      const rules = rulesOn(given);
      return rules.explain(event, values, rules.params(event));
    },
  };
}

const NO_MARKS: readonly FoundMark[] = [];

/**
 * Answers for the marks that parameters and rules ask for: from the store, noting what is asked; or from what
 * was noted before. What windows ask for is in the features already.
 */
class MarkDesk {
  readonly #look: (ask: AskedMark) => RuntimeMark | undefined;
  #given: readonly FoundMark[] | undefined;
  #asked: FoundMark[] | undefined;

  constructor(look: (ask: AskedMark) => RuntimeMark | undefined) {
    this.#look = look;
  }

  get asked(): readonly FoundMark[] { return this.#asked ?? NO_MARKS; }

  open(given: readonly FoundMark[] | undefined): void {
    this.#given = given;
    this.#asked = undefined;
  }

  find(ask: AskedMark): RuntimeMark | undefined {
    if (this.#given !== undefined) {
      const found = this.#given.find((one) => sameAsk(one, ask));
      if (found === undefined) throw new MarkNotRecorded(`${ask.name} of ${ask.path} was not asked for`);
      return found.mark ?? undefined;
    }
    const mark = this.#look(ask);
    if (this.#asked?.some((one) => sameAsk(one, ask)) !== true) {
      const { path, value, name, tMs, holding } = ask;
      const { value: told = 0, fromMs = 0, untilMs = 0 } = mark ?? {};
      this.#asked ??= [];
      this.#asked.push({
        path, value, name, tMs, holding, mark: mark === undefined ? null : { value: told, fromMs, untilMs },
      });
    }
    return mark;
  }
}

const sameAsk = (one: AskedMark, other: AskedMark): boolean =>
  one.name === other.name && one.value === other.value && one.path === other.path
  && one.tMs === other.tMs && one.holding === other.holding;

/** The latest mark of that name known at tMs: what `has_label` and `fact` ask of a store. */
export function latestMark(
  store: PersistentWindowStore, schema: EventSchema, tenant: string,
  { path, value, name, tMs, holding }: AskedMark,
): RuntimeMark | undefined {
  const field = schema.byPath.get(path);
  if (field === undefined) return undefined;
  let latest: RuntimeMark | undefined;
  for (const mark of store.marks(tenant, field, value)) {
    if (mark.name !== name || mark.fromMs > tMs || (holding && mark.untilMs <= tMs)) continue;
    if (mark.fromMs >= (latest?.fromMs ?? -Infinity)) latest = mark;
  }
  return latest;
}
