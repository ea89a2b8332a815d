/** One candidate on the shared windows: what it says of each payment, and the marks it would have set. */
import type { ParsedEvent } from '#domain/event.ts';
import type { Reason } from '#domain/decision.ts';
import type { EventSchema } from '#domain/field.ts';
import type { RateTable } from '#domain/rates.ts';
import { interventionsOn } from '#decisioning/amendment-terms.ts';
import type { Amended } from '#decisioning/publication.ts';
import type { MarkEffect } from '#decisioning/record.ts';
import { MARK_CALLS } from '#expression/builtins.ts';
import { someNode } from '#expression/tree.ts';
import type { Expr } from '#expression/ast.ts';
import { conditionsIn, type FeatureValues } from '#features/definition.ts';
import { expressionsOf } from '#policy/aml-features.ts';
import { bindPolicy, type BoundPolicy } from '#policy/bind-policy.ts';
import type { CompiledPolicy, Rule } from '#policy/compiled-policy.ts';
import type { BoundLists } from '#policy/lists.ts';
import type { Interventions } from '#policy/interventions.ts';
import { runtimeOf } from '#policy/policy-on-store.ts';
import { HIT, MISS, UNKNOWN, type PolicyResult, type RuleResults } from '#policy/policy-result.ts';
import type { PersistentWindowStore, TilePlan } from '#ports/window-store.ts';
import type { BoundPublication } from './bind-publication.ts';
import type { FeaturePool, PooledFeatures } from './feature-pool.ts';
import { SideMarks } from './marks.ts';
import { answersKey, verdictOf } from './recorded-verdict.ts';
import { VerdictBook, type Verdict } from './verdict.ts';

export interface ContenderParts {
  readonly name: string;
  readonly schema: EventSchema;
  readonly store: PersistentWindowStore;
  /** An empty store, for marks alone. */
  readonly newMarkStore: () => PersistentWindowStore;
  /** What it judges by. */
  readonly publication: BoundPublication;
  /** What it measures as others of the pool do is measured once. */
  readonly pool: FeaturePool;
}

/** A policy in its seat. */
interface Seat {
  readonly policy: CompiledPolicy;
  readonly lists: BoundLists;
  readonly bound: BoundPolicy;
  readonly features: PooledFeatures;
  /** Rules whose hit marks an entity. */
  readonly marking: readonly number[];
  readonly index: number;
}

export const NO_POLICY: Verdict = {
  policy: 'none', hash: 'none', outcome: 'review', fraud: { outcome: 'review', score: 0, band: 'none' },
  aml: { outcome: 'review', score: 0, band: 'none' }, rules: [], degraded: true,
};

/** What a run asks of a candidate, whatever it judges by. */
export interface Judge {
  readonly name: string;
  readonly book: VerdictBook;
  readonly policies: readonly CompiledPolicy[];
  readonly tilePlans: readonly TilePlan[];
  /** Does it set marks at all? Then the past has to be judged too, not only counted. */
  readonly setsMarks: boolean;
  readonly marks: SideMarks;
  policyFor(event: ParsedEvent): CompiledPolicy | undefined;
  /** The number of its verdict on an event that is in the store, in this row; its marks are set. */
  judge(event: ParsedEvent, row: number): number;
  /** The reasons of the last judgement. */
  explain(): readonly Reason[];
}

export class Contender implements Judge {
  readonly name: string;
  readonly book = new VerdictBook();
  readonly marks: SideMarks;
  readonly rates: RateTable;
  readonly #schema: EventSchema;
  readonly #byKind = new Map<string, Seat>();
  readonly #kindSlot: number;
  readonly #others: Seat | undefined;
  readonly #seats: readonly Seat[];
  #interventions: readonly (Interventions | undefined)[] = [];
  #tenant = '';
  /** What `explain` tells of: the last judgement. */
  #last: { seat: Seat; event: ParsedEvent; values: FeatureValues; results: RuleResults } | undefined;

