// What was decided without windows is judged again when it has its places, and the difference is told.
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryWindowLog } from '#adapters/memory/window-log.ts';
import { decided, POLICY, publicationOf } from '../engine/engine-world.ts';
import { FailingLog } from './failing-log.ts';
import { FleetWorld } from './fleet-world.ts';
import { runRestorer } from './restore-world.ts';

test('F52 decisions without windows are made again with them; differences are told', async () => {
  const logs = new MemoryWindowLog();
  const world = new FleetWorld(logs);
  const failing = new FailingLog(logs);
  const node = await world.join({ log: failing, index: world.fleetIndex, deadlineMs: 100 });
  await world.publish(publicationOf(POLICY));
  failing.fault = 'unreachable';
  const ids = ['a', 'b', 'c', 'd', 'e'];
  for (const id of ids) equal(decided(await world.decide(node, { id })).outcome, 'approve');
  failing.fault = undefined;
  const running = runRestorer(world, logs, { rescore: (record) => node.rescore(record) });
  await running.settled();
  await running.stop();
  // More than three on one card in an hour are reviewed.
  deepEqual({ ...node.rescored }, { same: 3, graver: 2, milder: 0 });
  const told: string[] = [];
  for await (const { headers } of world.decisions.read([])) {
    const { rescored } = headers;
    if (rescored !== undefined) told.push(Buffer.from(rescored).toString());
  }
  deepEqual(told.map((text) => (JSON.parse(text) as { outcome: string }).outcome),
    ['approve', 'approve', 'approve', 'review', 'review']);
  await world.project();
  for (const id of ids) equal(decided(await world.decide(node, { id })).outcome, 'approve', 'it stands');
  equal((await world.index.differences(1)).count, 0);
  await world.close();
});
