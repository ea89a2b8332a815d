// Logs that answer late or not at all, are promoted without their last writes, or emptied: whatever was kept
// counts once in the end, wherever it should; and the logs are what the topic says, byte for byte.
import { deepEqual, equal, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryWindowLog } from '#adapters/memory/window-log.ts';
import { eventSchema } from '#domain/field.ts';
import { entryId } from '#fleet/identity.ts';
import { completedOn } from '#fleet/orphans.ts';
import { EntryCodec } from '#fleet/window-entry.ts';
import { logNames } from '#fleet/shared-windows.ts';
import { splitKey } from '#decisioning/record.ts';
import type { TopicPlace } from '#ports/topic.ts';
import { WindowLogUnavailable, type LogName, type WindowLog } from '#ports/window-log.ts';
import { MemoryTopic } from '#adapters/memory/topic.ts';
import { seededRandom } from '../../bench/random.ts';
import { code, decided, payment, POLICY, publicationOf } from '../engine/engine-world.ts';
import { scaled } from '../test-scale.ts';
import { HeldTopic } from '../reliability/held-topic.ts';
import { FleetWorld } from './fleet-world.ts';
import { dumpOf, runRestorer, type RunningRestorer } from './restore-world.ts';
import { streamOf } from './stream.ts';

const FILLER_ID = '0'.repeat(32);

/** Of so many calls one is not done, and of so many one is done and not answered. */
class LateLog implements WindowLog {
  readonly #inner: WindowLog;
  readonly #random: () => number;
  isLate = true;

  constructor(inner: WindowLog, seed: number) {
    this.#inner = inner;
    this.#random = seededRandom(seed);
  }

  async call(...asked: Parameters<WindowLog['call']>): ReturnType<WindowLog['call']> {
    const draw = this.isLate ? this.#random() : 1;
    if (draw < 0.02) throw new WindowLogUnavailable('refused', 'not done');
    const answers = await this.#inner.call(...asked);
    if (draw < 0.06) throw new WindowLogUnavailable('refused', 'done, and not answered');
    return answers;
  }

  async close(): Promise<void> {}
}

const schema = eventSchema();
const codec = new EntryCodec(schema);

/** How often an entry stands in a log. */
const timesIn = (log: MemoryWindowLog, name: LogName, id: string): number =>
  log.entries(name).filter((entry) => entry.id === id).length;

/** Every record of the topic stands once in its own log, and once in those of its entities. */
async function mustCountOnce({ decisions }: FleetWorld, log: MemoryWindowLog): Promise<number> {
  const keys = new Set<string>();
  for await (const { key, headers } of decisions.read([])) {
    const { tenant, family, id: value } = splitKey(key);
    if (family !== 'tx' && family !== 'event') continue;
    keys.add(key);
    const id = entryId(key);
    equal(timesIn(log, { tenant, field: family, value }, id), 1, `${key}: its own log`);
    const entry = codec.read(headers['entry'] ?? Uint8Array.of());
    if (entry.kind !== 'event' || ['status', 'label', 'fact'].includes(entry.type)) continue;
    for (const name of logNames(schema, tenant, entry.texts)) {
      equal(timesIn(log, name, id), 1, `${key}: ${name.field} ${name.value}`);
    }
  }
  for (const [key, entries] of log.all) {
    const ids = entries.map(({ id }) => id).filter((id) => id !== FILLER_ID);
    equal(new Set(ids).size, ids.length, `${key} has an entry twice`);
  }
  return keys.size;
}

interface Faulty {
  readonly world: FleetWorld;
  readonly log: MemoryWindowLog;
  readonly lates: readonly LateLog[];
  readonly running: RunningRestorer;
}

async function faultyWorld(seed: number): Promise<Faulty> {
  const log = new MemoryWindowLog();
  const world = new FleetWorld(log);
  const lates = [new LateLog(log, seed), new LateLog(log, seed + 1)];
  for (const one of lates) await world.join({ log: one, index: world.fleetIndex });
  await world.publish(publicationOf(POLICY));
  return { world, log, lates, running: runRestorer(world, log) };
}

