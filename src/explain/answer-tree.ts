/** A condition taken apart: what each part said of this payment, and which part made the whole what it is. */
import type { FeatureValue } from '#domain/decision.ts';
import { T_SLOT } from '#domain/event.ts';
import type { BinaryOp, Expr } from '#expression/ast.ts';
import { englishExpression } from '#expression/english.ts';
import { printExpression } from '#expression/print.ts';
import { typeOf } from '#expression/tree.ts';
import { cellOfValue, type Value } from '#expression/value.ts';
import type { World } from '#expression/world.ts';
import { currencyOf } from '#policy/currency-of.ts';
import { formatCell } from '#policy/format-cell.ts';
import { nodesOf } from '#policy/walk.ts';
import type { AnswerTree, ListHit, Operand } from './explanation.ts';
import { underLet, valueOf, type Wrap } from './part-value.ts';

export interface TreeWorld {
  readonly world: World;
  /** The entry of a list that has the value at tMs. */
  readonly entryOf: (list: string, value: string | number, tMs: number) => ListHit | undefined;
}

export const answerTree = (expr: Expr, given: TreeWorld): AnswerTree => tree(expr, given, (part) => part);

function tree(expr: Expr, given: TreeWorld, wrap: Wrap): AnswerTree {
  const value = valueOf(wrap(expr), given.world);
  const head = {
    text: printExpression(expr), english: englishExpression(expr), answer: answerOf(value),
    ...(value !== 'not_read' && value.kind === 'missing'
      ? { because: { name: value.because, reason: value.reason } } : {}),
  };
  if (expr.kind === 'binary' && (expr.op === 'and' || expr.op === 'or')) {
    return joined(head, expr.op, chain(expr, expr.op).map((part) => tree(part, given, wrap)));
  }
  if (expr.kind === 'unary' && expr.op === 'not') {
    return joined(head, 'not', [tree(expr.operand, given, wrap)]);
  }
  if (expr.kind === 'require') {
    return joined(head, 'require', [tree(expr.condition, given, wrap), tree(expr.body, given, wrap)]);
  }
  if (expr.kind === 'let') {
    const { text, english } = head;
    return { ...tree(expr.body, given, underLet(expr, wrap)), text, english };
  }
  return { ...head, ...leafOf(expr, given, wrap) };
}

function chain(expr: Expr, op: 'and' | 'or'): readonly Expr[] {
  return expr.kind === 'binary' && expr.op === op ? [...chain(expr.left, op), ...chain(expr.right, op)]
    : [expr];
}

function answerOf(value: Value | 'not_read'): AnswerTree['answer'] {
  if (value === 'not_read') return value;
  if (value.kind === 'missing') return 'unknown';
  return value.kind === 'bool' && value.value ? 'true' : 'false';
}

function joined(
  head: AnswerTree, how: 'and' | 'or' | 'not' | 'require', parts: readonly AnswerTree[],
): AnswerTree {
  // Kleene: a false part decides an `and`, a true one an `or`; else all the parts that say the same do.
  const decisive = (part: AnswerTree, i: number): boolean => {
    if (how === 'not') return true;
    if (how === 'require') return parts[0]?.answer === 'true' ? i === 1 : i === 0;
    return part.answer === head.answer;
  };
  return { ...head, joined: how,
    parts: parts.map((part, i) => (decisive(part, i) ? { ...part, decisive: true } : part)) };
}

const COMPARISONS: ReadonlySet<BinaryOp> = new Set(['==', '!=', '<', '<=', '>', '>=', '~=']);

function leafOf(expr: Expr, given: TreeWorld, wrap: Wrap): Partial<AnswerTree> {
  const operands: Operand[] = [];
  let leaf: Partial<AnswerTree> = {};
  if (expr.kind === 'binary' && COMPARISONS.has(expr.op)) {
    const left = operandOf(expr.left, given, wrap);
    const right = operandOf(expr.right, given, wrap);
    operands.push(left, right);
    leaf = { compared: { left, op: expr.op, right } };
  } else if (expr.kind === 'in') {
    const asked = valueOf(wrap(expr.value), given.world);
    const left = operandOf(expr.value, given, wrap);
    operands.push(left);
    const now = given.world.current.numbers[T_SLOT] ?? Number.NaN;
    const known = asked !== 'not_read' && (asked.kind === 'text' || asked.kind === 'number');
    const hit = known && expr.set.kind === 'list'
      ? given.entryOf(expr.set.list, asked.value, now) : undefined;
    const right = { name: setText(expr), value: null };
    leaf = { compared: { left, op: 'in', right }, ...(hit === undefined ? {} : { list: hit }) };
  }
  const known = new Set(operands.map(({ name }) => name));
  const reads = namesIn(expr).filter((name) => !known.has(printExpression(name)))
    .map((name) => operandOf(name, given, wrap));
  return reads.length === 0 ? leaf : { ...leaf, reads };
}

const setText = (expr: Extract<Expr, { kind: 'in' }>): string =>
  printExpression(expr).slice(printExpression(expr.value).length).replace(/^\)? in /, '');

/** Features, parameters, locals and fields that an expression reads, each once. */
function namesIn(expr: Expr): readonly Expr[] {
  const found = new Map<string, Expr>();
  for (const node of nodesOf(expr)) {
    const named = node.kind === 'feature' || node.kind === 'param' || node.kind === 'field'
      || node.kind === 'local';
    if (named) found.set(printExpression(node), node);
  }
  return [...found.values()];
}

function operandOf(expr: Expr, given: TreeWorld, wrap: Wrap): Operand {
  const name = printExpression(expr);
  const value = valueOf(wrap(expr), given.world);
  if (value === 'not_read') return { name, value: null, missing: 'not_read' };
  if (value.kind === 'missing') return { name, value: null, missing: value.reason };
  return { name, value: shown(expr, value, given.world) };
}

function shown(expr: Expr, value: Value, world: World): FeatureValue {
  const type = typeOf(expr);
  return formatCell(cellOfValue(value, type), type, currencyOf(expr, world.current));
}
