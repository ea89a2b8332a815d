/** Examples worked out by hand, so that engine and judge cannot be wrong together. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { eventSchema } from '#domain/field.ts';
import { parseRateTable } from '#domain/rates.ts';
import { compilePolicy } from '#policy/compile-policy.ts';
import { naiveWorld } from '#policy/naive-world.ts';
import { runPolicyTests } from '#policy/run-policy-tests.ts';
import { storeWorld } from '#policy/store-world.ts';

const NAME = 'worked-examples.policy.yaml';
const parsed = parseRateTable({ version: 'examples', base: 'EUR', rates: {
  USD: [{ from: '2000-01-01', rate: '1.10' }], JPY: [{ from: '2000-01-01', rate: '160' }],
} });

for (const [who, open] of [
  ['the engine', storeWorld((schema) => new LocalWindowStore(schema))], ['the judge', naiveWorld],
] as const) {
  test(`examples worked out by hand hold in the eyes of ${who}`, () => {
    const source = readFileSync(new URL(NAME, import.meta.url), 'utf8');
    const compiled = compilePolicy(source, NAME, eventSchema());
    assert.ok('policy' in compiled && 'table' in parsed);
    const report = runPolicyTests(compiled.policy, { open, rates: parsed.table });
    assert.deepEqual(report.results.flatMap((result) => result.failures), []);
    assert.ok(report.passed > 5);
  });
}
