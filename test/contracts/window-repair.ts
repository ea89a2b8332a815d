/** What every shared window log does for whoever makes it whole again; held against the one in memory. */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { MemoryWindowLog } from '#adapters/memory/window-log.ts';
import { NOTHING_KNOWN, WindowLogUnavailable, type LogCall, type LogName } from '#ports/window-log.ts';
import type { RepairableLog, RestoreEntry } from '#ports/window-repair.ts';
import { scaled } from '../test-scale.ts';

export interface Losable {
  readonly log: RepairableLog;
  /** From now on the logs are lost, with all that is in them. */
  readonly lose: () => Promise<void>;
}

const idOf = (text: string): string => Buffer.from(text.padEnd(16, '.')).toString('hex');
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const FILLER = { id: '0'.repeat(32), text: '\u0004' };

let logs = 0;
const newName = (): LogName => ({ tenant: `r${process.pid}-${logs++}`, field: 'card.id', value: 'k' });

const entry = (name: LogName, text: string, seq: number, leftSeq = 0): RestoreEntry =>
  ({ name, seq, id: idOf(text), bytes: bytesOf(text), leftSeq });
const append = (name: LogName, text: string): LogCall =>
  ({ name, known: NOTHING_KNOWN, id: idOf(text), bytes: bytesOf(text) });

/** What stands in a log: place and text of each entry. */
async function standing({ log }: Losable, name: LogName): Promise<readonly (readonly [number, string])[]> {
  const [answer] = await log.call([{ name, known: NOTHING_KNOWN, id: idOf('?'), bytes: undefined }]);
  if (answer?.kind !== 'read') throw new Error('who knows nothing cannot miss anything');
  return answer.behind.map(({ seq, bytes }) => [seq, new TextDecoder().decode(bytes)] as const);
}

const memoryOf = (keptMax: number): Losable => {
  const log = new MemoryWindowLog(keptMax);
  return { log, lose: async () => { log.lose((_, { length }) => length); } };
};

