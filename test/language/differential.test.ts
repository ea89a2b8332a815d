/**
 * The generated code against the interpreter, and printed text against the tree, on random well-typed
 * expressions.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Expr } from '#expression/ast.ts';
import { checkExpression } from '#expression/check.ts';
import { parseExpression } from '#expression/parse.ts';
import { printExpression, printPastExpression } from '#expression/print.ts';
import { childrenOf } from '#expression/tree.ts';
import { SeededRandom } from '../simulation/seeded-random.ts';
import { scaled } from '../test-scale.ts';
import { randomWorld, scopeOf } from './language-world.ts';
import { RandomExpression } from './random-expression.ts';
import { readTwice } from './two-readings.ts';

const EXPRESSIONS = scaled(2_000);
const WORLDS = 4;
const SEED = Number(process.env['LANGUAGE_SEED'] ?? 20_261_123);

function parsed(source: string): Expr {
  const result = parseExpression(source);
  if ('errors' in result) throw new Error(`${source}\n${JSON.stringify(result.errors)}`);
  return result.expr;
}

/** Positions and types of no matter. */
const shapeOf = (expr: Expr): unknown =>
  JSON.parse(
    JSON.stringify(expr, (key, value: unknown) => (key === 'span' || key === 'index' ? undefined : value)));

function checked(source: string, row: 'current' | 'past'): Expr {
  const result = checkExpression(parsed(source), scopeOf(row));
  if ('errors' in result) throw new Error(`${source}\n${JSON.stringify(result.errors)}`);
  return result.expr;
}

const sameCell = (a: unknown, b: unknown): boolean => {
  // Zero has one sign here: no operator of the language can tell.
  if (typeof a === 'number' && typeof b === 'number') return a === b || (a !== a && b !== b);
  return JSON.stringify(a) === JSON.stringify(b);
};

/** The smallest part of the expression that already differs: its children agree. */
function smallestDifference(expr: Expr, seed: number): Expr {
  const differs = (part: Expr): boolean => {
    try {
      const { emitted, interpreted } = readTwice(part, randomWorld(new SeededRandom(seed)));
      return !sameCell(emitted, interpreted);
    } catch {
      return false; // A part that stands alone without its `let`.
    }
  };
  const child = childrenOf(expr).find((part) => part.type?.kind !== 'period' && differs(part));
  return child === undefined ? expr : smallestDifference(child, seed);
}

for (const row of ['current', 'past'] as const) {
  test(`generated code says what the interpreter says: ${row} events`, () => {
    const random = new SeededRandom(SEED + row.length);
    const answers = new Map<string, number>();
    for (let i = 0; i < EXPRESSIONS; i++) {
      // Small conditions hit every form often and show a difference in the answer; large ones mix forms.
      const made = new RandomExpression(random, row);
      const tree = i % 2 === 0 ? made.of('bool', random.between(1, 2)) : made.any(random.between(1, 5));
      const source = printExpression(tree);
      const expr = checked(source, row);
      for (let w = 0; w < WORLDS; w++) {
        const seed = random.between(0, 2 ** 31);
        const { emitted, interpreted, source: code } = readTwice(expr, randomWorld(new SeededRandom(seed)));
        const kind =
          `${expr.type?.kind} ${emitted === undefined || emitted !== emitted ? 'missing' : 'known'}`;
        answers.set(kind, (answers.get(kind) ?? 0) + 1);
        if (sameCell(emitted, interpreted)) continue;
        const least = smallestDifference(expr, seed);
        const { current, past } = randomWorld(new SeededRandom(seed));
        assert.fail(
          `LANGUAGE_SEED=${SEED} world ${seed}\n${source}\nleast: ${printExpression(least)}\n${code}\n` +
          `emitted ${JSON.stringify(emitted)}, interpreted ${JSON.stringify(interpreted)}\n` +
          `${JSON.stringify(current)}\n${JSON.stringify(past?.event)}`);
      }
    }
    // A generator that only made missing values would prove nothing.
    assert.ok([...answers].filter(([kind]) => kind.endsWith(' known')).length >= 12,
      JSON.stringify([...answers]));
  });

  test(`what is printed parses back to the same tree: ${row} events`, () => {
    const random = new SeededRandom(SEED + row.length + 1);
    for (let i = 0; i < EXPRESSIONS; i++) {
      const tree = new RandomExpression(random, row).any(random.between(1, 5));
      const source = printExpression(tree);
      assert.deepEqual(shapeOf(parsed(source)), shapeOf(tree), source);
      const expr = checked(source, row);
      const again = row === 'current' ? printExpression(expr) : printPastExpression(expr);
      assert.deepEqual(shapeOf(checked(again, row)), shapeOf(expr), again);
    }
  });
}
