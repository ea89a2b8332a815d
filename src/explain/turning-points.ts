/**
 * Where a condition may turn as one number changes and all else stays. Between two neighbours of these points
 * every comparison says the same, so the outcome can only change at one of them.
 */
import type { BinaryOp, Expr } from '#expression/ast.ts';
import { typeOf } from '#expression/tree.ts';
import type { World } from '#expression/world.ts';
import { currencyExponent } from '#domain/money.ts';
import type { CompiledPolicy, Rule } from '#policy/compiled-policy.ts';
import { conditionsOf, withParams, type NumericValue } from './numeric-value.ts';
import { underLet, valueOf, type Wrap } from './part-value.ts';

/** The world in which the value is another. */
export type WorldOf = (changed: number) => Omit<World, 'salt'>;

const COMPARISONS: ReadonlySet<BinaryOp> = new Set(['==', '!=', '<', '<=', '>', '>=']);
/** Doublings of the unit that are looked at in each direction. */
const DOUBLINGS_MAX = 46;
/** Turns of one comparison that are followed in each direction: `abs(a - b) > c` has two. */
const TURNS_MAX = 3;

interface Atom { readonly expr: Expr; readonly wrap: Wrap; readonly salt: string }

export function turningPoints(
  policy: CompiledPolicy, rules: readonly Rule[], value: NumericValue, worldOf: WorldOf,
): readonly number[] {
  const points = new Set<number>([0]);
  for (const rule of rules) {
    for (const condition of conditionsOf(rule)) {
      for (const atom of atomsIn(condition, rule.id, (part) => part)) {
        if (!reads(atom.wrap(atom.expr), policy, value)) continue;
        for (const point of pointsOf(atom, policy, value, worldOf)) points.add(point);
      }
    }
  }
  // Where a number meets an end exactly, it may count on either side.
  const near = [...points].flatMap((point) => {
    const [below, above] = [Math.floor(point / value.unit), Math.ceil(point / value.unit)];
    return [below - 1, below, above, above + 1].map((units) => rounded(units * value.unit, value.unit));
  });
  return [...new Set(near)];
}

/** A millionth times a whole number is not always the double nearest to its six decimals. */
const rounded = (point: number, unit: number): number => (unit === 1 ? point : Number(point.toFixed(6)));

function reads(expr: Expr, policy: CompiledPolicy, value: NumericValue): boolean {
  for (const node of withParams(expr, policy)) if (isValue(node, value)) return true;
  return false;
}

const isValue = (node: Expr, { kind, index }: NumericValue): boolean =>
  (kind === 'feature' ? node.kind === 'feature' && node.index === index
    : node.kind === 'field' && node.row === 'current' && node.field.numberSlot === index);

/** Conditions without `and`, `or`, `not`: each with the `let`s that it stands in. */
function* atomsIn(expr: Expr, salt: string, wrap: Wrap): Generator<Atom> {
  if (expr.kind === 'binary' && (expr.op === 'and' || expr.op === 'or')) {
    yield* atomsIn(expr.left, salt, wrap);
    yield* atomsIn(expr.right, salt, wrap);
  } else if (expr.kind === 'unary' && expr.op === 'not') {
    yield* atomsIn(expr.operand, salt, wrap);
  } else if (expr.kind === 'let') {
    // A condition may be the value of a `let`.
    if (typeOf(expr.value).kind === 'bool') yield* atomsIn(expr.value, salt, wrap);
    yield* atomsIn(expr.body, salt, underLet(expr, wrap));
  } else if (expr.kind === 'require') {
    yield* atomsIn(expr.condition, salt, wrap);
    yield* atomsIn(expr.body, salt, wrap);
  } else if (expr.kind === 'binary' && (expr.op === '??' || isOfConditions(expr))) {
    yield* atomsIn(expr.left, salt, wrap);
    yield* atomsIn(expr.right, salt, wrap);
  } else yield { expr, wrap, salt };
}

/** `(a > 1) == (b > 2)`. */
const isOfConditions = (expr: Extract<Expr, { kind: 'binary' }>): boolean =>
  typeOf(expr.left).kind === 'bool';

