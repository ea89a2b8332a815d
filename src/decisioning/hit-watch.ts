/** Counts what rules do on the path of payments, and asks the brake what it makes of it. */
import { Brake, type Finding, type Watched, type WatchedRule } from '#brake/brake.ts';
import { HitCounts } from '#brake/hit-counts.ts';
import type { Decision } from '#domain/decision.ts';
import type { ParsedEvent } from '#domain/event.ts';
import type { Axis } from '#domain/outcome.ts';
import type { CompiledPolicy, Rule } from '#policy/compiled-policy.ts';
import { windowsCause } from './decision-of.ts';
import type { LivePolicies } from './live-policies.ts';
import type { LivePolicy } from './live-policy.ts';
import type { RuleModeOverride } from './publication.ts';

/** Effects of rules that did nothing; they stand behind the others. */
const WITHHELD: ReadonlySet<string> = new Set(['excepted', 'replaced', 'shadow']);
const MISSED: ReadonlySet<string> = new Set(['miss', ...WITHHELD]);

/** What the brake found, in the words of the policy. */
export interface RuleFinding extends Omit<Finding, 'key' | 'segment'> {
  readonly policy: string;
  /** Content hash of the policy that judged, which may be a challenger. */
  readonly hash: string;
  readonly axis: Axis;
  readonly segment: { readonly field: string; readonly value: string } | undefined;
}

interface Seat {
  readonly live: LivePolicy;
  readonly watched: Watched;
  /** Of the segment field. */
  readonly slot: number;
  readonly indexOf: ReadonlyMap<string, number>;
  /** By rule index, since the engine opened. */
  readonly totals: Float64Array;
}

export interface RuleHits {
  readonly policy: string;
  readonly rule: string;
  readonly axis: Axis;
  readonly hits: number;
}

export class HitWatch {
  readonly #live: () => LivePolicies | undefined;
  #brake = new Brake();
  #followed: LivePolicies | undefined;
  #seats = new Map<LivePolicy, Seat>();

  constructor(live: () => LivePolicies | undefined) {
    this.#live = live;
  }

  /** A new decision; not called for re-sends and trials. */
  decided(live: LivePolicy | undefined, event: ParsedEvent, decision: Decision): void {
    if (live === undefined) return;
    const seat = this.#seats.get(live) ?? this.#follow().get(live);
    if (seat === undefined) return;
    // Without windows rules act as nobody forecast, and shall: what holds while they are away is not braked.
    const at = windowsCause(decision) === undefined
      ? seat.watched.counts.payment(event.texts[seat.slot]) : undefined;
    for (const { rule, axis, effect } of decision.reasons) {
      if (WITHHELD.has(effect)) break;
      count(seat, at, rule, decision[axis].score, axis);
    }
    for (const { rule, axis, effect } of decision.unknown) {
      if (!MISSED.has(effect)) count(seat, at, rule, decision[axis].score, axis);
    }
  }

  /**
   * The state was made again: of what was decided before some never came into the log, and comes again. So
   * the brake begins anew, as at a start.
   */
  beginAnew(): void {
    this.#brake = new Brake();
    this.#followed = undefined;
  }

  look(nowMs: number): readonly RuleFinding[] {
    this.#follow();
    const byHash = new Map([...this.#seats.values()].map((seat) => [seat.watched.key, seat]));
    return this.#brake.look(nowMs).flatMap(({ kind, key, rule, segment, because }) => {
      const seat = byHash.get(key);
      if (seat === undefined) return [];
      const { policy } = seat.live;
      const field = policy.brake.segment?.path;
      const within = segment === undefined || field === undefined ? undefined : { field, value: segment };
      const axis = axisOf(policy, rule);
      return [{ kind, rule, axis, because, policy: policy.name, hash: policy.hash, segment: within }];
    });
  }

  /** Rules that are held, by axis: of a champion, or of a challenger that has a share. */
  held(modes: readonly RuleModeOverride[]): Readonly<Record<Axis, number>> {
    const policies = this.#live()?.judging.map((live) => live.policy) ?? [];
    const axes = modes.map(({ policy, rule }) => axisOf(policies.find(({ name, rules }) =>
      name === policy && rules.some(({ id }) => id === rule)), rule));
    const fraud = axes.filter((axis) => axis === 'fraud').length;
    return { fraud, aml: axes.length - fraud };
  }

  hits(): readonly RuleHits[] {
    return [...this.#seats.values()].flatMap(({ live: { policy }, totals }) => policy.rules.map((rule, i) =>
      ({ policy: policy.name, rule: rule.id, axis: rule.axis, hits: totals[i] ?? 0 })));
  }

  #follow(): ReadonlyMap<LivePolicy, Seat> {
    const live = this.#live();
    if (live === undefined || live === this.#followed) return this.#seats;
    this.#followed = live;
    const totals = new Map([...this.#seats.values()].map((seat) => [seat.watched.key, seat.totals]));
    const seats = live.judging.map((one) => {
      const { hash, rules } = one.policy;
      const counts = this.#brake.countsOf(hash) ?? new HitCounts(rules.length);
      return seatOf(one, live, counts, totals.get(hash) ?? new Float64Array(rules.length));
    });
    this.#seats = new Map(seats.map((seat) => [seat.live, seat]));
    this.#brake.follow(seats.map(({ watched }) => watched));
    return this.#seats;
  }
}

/** A rule that nobody knows is told of to nobody without a key. */
const axisOf = (policy: CompiledPolicy | undefined, rule: string): Axis =>
  policy?.rules.find(({ id }) => id === rule)?.axis ?? 'aml';

function count(
  { live, watched, indexOf, totals }: Seat, at: number | undefined, rule: string, score: number, axis: Axis,
): void {
  const index = indexOf.get(rule);
  if (index === undefined) return;
  totals[index]! += 1;
  if (at === undefined) return;
  const acted = watched.rules[index]?.acts === 'action' || isRaised(live.policy, axis, score);
  watched.counts.hit(at, index, acted);
}

/** Is the band of this score above approve? */
const isRaised = ({ scoring }: CompiledPolicy, axis: Axis, score: number): boolean =>
  scoring[axis].bands.find(({ below }) => score < below)?.action !== 'approve';

function seatOf(
  live: LivePolicy, { publication }: LivePolicies, counts: HitCounts, totals: Float64Array,
): Seat {
  const { policy, interventions } = live;
  const slot = policy.brake.segment?.textSlot ?? -1;
  const forecasts = new Map((publication.forecasts ?? []).filter((one) => one.policy === policy.name)
    .map((one) => [JSON.stringify([one.rule, one.segment ?? null]), one]));
  return {
    live, slot, totals, indexOf: new Map(policy.rules.map(({ id, index }) => [id, index])),
    watched: {
      key: policy.hash, counts, hitsMax: policy.brake.hitsMax,
      rules: policy.rules.map((rule) => watchedRule(rule, policy)),
      forecast: (rule, segment) => forecasts.get(JSON.stringify([rule, segment ?? null])),
      isHeld: (rule, value) => interventions?.[rule]?.brakes.some(({ segment }) =>
        segment === undefined || (segment.slot === slot && segment.value === value)) ?? false,
    },
  };
}

/** A rule in shadow or off does not act; nor does one that owes only a report, or a label. */
function watchedRule(
  { id, final, hitsMax, does, mode, axis, index }: Rule, { scoring }: CompiledPolicy,
): WatchedRule {
  const scores = does.score > 0 && scoring[axis].counts[index] === true;
  const acts = mode !== 'live' ? 'none' : does.action !== undefined ? 'action' : scores ? 'score' : 'none';
  return { id, final, hitsMax, acts };
}
