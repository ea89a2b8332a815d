/**
 * The judge of the generated program and of `Decider`: the whole policy, slowly, from the trees and the rules
 * of the language alone. It shares with them the choice of facts and the forms of values, and nothing else.
 */
import { T_SLOT, type ParsedEvent } from '#domain/event.ts';
import type { AxisResult, Reason, UnknownRule } from '#domain/decision.ts';
import { OUTCOMES, type Axis, type Outcome } from '#domain/outcome.ts';
import type { RateTable } from '#domain/rates.ts';
import type { Expr } from '#expression/ast.ts';
import { interpret } from '#expression/interpret.ts';
import { typeOf } from '#expression/tree.ts';
import { cellOfValue, missing, type Value } from '#expression/value.ts';
import type { World } from '#expression/world.ts';
import type { CompiledPolicy, Param, Rule } from './compiled-policy.ts';
import { factsIn } from './facts.ts';
import { formatCell, sayCell } from './format-cell.ts';
import {
  EXCEPTED, HIT, MISS, UNKNOWN, type PolicyEffect, type PolicyResult, type RuleAnswer,
} from './policy-result.ts';
import { nodesOf } from './walk.ts';

/** What the judge has to be told: the values of the features, and the world beside them. */
export interface JudgeWorld {
  feature(index: number): Value;
  inList(list: number, value: string | number, tMs: number): boolean;
  readonly rates: RateTable;
  mark: World['mark'];
  /** Windows and marks cannot be asked, and all features are missing as `degraded`. */
  readonly isDegraded?: boolean;
}

export interface Judgement {
  readonly answers: readonly RuleAnswer[];
  readonly result: PolicyResult;
}

export function interpretPolicy(policy: CompiledPolicy, event: ParsedEvent, given: JudgeWorld): Judgement {
  const judge = new Judge(policy, event, given);
  const answers = policy.rules.map((rule) => judge.answer(rule));
  return { answers, result: judge.result(answers) };
}

/** The parameter for this event; a missing key takes `otherwise`, a time before the first date nothing. */
export function paramValue(param: Param, event: ParsedEvent, world: World): Value {
  const { value } = param;
  if (value.kind === 'fixed') return interpret(value.value, world);
  if (value.kind === 'dated') {
    const now = event.numbers[T_SLOT] ?? Number.NaN;
    const begun = value.values.filter((dated) => dated.fromMs <= now).at(-1);
    return begun === undefined ? missing('absent', param.name) : interpret(begun.value, world);
  }
  const by = interpret(value.by, world);
  const chosen = by.kind === 'text' ? value.cases.get(by.value) : undefined;
  return interpret(chosen ?? value.otherwise, world);
}

interface AxisJudgement { readonly result: AxisResult; readonly holds: readonly PolicyEffect[] }

class Judge {
  readonly #policy: CompiledPolicy;
  readonly #event: ParsedEvent;
  readonly #given: JudgeWorld;

  constructor(policy: CompiledPolicy, event: ParsedEvent, given: JudgeWorld) {
    this.#policy = policy;
    this.#event = event;
    this.#given = given;
  }

  #world(salt: string): World {
    const given = this.#given;
    const world: World = {
      current: this.#event,
      salt,
      isDegraded: given.isDegraded === true,
      rates: given.rates,
      mark: (path, value, name, tMs, holding) => given.mark(path, value, name, tMs, holding),
      inList: (list, value, tMs) => given.inList(list, value, tMs),
      feature: (index) => given.feature(index),
      param: (index, name) => {
        const param = this.#policy.params[index];
        return param === undefined ? missing('absent', name) : paramValue(param, this.#event, world);
      },
    };
    return world;
  }

