/**
 * From the answers of the rules to one result. All rules have run; nothing overrides silently: on each axis
 * the outcome is the gravest of the actions of hits, of what unknown rules raise to, and of the band of the
 * score.
 */
import { T_SLOT, type ParsedEvent } from '#domain/event.ts';
import type { AxisResult, Degradation, Reason, UnknownRule } from '#domain/decision.ts';
import { graver, outcomeRank, type Axis, type Outcome } from '#domain/outcome.ts';
import { missingCause } from '#expression/interpret.ts';
import type { Cell } from '#expression/type.ts';
import type { World } from '#expression/world.ts';
import type { FeatureValues } from '#features/definition.ts';
import type { CompiledPolicy, Rule } from './compiled-policy.ts';
import type { PolicyProgram } from './generate-policy.ts';
import { brakedPart, withheld, type Interventions, type Withheld } from './interventions.ts';
import {
  EXCEPTED, MISS, UNKNOWN, type PolicyEffect, type PolicyResult, type RuleResults,
} from './policy-result.ts';
import { ReasonWriter } from './reason-writer.ts';

/** What a hit of the rule does, in a word. */
function effectOf({ does: then }: Rule): string {
  if (then.action !== undefined) return then.action;
  if (then.report !== undefined) return 'report';
  return then.score === 0 && then.label !== undefined ? 'label' : 'score';
}

interface Seat {
  readonly rule: Rule;
  readonly effect: string;
  readonly writer: ReasonWriter;
}

interface Placed { readonly reason: Reason; readonly rule: Rule }

/** One axis while a decision is made. */
interface Tally { outcome: Outcome; total: number }

/** Reasons in the order of the answer: what counted by gravity, then what was taken back, then shadows. */
const PLACE_OF: Readonly<Record<string, number>> = { excepted: 1, replaced: 1, shadow: 2 };

export class Decider {
  readonly #policy: CompiledPolicy;
  readonly #program: PolicyProgram;
  readonly #isDegraded: boolean;
  readonly #seats: readonly Seat[];

  /** `isDegraded`: windows cannot be asked. */
  constructor(policy: CompiledPolicy, program: PolicyProgram, isDegraded: boolean) {
    this.#policy = policy;
    this.#program = program;
    this.#isDegraded = isDegraded;
    this.#seats = policy.rules.map((rule) => ({
      rule, effect: effectOf(rule), writer: new ReasonWriter(rule, policy),
    }));
  }

  decide(
    results: RuleResults, event: ParsedEvent, values: FeatureValues, world: () => Omit<World, 'salt'>,
    interventions?: Interventions,
  ): PolicyResult {
    const round = new Round(
      this.#policy, this.#program, this.#isDegraded, event, values, results.params, world);
    for (let i = 0; i < results.answers.length; i++) {
      const answer = results.answers[i];
      const seat = this.#seats[i];
      if (answer === MISS || seat === undefined) continue;
      const intervention = interventions?.[i];
      const kept = intervention && withheld(intervention, event);
      if (answer === UNKNOWN) round.unknown(seat, kept);
      else round.hit(seat, answer === EXCEPTED, kept);
    }
    return round.result();
  }
}

