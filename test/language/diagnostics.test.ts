/**
 * Every diagnostic has a case: source, code, the text it points at, message and help. Messages are part of
 * the product.
 */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import type { Expr } from '#expression/ast.ts';
import { checkExpression } from '#expression/check.ts';
import { DIAGNOSTIC_CODES, type Diagnostic } from '#expression/diagnostic.ts';
import { parseExpression } from '#expression/parse.ts';
import type { Scope } from '#expression/scope.ts';
import { scopeOf } from './language-world.ts';

const FOLDER = new URL('./expression/', import.meta.url);

interface Case {
  readonly source: string;
  readonly row: 'current' | 'past';
  readonly errors: readonly { code: string; at: string; message: string; help?: string }[];
}

/** The case files are ours; what is wrong in one fails the comparison below. */
const CASES: readonly Case[] = readdirSync(FOLDER).flatMap((file) =>
  (parse(readFileSync(new URL(file, FOLDER), 'utf8')) as readonly Case[]));

function define(source: string): Expr {
  const result = parseExpression(source);
  if ('errors' in result) throw new Error(source);
  return result.expr;
}

const DEFINES = new Map([
  ['declined', define('status == "declined"')], ['circular', define('declined or around')],
  ['around', define('circular')], ['broken', define('amount > 5')],
]);

export function errorsOf(source: string, row: 'current' | 'past'): readonly Diagnostic[] {
  const parsed = parseExpression(source);
  if ('errors' in parsed) return parsed.errors;
  const scope: Scope = { ...scopeOf(row), defines: DEFINES,
    onAggregate: () => ({ name: 'f_int', index: 1 }) };
  const checked = checkExpression(parsed.expr, scope);
  return 'errors' in checked ? checked.errors : [];
}

for (const { source, row, errors } of CASES) {
  test(`${errors.map(({ code }) => code).join(', ')}: ${source.slice(0, 80)}`, () => {
    const found = errorsOf(source, row ?? 'current').map(({ code, span, message, help }) =>
      ({ code, at: source.slice(span.start, span.end), message, ...(help !== undefined && { help }) }));
    assert.deepEqual(found, errors);
  });
}

test('every code has a case', () => {
  const covered = new Set(CASES.flatMap(({ errors }) => errors.map(({ code }) => code)));
  assert.deepEqual(Object.keys(DIAGNOSTIC_CODES).filter((code) => !covered.has(code)), []);
});