  answer(rule: Rule): RuleAnswer {
    if (rule.mode === 'off' || (rule.during === 'degraded' && this.#given.isDegraded !== true)) return MISS;
    const when = interpret(rule.when, this.#world(rule.id));
    const unless = rule.unless && interpret(rule.unless, this.#world(rule.id));
    const excepted = unless?.kind === 'bool' && unless.value;
    if (when.kind === 'missing') return excepted ? MISS : UNKNOWN;
    if (when.kind !== 'bool' || !when.value) return MISS;
    return excepted ? EXCEPTED : HIT;
  }

  result(answers: readonly RuleAnswer[]): PolicyResult {
    const { rules } = this.#policy;
    const replaced = this.#replacedBy(answers);
    /** Rules whose `then` takes effect. */
    const acting = rules.filter((rule, i) => rule.mode === 'live' &&
      ((answers[i] === HIT && !replaced.has(i)) ||
        (answers[i] === UNKNOWN && this.#unsure(rule).does === 'hit')));
    const axis = (name: Axis): AxisJudgement => this.#axis(name, answers, acting);
    const [fraud, aml] = [axis('fraud'), axis('aml')];
    return {
      outcome: gravest([fraud.result.outcome, aml.result.outcome]),
      fraud: fraud.result,
      aml: aml.result,
      reasons: this.#reasons(answers, replaced),
      unknown: rules.filter((_, i) => answers[i] === UNKNOWN).map((rule) => this.#unknown(rule)),
      effects: [...acting.flatMap((rule) => this.#effects(rule)), ...fraud.holds, ...aml.holds],
    };
  }

  #replacedBy(answers: readonly RuleAnswer[]): ReadonlySet<number> {
    const replaced = new Set<number>();
    this.#policy.rules.forEach((rule, i) => {
      const acts = answers[i] === HIT && rule.mode === 'live' && !replaced.has(i);
      if (acts) rule.replaces.forEach((other) => replaced.add(other));
    });
    return replaced;
  }

  #axis(axis: Axis, answers: readonly RuleAnswer[], acting: readonly Rule[]): AxisJudgement {
    const { rules, scoring } = this.#policy;
    const { counts, floor, cap, bands } = scoring[axis];
    const mine = acting.filter((rule) => rule.axis === axis);
    const counted = mine.filter((rule) => counts[rule.index] === true);
    const total = counted.reduce((sum, rule) => sum + rule.does.score, 0);
    const score = total < floor ? floor : total > cap ? cap : total;
    const band = bands.find((one) => score < one.below);
    if (band === undefined) throw new Error('no band');
    const unsure = rules.filter((rule, i) => rule.axis === axis && rule.mode === 'live' &&
      answers[i] === UNKNOWN)
      .flatMap((rule) => {
        const { does } = this.#unsure(rule);
        return does === 'miss' || does === 'hit' ? [] : [does];
      });
    const actions = mine.flatMap((rule) => (rule.does.action === undefined ? [] : [rule.does.action]));
    const until = band.holdMs === undefined ? undefined
      : (this.#event.numbers[T_SLOT] ?? Number.NaN) + band.holdMs;
    return {
      result: { outcome: gravest([...actions, ...unsure, band.action]), score, band: band.name },
      holds: until === undefined ? [] : [{ kind: 'hold', rule: `${axis}-score`, untilMs: until }],
    };
  }

  #unknown(rule: Rule): UnknownRule {
    const { because, does } = this.#unsure(rule);
    return { rule: rule.id, axis: rule.axis, because, effect: rule.mode === 'shadow' ? 'shadow' : does };
  }

  #unsure(rule: Rule): { readonly because: UnknownRule['because']; readonly does: Rule['unknown'] } {
    const value = interpret(rule.when, this.#world(rule.id));
    if (value.kind !== 'missing') throw new Error(`${rule.id} is known`);
    const unasked = this.#given.isDegraded === true && value.reason === 'degraded';
    return {
      because: { name: value.because, reason: value.reason },
      does: unasked ? rule.unknownDegraded : rule.unknown,
    };
  }

  #effects(rule: Rule): readonly PolicyEffect[] {
    const { does: then, id } = rule;
    const effects: PolicyEffect[] = [];
    if (then.report !== undefined) effects.push({ kind: 'report', rule: id, report: then.report });
    if (then.queue !== undefined) effects.push({ kind: 'queue', rule: id, queue: then.queue });
    const now = this.#event.numbers[T_SLOT] ?? Number.NaN;
    const { lasts } = then;
    if (lasts === undefined) return effects;
    const length = interpret(lasts.kind === 'for' ? lasts.duration : lasts.instant, this.#world(id));
    if (length.kind !== 'number') return effects;
    const untilMs = lasts.kind === 'for' ? now + length.value : length.value;
    if (!(untilMs > now)) return effects;
    if (then.action === 'hold') effects.push({ kind: 'hold', rule: id, untilMs });
    const value = then.label && this.#event.texts[then.label.on.textSlot];
    if (then.label !== undefined && value !== undefined) {
      const { name, on: field } = then.label;
      effects.push({ kind: 'label', rule: id, field, value, name, fromMs: now, untilMs });
    }
    return effects;
  }

  #reasons(answers: readonly RuleAnswer[], replaced: ReadonlySet<number>): readonly Reason[] {
    const counted: Rule[] = [];
    const undone: Reason[] = [];
    const shadows: Reason[] = [];
    this.#policy.rules.forEach((rule, i) => {
      if (answers[i] !== HIT && answers[i] !== EXCEPTED) return;
      if (answers[i] === EXCEPTED) undone.push(this.#reason(rule, 'excepted'));
      else if (rule.mode === 'shadow') shadows.push(this.#reason(rule, 'shadow'));
      else if (replaced.has(i)) undone.push(this.#reason(rule, 'replaced'));
      else counted.push(rule);
    });
    return [
      ...byGravity(counted).map((rule) => this.#reason(rule, plainEffect(rule))),
      ...this.#ordered(undone), ...this.#ordered(shadows),
    ];
  }

  #ordered(reasons: readonly Reason[]): readonly Reason[] {
    const rules = reasons.flatMap((reason) => this.#policy.rules.find(({ id }) => id === reason.rule) ?? []);
    return byGravity(rules).flatMap((rule) => reasons.find((reason) => reason.rule === rule.id) ?? []);
  }

  #reason(rule: Rule, effect: string): Reason {
    const world = this.#world(rule.id);
    const cell = (expr: Expr): ReturnType<typeof cellOfValue> =>
      cellOfValue(interpret(expr, world), typeOf(expr));
    const form = (expr: Expr): ReturnType<typeof formatCell> =>
      formatCell(cell(expr), typeOf(expr), this.#currency(expr));
    const facts = factsIn(rule.when)
      .filter((fact) => cell(fact.condition) === (fact.holds ? 2 : 0))
      .map(({ name, value, threshold }) =>
        (threshold === undefined ? { name, value: form(value) }
          : { name, value: form(value), threshold: form(threshold) }));
    const words = rule.reason.map((part) =>
      (part.kind === 'text' ? part.text : sayCell(
        cell(part.expr), typeOf(part.expr), this.#currency(part.expr))));
    return {
      code: rule.does.reasonCode ?? rule.id, rule: rule.id, axis: rule.axis, effect,
      text: words.join(''), facts,
      references: rule.because.map((key) => this.#policy.references.get(key)?.text ?? key),
    };
  }

  #currency(expr: Expr): string | undefined {
    const type = typeOf(expr);
    if (type.kind !== 'money' || type.currency !== null) return undefined;
    const first = [...nodesOf(expr)].find(
      (node) => node.kind === 'field' && node.field.type.kind === 'money');
    return first?.kind === 'field' ? this.#event.texts[first.field.textSlot] : undefined;
  }
}

function plainEffect({ does: then }: Rule): string {
  if (then.action !== undefined) return then.action;
  if (then.report !== undefined) return 'report';
  return then.score === 0 && then.label !== undefined ? 'label' : 'score';
}

const gravest = (outcomes: readonly Outcome[]): Outcome =>
  OUTCOMES.findLast((outcome) => outcomes.includes(outcome)) ?? 'approve';

const byGravity = (rules: readonly Rule[]): readonly Rule[] => {
  const rank = (rule: Rule): number => OUTCOMES.indexOf(rule.does.action ?? 'approve');
  return rules.toSorted((a, b) => rank(b) - rank(a) || b.does.score - a.does.score || a.index - b.index);
};