class Round {
  readonly #policy: CompiledPolicy;
  readonly #program: PolicyProgram;
  readonly #isDegraded: boolean;
  readonly #event: ParsedEvent;
  readonly #values: FeatureValues;
  readonly #params: readonly Cell[];
  readonly #makeWorld: () => Omit<World, 'salt'>;
  #world: Omit<World, 'salt'> | undefined;
  readonly #tallies: Record<Axis, Tally> = {
    fraud: { outcome: 'approve', total: 0 }, aml: { outcome: 'approve', total: 0 },
  };
  readonly #reasons: Placed[] = [];
  readonly #unknown: UnknownRule[] = [];
  readonly #effects: PolicyEffect[] = [];
  readonly #replaced = new Set<number>();
  #degraded: Degradation[] | undefined;

  constructor(
    policy: CompiledPolicy, program: PolicyProgram, isDegraded: boolean, event: ParsedEvent,
    values: FeatureValues, params: readonly Cell[],
    makeWorld: () => Omit<World, 'salt'>,
  ) {
    this.#policy = policy;
    this.#program = program;
    this.#isDegraded = isDegraded;
    this.#event = event;
    this.#values = values;
    this.#params = params;
    this.#makeWorld = makeWorld;
  }

  hit(seat: Seat, excepted: boolean, kept: Withheld | undefined): void {
    const { rule } = seat;
    const cells = this.#explain(rule);
    const withholds = excepted || rule.mode === 'shadow' ? undefined : kept;
    const effect = excepted ? 'excepted' : rule.mode === 'shadow' ? 'shadow' : withholds?.effect
      ?? (this.#replaced.has(rule.index) ? 'replaced' : seat.effect);
    const reason = seat.writer.write(this.#event, cells, effect, withholds?.note ?? '');
    this.#reasons.push({ reason, rule });
    if (withholds !== undefined) this.#withhold(rule, withholds);
    if (effect !== seat.effect) return;
    for (const other of rule.replaces) this.#replaced.add(other);
    this.#apply(rule, cells);
  }

  #withhold({ id, axis }: Rule, { brake }: Withheld): void {
    if (brake !== undefined) (this.#degraded ??= []).push(brakedPart(id, axis, brake));
  }

  unknown({ rule }: Seat, kept: Withheld | undefined): void {
    this.#world ??= this.#makeWorld();
    const cause = missingCause(rule.when, { ...this.#world, salt: rule.id });
    const because = { name: cause?.name ?? rule.id, reason: cause?.reason ?? 'absent' };
    // With windows a value may be missing as `degraded` too: then they were asked, and nothing was certain.
    const unknown = this.#isDegraded && because.reason === 'degraded' ? rule.unknownDegraded : rule.unknown;
    const withholds = rule.mode === 'shadow' ? undefined : kept;
    const effect = rule.mode === 'shadow' ? 'shadow' : withholds?.effect ?? unknown;
    this.#unknown.push({ rule: rule.id, axis: rule.axis, because, effect });
    if (withholds !== undefined && unknown !== 'miss') this.#withhold(rule, withholds);
    if (rule.mode === 'shadow' || withholds !== undefined || unknown === 'miss') return;
    if (unknown !== 'hit') {
      this.#raise(rule.axis, unknown);
      return;
    }
    this.#apply(rule, this.#explain(rule));
  }

  #explain(rule: Rule): readonly Cell[] {
    return this.#program.explain[rule.index]?.(this.#event, this.#values.cells, this.#params) ?? [];
  }

  #raise(axis: Axis, outcome: Outcome): void {
    this.#tallies[axis].outcome = graver(this.#tallies[axis].outcome, outcome);
  }

  #apply(rule: Rule, cells: readonly Cell[]): void {
    const { does: then, id } = rule;
    if (then.action !== undefined) this.#raise(rule.axis, then.action);
    const { counts } = this.#policy.scoring[rule.axis];
    if (counts[rule.index] === true) this.#tallies[rule.axis].total += then.score;
    if (then.report !== undefined) this.#effects.push({ kind: 'report', rule: id, report: then.report });
    if (then.queue !== undefined) this.#effects.push({ kind: 'queue', rule: id, queue: then.queue });
    if (then.lasts === undefined) return;
    const lasts = Number(cells.at(-1));
    const now = this.#event.numbers[T_SLOT] ?? Number.NaN;
    const untilMs = then.lasts.kind === 'until' ? lasts : now + lasts;
    // An end that cannot be told, or is past, marks nothing.
    if (!(untilMs > now)) return;
    if (then.action === 'hold') this.#effects.push({ kind: 'hold', rule: id, untilMs });
    const value = then.label === undefined ? undefined : this.#event.texts[then.label.on.textSlot];
    if (then.label === undefined || value === undefined) return;
    const { name, on: field } = then.label;
    this.#effects.push({ kind: 'label', rule: id, field, value, name, fromMs: now, untilMs });
  }

  result(): PolicyResult {
    const fraud = this.#axis('fraud');
    const aml = this.#axis('aml');
    return {
      outcome: graver(fraud.outcome, aml.outcome), fraud, aml,
      reasons: inOrder(this.#reasons), unknown: this.#unknown, effects: this.#effects,
      ...(this.#degraded === undefined ? {} : { degraded: this.#degraded }),
    };
  }

  #axis(axis: Axis): AxisResult {
    const { floor, cap, bands } = this.#policy.scoring[axis];
    const { outcome, total } = this.#tallies[axis];
    const score = Math.min(cap, Math.max(floor, total));
    const band = bands.find(({ below }) => score < below);
    if (band === undefined) throw new Error(`the bands of ${axis} have no end`);
    if (band.holdMs !== undefined) {
      const untilMs = (this.#event.numbers[T_SLOT] ?? Number.NaN) + band.holdMs;
      this.#effects.push({ kind: 'hold', rule: `${axis}-score`, untilMs });
    }
    return { outcome: graver(outcome, band.action), score, band: band.name };
  }
}

function inOrder(reasons: readonly Placed[]): readonly Reason[] {
  if (reasons.length < 2) return reasons.map(({ reason }) => reason);
  const rank = ({ does: then }: Rule): number => (then.action === undefined ? 0 : outcomeRank(then.action));
  return reasons.toSorted((a, b) =>
    (PLACE_OF[a.reason.effect] ?? 0) - (PLACE_OF[b.reason.effect] ?? 0) ||
    rank(b.rule) - rank(a.rule) || b.rule.does.score - a.rule.does.score || a.rule.index - b.rule.index)
    .map(({ reason }) => reason);
}
