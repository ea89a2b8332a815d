import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { scaled } from '../test-scale.ts';
import { killRun } from './kill-run.ts';

const KILLS = scaled(5);

test(`F46 a server killed ${KILLS} times under load loses no answer and counts nothing twice`, async () => {
  const { kills, problems } = await killRun({ seed: 5, kills: KILLS, connections: 6, perSecond: 300 });
  deepEqual(problems, []);
  equal(kills, KILLS);
});
