// `npm test` must not be able to pass by running nothing.
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { policyTests, unitTests } from '../scripts/check/count.ts';
import { LANES } from '../scripts/check/lane.ts';
import { SERVICE_LANES, serviceTests } from '../scripts/check/service-lane.ts';
import { failureOf } from '../scripts/check/run-lane.ts';

const sound = { passed: 1, failed: 0, skipped: 0, emptyFiles: [] };

test('the closing lines of the test runner are counted, the cancelled with the failed', () => {
  const output = '✔ a (1ms)\nℹ tests 7\nℹ suites 0\nℹ pass 4\nℹ fail 1\nℹ cancelled 2\nℹ skipped 3\n';
  deepEqual(unitTests(output), { passed: 4, failed: 3, skipped: 3, emptyFiles: [] });
  equal(unitTests('nothing of the kind'), undefined);
});

test('a file without tests is not a test that passed', () => {
  const output = '✔ src/a.test.ts (0.4ms)\n✔ b (1ms)\nℹ pass 2\nℹ fail 0\nℹ cancelled 0\nℹ skipped 0\n';
  deepEqual(unitTests(output), { passed: 1, failed: 0, skipped: 0, emptyFiles: ['src/a.test.ts'] });
});

test('the last line of the policy tests is counted', () => {
  const output = 'a.policy.yaml\n3 passed, 0 failed\nall\n12 passed, 1 failed\n';
  deepEqual(policyTests(output), { passed: 12, failed: 1, skipped: 0, emptyFiles: [] });
  equal(policyTests('no tests'), undefined);
});

test('a lane fails by its exit code, by silence, by failures and by running no tests', () => {
  equal(failureOf(0, sound), undefined);
  equal(failureOf(3, sound), 'exit code 3');
  equal(failureOf('it was ended by SIGKILL', sound), 'it was ended by SIGKILL');
  equal(failureOf(0, undefined), 'it did not say how many tests it ran');
  equal(failureOf(0, { ...sound, failed: 1 }), '1 failed, and yet its exit code was 0');
  equal(failureOf(0, { ...sound, emptyFiles: ['a.test.ts'] }), 'no test in a.test.ts');
  equal(failureOf(0, { ...sound, passed: 0 }), 'it ran no tests');
});

test('every lane has a name of its own', () => {
  for (const lanes of [LANES, SERVICE_LANES]) {
    equal(new Set(lanes.map(({ name }) => name)).size, lanes.length);
  }
});

test('every test with a server is run by one lane, and by none of npm test', () => {
  const all = serviceTests(['test/services/**/*.test.ts', 'test/reliability/**/*.!(test).test.ts']);
  const run = SERVICE_LANES.flatMap(({ needs }) => serviceTests(needs));
  const within = run.filter((path) => /^test\/(services|reliability)\//.test(path));
  deepEqual(within.toSorted(), all.toSorted());
  const whole = LANES.find(({ name }) => name === 'tests');
  const others = serviceTests(whole?.needs ?? []);
  deepEqual(others.filter((path) => all.includes(path)), []);
  equal(others.includes('test/check.test.ts') && others.includes('test/contracts/memory-disk.test.ts'), true);
});