  constructor(parts: ContenderParts) {
    const { name, schema, newMarkStore, publication: { policies, rates } } = parts;
    this.name = name;
    this.rates = rates;
    this.marks = new SideMarks(schema, newMarkStore());
    this.#schema = schema;
    this.#kindSlot = schema.byPath.get('kind')?.textSlot ?? -1;
    this.#seats = policies.map(({ policy, lists }, index) => this.#seatOf(policy, lists, index, parts));
    for (const seat of this.#seats) for (const kind of seat.policy.kinds) this.#byKind.set(kind, seat);
    this.#others = this.#seats.findLast(({ policy }) => policy.kinds.length === 0);
  }

  get policies(): readonly CompiledPolicy[] { return this.#seats.map(({ policy }) => policy); }
  /** Version of each list that a policy of it reads. */
  get listVersions(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#seats.flatMap(({ lists }) => Object.entries(lists.versions)));
  }

  get tilePlans(): readonly TilePlan[] { return this.#seats.flatMap(({ features }) => features.tilePlans); }

  #seatOf(policy: CompiledPolicy, lists: BoundLists, index: number, parts: ContenderParts): Seat {
    const { store, pool, publication: { rates } } = parts;
    const runtime = runtimeOf(lists, rates, store, (ask) => this.marks.latest(this.#tenant, ask));
    return {
      policy, lists, index, bound: bindPolicy(policy, { runtime, rates }),
      features: pool.join(policy, rates, runtime),
      marking: policy.rules.filter(({ does }) => does.label !== undefined).map((rule) => rule.index),
    };
  }

  get setsMarks(): boolean { return this.#seats.some(({ marking }) => marking.length > 0); }

  policyFor(event: ParsedEvent): CompiledPolicy | undefined { return this.#seatFor(event)?.policy; }

  #seatFor(event: ParsedEvent): Seat | undefined {
    return this.#byKind.get(event.texts[this.#kindSlot] ?? '') ?? this.#others;
  }

  judge(event: ParsedEvent, row: number): number {
    this.#tenant = event.tenant;
    const seat = this.#seatFor(event);
    this.#last = undefined;
    if (seat === undefined) return this.book.numberOf('none', () => NO_POLICY);
    const { bound, features, marking } = seat;
    const params = bound.params(event);
    const values = features.of(event, row, params);
    const results = bound.judge(event, values.cells, params);
    this.#last = { seat, event, values, results };
    const { answers } = results;
    const text = Buffer.from(answers.buffer, answers.byteOffset, answers.byteLength).toString('latin1');
    const interventions = this.#interventions[seat.index];
    if (interventions?.some((one, rule) => one !== undefined && answers[rule] !== MISS) === true) {
      return this.#withheld(event, seat);
    }
    const key = `${seat.index} ${text}`;
    const known = this.book.number(key);
    const marks = marking.some((rule) => answers[rule] === HIT || answers[rule] === UNKNOWN);
    if (known !== undefined && !marks) return known;
    const result = bound.decide(results, event, values);
    if (marks) this.marks.set(event.tenant, result.effects.flatMap(markOf));
    return this.book.numberOf(key, () => verdictOf(seat.policy, result));
  }

  /**
   * What the brake and snoozes take from a rule depends on the payment: such verdicts are named by effect.
   */
  #withheld(event: ParsedEvent, { policy, index }: Seat): number {
    const result = this.#result();
    if (result === undefined) throw new Error('nothing was judged');
    this.marks.set(event.tenant, result.effects.flatMap(markOf));
    const key = `withheld ${index} ${answersKey(result)}`;
    return this.book.numberOf(key, () => verdictOf(policy, result));
  }

  #result(): PolicyResult | undefined {
    if (this.#last === undefined) return undefined;
    const { seat, event, values, results } = this.#last;
    return seat.bound.decide(results, event, values, this.#interventions[seat.index]);
  }

  explain(): readonly Reason[] { return this.#result()?.reasons ?? []; }

  /** What people and the brake withheld at this place of the past holds for the candidate too. */
  amend(amended: Pick<Amended, 'modes' | 'snoozes'>): void {
    this.#interventions = this.#seats.map(({ policy }) => interventionsOn(policy, amended, this.#schema));
  }
}

function markOf(effect: PolicyResult['effects'][number]): readonly MarkEffect[] {
  if (effect.kind !== 'label') return [];
  const { field, value, name, fromMs, untilMs } = effect;
  return [{ field: field.path, value, mark: { name, value: 1, fromMs, untilMs } }];
}

const readsMarks = (expr: Expr): boolean =>
  someNode(expr, (node) => node.kind === 'call' && MARK_CALLS.has(node.name));

/** Does anything in it look at marks? Then all of the past can matter, and not only its windows. */
export const policyReadsMarks = ({ rules, features }: CompiledPolicy): boolean =>
  rules.some((rule: Rule) => expressionsOf(rule).some(readsMarks))
  || features.some((feature) => conditionsIn(feature).some(readsMarks));
