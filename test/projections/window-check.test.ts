// The topic against the shared logs: every entry that a record names is where it says, or is told.
import { deepEqual, equal, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryWindowLog } from '#adapters/memory/window-log.ts';
import { eventSchema } from '#domain/field.ts';
import type { LogCall, WindowLog } from '#ports/window-log.ts';
import { reconcile, type Reconciliation } from '#projections/reconcile.ts';
import { WindowCheck } from '#projections/window-check.ts';
import { code, POLICY, publicationOf } from '../engine/engine-world.ts';
import { FleetWorld, fleetOf } from '../fleet/fleet-world.ts';

const label = { id: 'e1', type: 'label', transaction_id: 'p', label: 'confirmed_fraud' };
const refund = { id: 'e2', type: 'refund', transaction_id: 'p', amount: { value: '1', currency: 'EUR' } };
const login = { id: 'e3', type: 'login', debtor: { account_id: 'd' } };
const early = { id: 'e4', type: 'label', transaction_id: 'later', label: 'false_positive' };
const fact = { id: 'e5', type: 'fact', card: { id: 'c7' }, fact: { name: 'risk', value: 3 } };

/** Payments and what is told of them, over two nodes. */
async function busyWorld(log = new MemoryWindowLog()): Promise<FleetWorld> {
  const { world, nodes: [a, b] } = await fleetOf(2, publicationOf(POLICY), new FleetWorld(log));
  await world.decide(a!, { id: 'p' });
  for (let i = 0; i < 8; i++) await world.decide(i % 2 === 0 ? a! : b!);
  const transfer = { kind: 'transfer', debtor: { account_id: 'd' }, creditor: { account_id: 'c' } };
  await world.decide(a!, transfer);
  for (const event of [label, refund, login, early, fact]) {
    equal(code(await world.tell(b!, event)), 'recorded', event.id);
  }
  await world.decide(b!, { id: 'later' });
  await world.project();
  return world;
}

function check(
  { decisions: topic, index }: FleetWorld, log: WindowLog, more: { share?: number; keptFromMs?: number } = {},
): Promise<Reconciliation> {
  const parts = { log, index, schema: eventSchema(), share: 1, keptFromMs: 0, ...more };
  return reconcile({ topic, index, windows: new WindowCheck(parts) });
}

describe('the topic and the shared logs', () => {
  test('are one, for payments and for what is told of them', async () => {
    const world = await busyWorld();
    const { records, entries, entriesGone, counts, examples } = await check(world, world.log);
    deepEqual([counts, examples, entriesGone], [{}, [], 0]);
    // Of each payment or event its own, and one of its card or account; the early label has no other yet.
    // Of the transfer one of each party too, and one that says that it looked at what came to its debtor.
    deepEqual([records, entries], [16, 34]);
    await world.close();
  });

  test('entries that are not there are missing, or gone where they are old enough', async () => {
    const world = await busyWorld();
    const { entries } = await check(world, world.log);
    const lost = await check(world, new MemoryWindowLog());
    deepEqual([lost.counts, lost.entriesGone], [{ window_missing: entries }, 0]);
    const old = await check(world, new MemoryWindowLog(), { keptFromMs: world.nowMs + 1 });
    deepEqual([old.counts, old.entriesGone], [{}, entries]);
    await world.close();
  });

  test('entries that a long log has let go are gone, and what is left is checked', async () => {
    const world = await busyWorld(new MemoryWindowLog(4));
    const { entries, entriesGone, counts } = await check(world, world.log);
    deepEqual(counts, {});
    ok(entriesGone > 0 && entriesGone < entries, `${entriesGone} of ${entries}`);
    await world.close();
  });

  test('a log that was made again in another order is found out', async () => {
    const world = await busyWorld();
    const stranger = 'f'.repeat(32);
    // Whoever asks is told of a log that somebody else was first in.
    const shifted: WindowLog = {
      close: async () => {},
      call: async (calls: readonly LogCall[]) => (await world.log.call(calls)).map((answer, i) => {
        if (answer.kind !== 'read' || calls[i]?.name.field !== 'card.id') return answer;
        const first = { seq: 1, id: stranger, bytes: new Uint8Array() };
        const behind = [first, ...answer.behind.map((entry) => ({ ...entry, seq: entry.seq + 1 }))];
        return { ...answer, seq: answer.seq + 1, behind };
      }),
    };
    const { counts, examples } = await check(world, shifted);
    deepEqual(Object.keys(counts), ['window_place']);
    for (const { what } of examples) {
      const [found, said] = (/^card\.id: entry (\d+), and not (\d+)$/.exec(what) ?? []).slice(1).map(Number);
      equal(found, said! + 1, what);
    }
    await world.close();
  });

  test('a share of the records is a share, and the same each time', async () => {
    const world = await busyWorld();
    const entriesOf = async (share: number): Promise<number> =>
      (await check(world, world.log, { share })).entries;
    equal(await entriesOf(0), 0);
    const [half, all] = [await entriesOf(0.5), await entriesOf(1)];
    ok(half > 0 && half < all, `${half} of ${all}`);
    equal(await entriesOf(0.5), half);
    await world.close();
  });
});
