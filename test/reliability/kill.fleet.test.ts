// A short run of what `npm run kill -- --fleet` does for as long as it is told.
import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { fleetKillRun } from '../kill/fleet-kill-run.ts';
import { scaled } from '../test-scale.ts';

test('F46 F53 each process of a fleet is killed in turn: no answer is lost, none counts twice', async () => {
  const report = await fleetKillRun({ seed: 46, seconds: scaled(40), perSecond: 40 });
  const { payments, answered, rows, audit } = report;
  deepEqual(audit.problems, []);
  deepEqual(rows.map(({ what }) => what).toSorted(), ['Kafka', 'PostgreSQL', 'Redis', 'node 1', 'node 2']);
  equal(answered, payments);
  equal(audit.records, payments);
  equal(audit.unplaced, 0, 'what was decided without windows has its place');
  ok(audit.withoutWindows < payments / 2, `${audit.withoutWindows} of ${payments} without windows`);
});