function* pointsOf(
  atom: Atom, policy: CompiledPolicy, value: NumericValue, worldOf: WorldOf,
): Generator<number> {
  const { expr } = atom;
  const now = (part: Expr): number | undefined => numberOf(atom, part, worldOf(value.now));
  if (expr.kind === 'binary' && COMPARISONS.has(expr.op)) {
    const sides = [[expr.left, expr.right], [expr.right, expr.left]] as const;
    for (const [one, other] of sides) {
      if (!isPlain(one, value) || reads(atom.wrap(other), policy, value)) continue;
      const point = now(other);
      if (point !== undefined) yield point;
      return;
    }
    const ops: readonly BinaryOp[] = expr.op === '==' || expr.op === '!=' ? ['<', '>'] : [expr.op];
    if (typeOf(expr.left).kind === 'string' || typeOf(expr.left).kind === 'enum') return;
    for (const op of ops) yield* turnsOf({ ...atom, expr: { ...expr, op } }, value, worldOf);
    return;
  }
  if (expr.kind === 'in' && isPlain(expr.value, value)) {
    const ends = expr.set.kind === 'interval' ? [expr.set.low, expr.set.high]
      : expr.set.kind === 'values' ? expr.set.values : [];
    for (const end of ends) {
      const point = now(end);
      if (point !== undefined) yield point;
    }
    return;
  }
  yield* roundPoints(expr, value);
  yield* turnsOf(atom, value, worldOf);
}

/** The number itself, or the same in the currency that it is in. */
function isPlain(expr: Expr, value: NumericValue): boolean {
  if (expr.kind === 'convert') return expr.currency === value.currency && isPlain(expr.value, value);
  return isValue(expr, value);
}

/** `is_round(amount, 100)`: the multiples on either side. `first_digit`: where the digit changes. */
function* roundPoints(expr: Expr, value: NumericValue): Generator<number> {
  for (const node of partsOf(expr)) {
    if (node.kind !== 'call' || (node.name !== 'is_round' && node.name !== 'first_digit')) continue;
    const [, units] = node.args;
    if (node.name === 'is_round' && units?.kind === 'literal') {
      const type = node.args[0] === undefined ? undefined : typeOf(node.args[0]);
      const code = type?.kind === 'money' ? type.currency ?? value.currency : undefined;
      const step = Number(units.value) * 10 ** (code === undefined ? 0 : currencyExponent(code) ?? 0);
      const below = Math.floor(value.now / step);
      for (const times of [below - 1, below, below + 1, below + 2]) yield times * step;
      yield value.now;
    } else if (node.name === 'first_digit') {
      for (let power = 1; power < 1e15; power *= 10) {
        for (let digit = 1; digit <= 9; digit++) yield digit * power;
      }
    }
  }
}

function* partsOf(expr: Expr): Generator<Expr> {
  yield expr;
  if (expr.kind === 'call') for (const arg of expr.args) yield* partsOf(arg);
  if (expr.kind === 'binary') {
    yield* partsOf(expr.left);
    yield* partsOf(expr.right);
  }
  if (expr.kind === 'convert' || expr.kind === 'in') yield* partsOf(expr.value);
}

/** Found by trying: ever larger steps until the answer turns, then halving; and on from there. */
function* turnsOf(atom: Atom, value: NumericValue, worldOf: WorldOf): Generator<number> {
  const answerAt = (units: number): string => saidBy(atom, worldOf(rounded(units * value.unit, value.unit)));
  const least = Number.isFinite(value.least) ? Math.ceil(value.least / value.unit) : -Number.MAX_SAFE_INTEGER;
  for (const direction of [-1, 1]) {
    let from = Math.round(value.now / value.unit);
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      const at = nextTurn(from, direction, least, answerAt);
      if (at === undefined) break;
      yield at * value.unit;
      from = at;
    }
  }
}

/** The first unit beyond `from` that says something else, if no two turns lie within one doubling. */
function nextTurn(
  from: number, direction: number, least: number, answerAt: (units: number) => string,
): number | undefined {
  const start = answerAt(from);
  let same = from;
  for (let i = 0, step = 1; i < DOUBLINGS_MAX; i++, step *= 2) {
    let there = from + direction * step;
    const last = there < least;
    if (last) there = least;
    if (there !== same && answerAt(there) !== start) return halved(same, there, start, answerAt);
    if (last) return undefined;
    same = there;
  }
  return undefined;
}

function halved(
  same: number, other: number, start: string, answerAt: (units: number) => string,
): number {
  let [low, high] = [same, other];
  while (Math.abs(high - low) > 1) {
    const middle = low + Math.trunc((high - low) / 2);
    if (answerAt(middle) === start) low = middle;
    else high = middle;
  }
  return high;
}

function saidBy(atom: Atom, world: Omit<World, 'salt'>): string {
  const value = valueOf(atom.wrap(atom.expr), { ...world, salt: atom.salt });
  if (value === 'not_read') return value;
  return value.kind === 'missing' ? 'unknown' : JSON.stringify(value.value);
}

function numberOf(atom: Atom, part: Expr, world: Omit<World, 'salt'>): number | undefined {
  const value = valueOf(atom.wrap(part), { ...world, salt: atom.salt });
  return value !== 'not_read' && value.kind === 'number' ? value.value : undefined;
}
