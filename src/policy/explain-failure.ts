/**
 * Why a rule of a test answered as it did: each comparison with its values, and the events its windows left
 * out.
 */
import { T_SLOT, type ParsedEvent } from '#domain/event.ts';
import type { Expr } from '#expression/ast.ts';
import { interpret } from '#expression/interpret.ts';
import { printExpression } from '#expression/print.ts';
import { typeOf } from '#expression/tree.ts';
import { cellOfValue } from '#expression/value.ts';
import type { World } from '#expression/world.ts';
import type { FeatureDefinition } from '#features/definition.ts';
import { expressionsOf } from './aml-features.ts';
import type { CompiledPolicy, Rule } from './compiled-policy.ts';
import { factsIn, type FactSource } from './facts.ts';
import { currencyOf } from './currency-of.ts';
import { formatCell, formatSpan } from './format-cell.ts';
import type { SentEvent } from './run-policy-tests.ts';
import type { Judged } from './test-world.ts';
import { nodesOf } from './walk.ts';

const EVENTS_EXPLAINED_MAX = 5;

export function explainFailure(policy: CompiledPolicy, index: number, judged: Judged,
  sent: readonly SentEvent[]): readonly string[] {
  const rule = policy.rules[index];
  if (rule === undefined) return [];
  const world: World = { ...judged.world, salt: rule.id };
  const lines = factsIn(rule.when).map((fact) => sayFact(fact, world));
  if (rule.mode === 'off') lines.push('The rule is off.');
  if (rule.during === 'degraded' && world.isDegraded !== true) {
    lines.push('The rule counts only in lines with `degraded: true`.');
  }
  for (const feature of featuresOf(rule, policy)) lines.push(...leftOut(feature, world.current, sent));
  return lines;
}

function featuresOf(rule: Rule, policy: CompiledPolicy): readonly FeatureDefinition[] {
  const indexes = new Set<number>();
  for (const node of expressionsOf(rule).flatMap((expr) => [...nodesOf(expr)])) {
    if (node.kind === 'feature') indexes.add(node.index);
  }
  return [...indexes].flatMap((index) => policy.features[index] ?? []);
}

/** `declines_1h = 3, needed > 3.` */
function sayFact(fact: FactSource, world: World): string {
  const say = (expr: Expr): string => {
    const value = interpret(expr, world);
    if (value.kind === 'missing') return `missing (${value.because}: ${value.reason})`;
    return String(formatCell(cellOfValue(value, typeOf(expr)), typeOf(expr),
      currencyOf(expr, world.current)));
  };
  const { condition } = fact;
  const comparison = innermost(condition);
  if (fact.threshold === undefined || comparison.kind !== 'binary') {
    return `${printExpression(condition)} is ${say(condition)}${fact.holds ? '' : ', needed false'}.`;
  }
  const swapped = fact.name !== printExpression(comparison.left);
  const op = swapped ? (SWAPPED[comparison.op] ?? comparison.op) : comparison.op;
  return `${fact.name} = ${say(fact.value)}, needed ${fact.holds ? '' : 'not '}${op} ${say(fact.threshold)}.`;
}

const SWAPPED: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

const innermost = (expr: Expr): Expr => (expr.kind === 'let' ? innermost(expr.body) : expr);

/** `Event 1 (0s) is outside (t-1h, t].` */
function leftOut(feature: FeatureDefinition, current: ParsedEvent,
  sent: readonly SentEvent[]): readonly string[] {
  const lines: string[] = [];
  const told = new Set<number>();
  for (const { event, number, at } of sent) {
    if (event === current || told.has(number) || lines.length >= EVENTS_EXPLAINED_MAX) continue;
    const because = whyOutside(feature, event, current);
    if (because === undefined) continue;
    told.add(number);
    lines.push(`Event ${number} (${at}) ${because}.`);
  }
  return lines;
}

function whyOutside(feature: FeatureDefinition, event: ParsedEvent,
  current: ParsedEvent): string | undefined {
  for (const { past, current: now } of [feature.key, ...feature.alsoEqual]) {
    if (past.textSlot < 0 || now.textSlot < 0) continue;
    const [then, today] = [event.texts[past.textSlot], current.texts[now.textSlot]];
    if (then === today) continue;
    const difference = `has ${past.path} ${then ?? 'missing'}, not ${today ?? 'missing'}`;
    return `${difference}, so ${feature.name} leaves it out`;
  }
  const age = (current.numbers[T_SLOT] ?? 0) - (event.numbers[T_SLOT] ?? 0);
  if (age < 0) return 'is later than this event';
  const { window } = feature;
  if (window.kind !== 'sliding' || (age < window.fromMs && age >= window.toMs)) return undefined;
  const to = window.toMs === 0 ? '' : `-${formatSpan(window.toMs)}`;
  return `is outside (t-${formatSpan(window.fromMs)}, t${to}] of ${feature.name}`;
}