describe('whatever fails of the shared logs', () => {
  test('F11 F53 what was kept counts once, and the logs are what the topic says', async (t) => {
    const seen = { placedLate: 0, recoveries: 0, records: 0 };
    for (let seed = 1; seed <= scaled(3); seed++) {
      const { world, log, lates, running } = await faultyWorld(seed);
      t.after(() => running.stop());
      const random = seededRandom(seed + 2);
      let promote: (() => void) | undefined;
      for (const { kind, bytes, atMs } of streamOf(seed, 500, world.nowMs)) {
        const node = world.nodes[Math.floor(random() * 2)]!;
        const call = { bytes, tenant: 'acme', receivedAtMs: Math.floor(atMs), deadlineMs: 10 };
        await (kind === 'payment' ? node.decide(call) : node.record(call));
        const draw = random();
        if (draw < 0.02) promote ??= log.fork();
        else if (draw < 0.03 && promote !== undefined) {
          promote();
          promote = undefined;
        } else if (draw < 0.033) log.lose();
        if (random() < 0.05) await sleep(1);
      }
      for (const one of lates) one.isLate = false;
      await running.settled();
      seen.records += await mustCountOnce(world, log);
      const live = dumpOf(log);
      log.lose();
      await sleep(10);
      await running.settled();
      deepEqual(dumpOf(log), live, `seed ${seed}`);
      seen.placedLate += running.restorer.counts.placedLate;
      seen.recoveries += running.restorer.counts.recoveries;
      await running.stop();
      await world.close();
    }
    ok(seen.placedLate > 20 && seen.recoveries > 6 && seen.records > 1_000, JSON.stringify(seen));
  });

  test('F12 a record that comes when its places are taken has others, and counts once', async (t) => {
    const log = new MemoryWindowLog();
    const world = new FleetWorld(log);
    const held = new HeldTopic(world.decisions);
    const a = await world.join({ decisions: held.asTopic });
    const b = await world.join();
    await world.publish(publicationOf(POLICY));
    const running = runRestorer(world, log);
    t.after(() => running.stop());
    await world.decide(b, { id: 'first' });
    // One that an entry kept behind it shows, and one that nothing shows.
    const late = [world.decide(a, { id: 'filled' })];
    while (held.waiting.length < 1) await sleep(1);
    await world.decide(b, { id: 'between' });
    late.push(world.decide(a, { id: 'taken' }));
    while (held.waiting.length < 2) await sleep(1);
    log.lose();
    await running.settled();
    await world.decide(b, { id: 'taker' });
    for (const go of held.waiting.splice(0)) go();
    await Promise.all(late);
    await running.settled();
    equal(running.restorer.counts.moved, 2);
    await mustCountOnce(world, log);
    const counts = [];
    for (const node of [a, b]) {
      const last = world.decide(node);
      while (node === a && held.waiting.length < 1) await sleep(1);
      for (const go of held.waiting.splice(0)) go();
      counts.push(decided(await last).features['card_count_1h']);
    }
    deepEqual(counts, [6, 7]);
    await running.settled();
    const live = dumpOf(log);
    log.lose();
    await sleep(10);
    await running.settled();
    deepEqual(dumpOf(log), live);
  });

  test('F1 what its node placed and did not keep, because it died, is completed when old', async (t) => {
    const log = new MemoryWindowLog();
    const world = new FleetWorld(log);
    const alive = await world.join({ index: world.fleetIndex });
    const dying = await world.join({ index: world.fleetIndex, decisions: new SilentTopic() });
    await world.publish(publicationOf(POLICY));
    const calls = ['a', 'b'].map((id) => ({ bytes: payment(world.nowMs, { id }), tenant: 'acme' }));
    for (const call of calls) void dying.decide(call);
    void dying.record({ tenant: 'acme', bytes: Buffer.from(JSON.stringify({ event: {
      id: 'l', type: 'login', occurred_at: new Date(world.nowMs).toISOString(), debtor: { account_id: 'd' },
    } })) });
    while ((await log.flights()).length < 3) await sleep(1);
    const running = runRestorer(world, log, { complete: completedOn(alive), bounds: { orphanMs: 20 } });
    t.after(() => running.stop());
    while (running.restorer.counts.orphans < 3) await sleep(1);
    deepEqual(await log.flights(), []);
    await running.settled();
    const counts = [];
    for (const call of calls) {
      const answer = await alive.decide(call);
      equal(answer.kind === 'decided' && answer.replayed, true);
      counts.push(decided(answer).features['card_count_1h']);
    }
    deepEqual(counts, [1, 2], 'as when they came');
    equal(code(await world.decide(alive, { id: 'c' })), 'decided');
    await running.stop();
  });
});

class SilentTopic extends MemoryTopic {
  constructor() { super('silent', 4, () => 0); }

  override append(): Promise<TopicPlace> {
    return new Promise(() => {});
  }
}
