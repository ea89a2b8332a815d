// A node that stands still for 100 ms, as in a collection of garbage, with payments on their way.
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryWindowLog } from '#adapters/memory/window-log.ts';
import { WindowLogUnavailable, type WindowLog } from '#ports/window-log.ts';
import { within } from '#ports/within.ts';
import { decided, payment, POLICY, publicationOf } from '../engine/engine-world.ts';
import { FleetWorld } from '../fleet/fleet-world.ts';
import { runRestorer } from '../fleet/restore-world.ts';

const STILL_MS = 100;
const DEADLINE_MS = 50;
const PAYMENTS = 40;

/** Answers take some ms, and are not waited for longer than is said. */
class DistantLog implements WindowLog {
  readonly #inner: WindowLog;

  constructor(inner: WindowLog) {
    this.#inner = inner;
  }

  call(...[calls, options]: Parameters<WindowLog['call']>): ReturnType<WindowLog['call']> {
    const asked = sleep(10).then(() => this.#inner.call(calls, options));
    return within(options?.withinMs ?? Infinity, asked, () => new WindowLogUnavailable('late', 'as it is'));
  }

  async close(): Promise<void> {}
}

function standStill(): void {
  const until = performance.now() + STILL_MS;
  while (performance.now() < until) { /* nothing else runs */ }
}

test('F44 a node that stood still answers all, says what it left out, and all counts once', async () => {
  const logs = new MemoryWindowLog();
  const world = new FleetWorld(logs);
  const node = await world.join({ log: new DistantLog(logs), index: world.fleetIndex });
  const other = await world.join({ index: world.fleetIndex });
  await world.publish(publicationOf(POLICY));
  const call = (i: number) =>
    ({ bytes: payment(world.nowMs, { id: `p${i}` }), tenant: 'acme', deadlineMs: DEADLINE_MS });
  const asked = [];
  for (let i = 0; i < PAYMENTS; i++) {
    asked.push(node.decide(call(i)));
    if (i % 5 === 0) await sleep(2);
    if (i % 10 === 9) standStill();
  }
  const first = (await Promise.all(asked)).map(decided);
  const whole = first.filter(({ degraded }) => degraded.length === 0);
  const counts = whole.map(({ features }) => Number(features['card_count_1h']));
  equal(new Set(counts).size, whole.length, 'no two see the same count');
  for (const { degraded } of first) deepEqual(degraded.filter(({ part }) => part !== 'windows'), []);
  const running = runRestorer(world, logs);
  await running.settled();
  await running.stop();
  await world.project();
  for (let i = 0; i < PAYMENTS; i++) deepEqual(decided(await other.decide(call(i))), first[i], 'a copy');
  const next = decided(await other.decide(call(PAYMENTS)));
  equal(next.features['card_count_1h'], PAYMENTS + 1);
  await world.close();
});
