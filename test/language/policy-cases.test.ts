/**
 * Each case is a document and, word for word, what the compiler says of it. UPDATE_CASES=1 writes what it
 * says now.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { test } from 'node:test';
import { eventSchema } from '#domain/field.ts';
import { compilePolicy } from '#policy/compile-policy.ts';
import { POLICY_CODES } from '#policy/diagnostic.ts';
import { renderDiagnostics } from '#policy/render-diagnostic.ts';

const FOLDER = new URL('policy/', import.meta.url);
const MARK = '=== says ===\n';
const SCHEMA = eventSchema();

const cases = readdirSync(FOLDER).filter((name) => name.endsWith('.case.txt')).toSorted().map((name) => {
  const [document = '', said = ''] = readFileSync(new URL(name, FOLDER), 'utf8').split(MARK);
  return { name, document, said };
});

function sayOf(document: string): string {
  const compiled = compilePolicy(document, 'case.policy.yaml', SCHEMA);
  const found = 'policy' in compiled ? compiled.policy.warnings : compiled.diagnostics;
  return `${renderDiagnostics(found, document, 'case.policy.yaml')}\n`;
}

for (const { name, document, said } of cases) {
  test(`policy diagnostic: ${name}`, () => {
    const says = sayOf(document);
    if (process.env['UPDATE_CASES'] === '1') writeFileSync(
      new URL(name, FOLDER), `${document}${MARK}${says}`);
    else assert.equal(says, said);
  });
}

test('every policy diagnostic has a case', () => {
  const shown = new Set(cases.flatMap(({ said }) =>
    [...said.matchAll(/\[(P\d+)\]/g)].map(([, code]) => code)));
  assert.deepEqual(Object.keys(POLICY_CODES).filter((code) => !shown.has(code)), []);
});

test('every case is about what its name says', () => {
  const strangers = cases.filter(({ name, said }) =>
    /^p\d/.test(name) && !said.includes(`[${name.slice(0, 4).toUpperCase()}]`));
  assert.deepEqual(strangers.map(({ name }) => name), []);
});
