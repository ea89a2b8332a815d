import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { killRun } from './kill-run.ts';

test('a server killed five times under load loses no answer and counts nothing twice', async () => {
  const { kills, problems } = await killRun({ seed: 5, kills: 5, connections: 6, perSecond: 300 });
  deepEqual(problems, []);
  equal(kills, 5);
});