export function windowRepairContract(
  name: string, open: (entriesPerLogMax: number) => Promise<Losable>,
): void {
  describe(`repair of the window log: ${name}`, () => {
    const opened: Losable[] = [];
    const make = async (entriesPerLogMax = 1_000): Promise<Losable> => {
      const made = await open(entriesPerLogMax);
      opened.push(made);
      return made;
    };
    after(async () => {
      for (const { log } of opened) await log.close();
    });

    test('lost logs take no calls until they are whole, in the epoch that was begun', async () => {
      const { log, lose } = await make();
      const card = newName();
      await log.call([append(card, 'a')]);
      await lose();
      equal((await log.health()).condition, 'lost');
      await rejects(log.call([append(card, 'b')]), (error) =>
        error instanceof WindowLogUnavailable && error.code === 'recovering');
      await log.begin(7);
      deepEqual(await log.health(), { condition: 'whole', epoch: 7 });
      const [answer] = await log.call([append(card, 'b')]);
      equal(answer?.kind === 'read' && answer.epoch, 7);
      await log.begin(8);
      deepEqual(await log.health(), { condition: 'whole', epoch: 7 }, 'whole is whole');
    });

    test('lost entries stand where they stood, in whatever order they come, and once', async () => {
      const made = await make();
      const card = newName();
      await made.lose();
      const kinds = (await made.log.restore([
        entry(card, 'c', 3), entry(card, 'a', 1), entry(card, 'c', 3), entry(card, 'e', 5),
      ], 'lost')).map(({ kind }) => kind);
      deepEqual(kinds, ['placed', 'placed', 'there', 'placed']);
      await made.log.begin(2);
      deepEqual(await standing(made, card),
        [[1, 'a'], [2, FILLER.text], [3, 'c'], [4, FILLER.text], [5, 'e']]);
      const [next] = await made.log.call([append(card, 'f')]);
      equal(next?.kind === 'read' && next.seq, 6, 'places go on');
    });

    test('of two that claim a place the one that is there keeps it; what left a place is out', async () => {
      const made = await make();
      const card = newName();
      await made.lose();
      const { log } = made;
      deepEqual(await log.restore([entry(card, 'a', 1), entry(card, 'b', 1)], 'lost'),
        [{ kind: 'placed', seq: 1 }, { kind: 'taken', seq: 1 }]);
      deepEqual(await log.restore([entry(card, 'a', 3, 1), entry(card, 'b', 1)], 'lost'),
        [{ kind: 'placed', seq: 3 }, { kind: 'placed', seq: 1 }]);
      await log.begin(2);
      deepEqual(await standing(made, card), [[1, 'b'], [2, FILLER.text], [3, 'a']]);
    });

    test('in whole logs nothing is replaced: what comes late goes to the end, found there', async () => {
      const made = await make();
      const card = newName();
      await made.lose();
      const { log } = made;
      await log.restore([entry(card, 'b', 2)], 'lost');
      await log.begin(2);
      await log.call([append(card, 'c')]);
      const late = [entry(card, 'a', 1), entry(card, 'x', 0), entry(card, 'y', 3), entry(card, 'c', 3)];
      const expected = [
        { kind: 'moved', seq: 4 }, { kind: 'placed', seq: 5 }, { kind: 'moved', seq: 6 },
        { kind: 'there', seq: 3 },
      ];
      deepEqual(await log.restore(late, 'whole'), expected);
      const again = await log.restore(late, 'whole');
      deepEqual(again.map(({ seq }) => seq), [4, 5, 6, 3]);
      deepEqual((await standing(made, card)).map(([, text]) => text), [FILLER.text, 'b', 'c', 'a', 'x', 'y']);
      await rejects(log.restore(late, 'lost'), WindowLogUnavailable);
    });

    test('what is older than is kept is old', async () => {
      const made = await make(2);
      const card = newName();
      await made.lose();
      const entries = [entry(card, 'z', 9), entry(card, 'y', 8), entry(card, 'a', 1)];
      const told = await made.log.restore(entries, 'lost');
      deepEqual(told.map(({ kind }) => kind), ['placed', 'placed', 'old']);
      await made.log.begin(2);
      deepEqual(await standing(made, card), [[8, 'y'], [9, 'z']]);
    });

    test('a checkpoint is as it was told last; a lease is one holder\'s', async () => {
      const { log } = await make();
      await log.advance([3, 0, 7]);
      deepEqual(await log.checkpoint(), [3, 0, 7]);
      const [one, other] = [`one-${process.pid}-${logs++}`, 'other'];
      equal(await log.lease(one, 60_000), true);
      equal(await log.lease(other, 60_000), false);
      equal(await log.lease(one, 60_000), true);
      await log.lease(one, 0);
      equal(await log.lease(other, 60_000), true);
      await log.lease(other, 0);
    });

    test('what is in flight is kept with its entry, once, until it has landed', async () => {
      const { log } = await make();
      const [own, card] = [newName(), newName()];
      const flight = { id: idOf(`f${logs++}`), bytes: bytesOf('request') };
      const calls = (id: string): LogCall[] =>
        [{ name: own, known: NOTHING_KNOWN, id, bytes: bytesOf('a'), gate: 'same' }, append(card, 'a')];
      await log.call(calls(flight.id), { flight });
      deepEqual([...await log.flight(flight.id) ?? []], [...flight.bytes]);
      equal((await log.flights()).includes(flight.id), true);
      await log.call([append(newName(), 'other')], { landed: [flight.id] });
      equal(await log.flight(flight.id), undefined);
      await log.call(calls(flight.id), { flight });
      equal(await log.flight(flight.id), undefined, 'a copy is not in flight');
    });

    test('as the one in memory, whatever is restored; twice and in any order the same', async () => {
      const kept = 6;
      const made = await make(kept);
      const text = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
      const step = fc.record({
        text, seq: fc.integer({ min: 0, max: 10 }), left: fc.integer({ min: 0, max: 4 }),
      });
      const parts = fc.record({
        before: fc.uniqueArray(text), lost: fc.array(step, { maxLength: 12 }),
        late: fc.array(step, { maxLength: 6 }),
      });
      await fc.assert(fc.asyncProperty(parts, async ({ before, lost, late }) => {
        const oracle = memoryOf(kept);
        const card = newName();
        const entries = (steps: readonly { text: string; seq: number; left: number }[]): RestoreEntry[] =>
          steps.map((one) => entry(card, one.text, one.seq, one.left));
        const told = [];
        for (const one of [made, oracle]) {
          for (const each of before) await one.log.call([append(card, each)]);
          await one.lose();
          const first = await one.log.restore(entries(lost), 'lost');
          await one.log.begin(2);
          told.push([first, await one.log.restore(entries(late), 'whole'), await standing(one, card)]);
        }
        deepEqual(told[0], told[1]);
      }), { numRuns: scaled(60) });
    });

    test('a log of which any part was lost is as it was, in whatever order its entries come', async () => {
      const kept = 6;
      const made = await make(kept);
      const parts = fc.record({
        count: fc.integer({ min: 1, max: 12 }), left: fc.nat({ max: 12 }),
        seed: fc.array(fc.nat(), { maxLength: 30 }),
      });
      await fc.assert(fc.asyncProperty(parts, async ({ count, left, seed }) => {
        const [live, card] = [newName(), newName()];
        const texts = Array.from({ length: count }, (_, i) => `${i}`);
        for (const each of texts) await made.log.call([append(live, each)]);
        const expected = await standing(made, live);
        await made.lose();
        await made.log.begin(2);
        for (const each of texts.slice(0, left)) await made.log.call([append(card, each)]);
        await made.lose();
        // Each at least once, in an order of the seed, some twice.
        const all = texts.map((each, i) => entry(card, each, i + 1));
        const order = [...seed.map((pick) => all[pick % count]!), ...all];
        await made.log.restore(order, 'lost');
        await made.log.begin(3);
        deepEqual(await standing(made, card), expected);
      }), { numRuns: scaled(40) });
    });
  });
}
