/** What every shared window log does, told as a story, and held against the one in memory by seed. */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { MemoryWindowLog } from '#adapters/memory/window-log.ts';
import {
  NOTHING_KNOWN, WindowLogUnavailable, type Known, type LogAnswer, type LogCall, type LogName, type WindowLog,
} from '#ports/window-log.ts';
import { scaled } from '../test-scale.ts';

const idOf = (text: string): string => Buffer.from(text.padEnd(16, '.')).toString('hex');
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

let logs = 0;
/** A log that no other test has. */
const newName = (value = 'k\0{}ü'): LogName =>
  ({ tenant: `t${process.pid}-${logs++}`, field: 'card.id', value });

const append = (name: LogName, text: string, known: Known = NOTHING_KNOWN): LogCall =>
  ({ name, known, id: idOf(text), bytes: bytesOf(text) });
const look = (name: LogName, text: string, known: Known = NOTHING_KNOWN): LogCall =>
  ({ name, known, id: idOf(text), bytes: undefined });

const plain = (answers: readonly LogAnswer[]): unknown => answers.map((answer) =>
  (answer.kind === 'diverged' ? answer
    : { ...answer, behind: answer.behind.map((entry) => ({ ...entry, bytes: [...entry.bytes] })) }));
const texts = (answer: LogAnswer | undefined): readonly string[] =>
  (answer?.kind !== 'read' ? ['diverged']
    : answer.behind.map(({ bytes }) => new TextDecoder().decode(bytes)));

export function windowLogContract(
  name: string, open: (entriesPerLogMax: number) => Promise<WindowLog>,
): void {
  describe(`window log: ${name}`, () => {
    const opened: WindowLog[] = [];
    const make = async (entriesPerLogMax = 1_000): Promise<WindowLog> => {
      const log = await open(entriesPerLogMax);
      opened.push(log);
      return log;
    };
    after(async () => {
      for (const log of opened) await log.close();
    });

    test('an entry gets the next place, and what a node does not know comes with it', async () => {
      const log = await make();
      const card = newName();
      const entry = { seq: 1, id: idOf('a'), bytes: [...bytesOf('a')] };
      deepEqual(plain(await log.call([append(card, 'a')])),
        [{ kind: 'read', seq: 1, isNew: true, epoch: 1, behind: [entry] }]);
      const [second] = await log.call([append(card, 'b', { seq: 1, id: idOf('a') })]);
      deepEqual(texts(second), ['b'], 'what it knows does not come again');
      const [third] = await log.call([append(card, 'c')]);
      deepEqual(texts(third), ['a', 'b', 'c'], 'who knows nothing gets all');
      deepEqual(texts((await log.call([look(card, 'b', { seq: 1, id: idOf('a') })]))[0]), ['b', 'c']);
    });

    test('the same entry again is where it was, and nothing is added', async () => {
      const log = await make();
      const card = newName();
      await log.call([append(card, 'a'), append(newName(), 'a')]);
      await log.call([append(card, 'b')]);
      const [again] = await log.call([append(card, 'a')]);
      equal(again?.kind === 'read' && again.seq, 1);
      equal(again?.kind === 'read' && again.isNew, false);
      deepEqual(texts(again), ['a', 'b']);
    });

    test('where a gate finds a copy, the logs behind it are only read', async () => {
      const log = await make();
      const [own, card] = [newName(), newName()];
      const gate = (text: string): LogCall => ({ ...append(own, text), gate: 'same' });
      const [, first] = await log.call([gate('a'), append(card, 'a')]);
      equal(first?.kind === 'read' && first.isNew, true);
      const known = { seq: 1, id: idOf('a') };
      const [, again] = await log.call([gate('a'), append(card, 'a', known)]);
      deepEqual(again, { kind: 'read', seq: 0, isNew: false, epoch: 1, behind: [] });
      const [, other] = await log.call([gate('a'), append(card, 'b')]);
      deepEqual(texts(other), ['a'], 'b is not appended');
    });

    test('where a gate finds another, the logs behind it are only read', async () => {
      const log = await make();
      const [key, own, card] = [newName(), newName(), newName()];
      const calls = (text: string): LogCall[] =>
        [{ ...append(key, text), gate: 'other' }, append(own, text), append(card, text)];
      deepEqual((await log.call(calls('a'))).map(texts), [['a'], ['a'], ['a']]);
      deepEqual((await log.call(calls('a'))).map(texts), [['a'], ['a'], ['a']], 'its own entry is no other');
      deepEqual((await log.call(calls('b'))).map(texts), [['a', 'b'], ['a'], ['a']]);
    });

    test('a look appends nothing, also to a log that is not there', async () => {
      const log = await make();
      const card = newName();
      const nothing = { kind: 'read', seq: 0, isNew: false, epoch: 1, behind: [] };
      deepEqual(plain(await log.call([look(card, 'a')])), [nothing]);
      const [appended] = await log.call([append(card, 'b')]);
      equal(appended?.kind === 'read' && appended.seq, 1);
    });

    test('a log that has lost entries is not appended to', async () => {
      const log = await make();
      const card = newName();
      await log.call([append(card, 'a')]);
      const ahead = await log.call([append(card, 'c', { seq: 2, id: idOf('b') })]);
      deepEqual(ahead, [{ kind: 'diverged', seq: 1 }]);
      const other = await log.call([append(card, 'c', { seq: 1, id: idOf('x') })]);
      deepEqual(other, [{ kind: 'diverged', seq: 1 }]);
      await log.call([append(card, 'b')]);
      const behind = await log.call([append(card, 'c', { seq: 1, id: idOf('x') })]);
      deepEqual(behind, [{ kind: 'diverged', seq: 2 }]);
      deepEqual(texts((await log.call([look(card, 'c')]))[0]), ['a', 'b']);
    });

    test('the oldest entries of a long log go, and places go on', async () => {
      const log = await make(3);
      const card = newName();
      for (const text of ['a', 'b', 'c', 'd', 'e']) await log.call([append(card, text)]);
      const [all] = await log.call([look(card, 'z')]);
      deepEqual(all?.kind === 'read' && all.behind.map(({ seq }) => seq), [3, 4, 5]);
      const [gap] = await log.call([append(card, 'f', { seq: 1, id: idOf('a') })]);
      deepEqual(gap?.kind === 'read' && gap.behind.map(({ seq }) => seq), [3, 4, 5, 6]);
    });

    test('a hundred at once get the places 1 to 100', async () => {
      const log = await make();
      const card = newName();
      const texts100 = Array.from({ length: 100 }, (_, i) => `${i}`);
      const answers = await Promise.all(texts100.map((text) => log.call([append(card, text)])));
      const places = answers.map(([answer]) => (answer?.kind === 'read' ? answer.seq : 0));
      deepEqual(places.toSorted((a, b) => a - b), Array.from({ length: 100 }, (_, i) => i + 1));
    });

    test('entries of any bytes', async () => {
      const log = await make();
      const card = newName();
      const all = Uint8Array.from({ length: 70_000 }, (_, i) => i);
      const [answer] = await log.call([{ ...append(card, 'a'), bytes: all }]);
      deepEqual(answer?.kind === 'read' && [...answer.behind[0]?.bytes ?? []], [...all]);
    });

    test('F54 as the one in memory, whoever calls with whatever it knows', async () => {
      const log = await make(5);
      const step = fc.record({
        node: fc.nat({ max: 2 }), looks: fc.boolean(), forgets: fc.integer({ min: 0, max: 9 }),
        gate: fc.constantFrom('same', 'other', undefined), id: fc.nat({ max: 12 }),
        logs: fc.uniqueArray(fc.nat({ max: 2 }), { minLength: 1, maxLength: 3 }),
      });
      await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const oracle = new MemoryWindowLog(5);
        const names = [newName('a'), newName('b'), newName('c')] as const;
        const known = new Map<string, Known>();
        for (const { node, looks, gate, forgets, logs: places, id } of steps) {
          const calls = places.map((place): LogCall => {
            const seen = forgets === 0 ? NOTHING_KNOWN : known.get(`${node} ${place}`) ?? NOTHING_KNOWN;
            const claimed = forgets === 1 ? { ...seen, seq: seen.seq + 1 } : seen;
            const call = append(names[place] ?? names[0], `${id}`, claimed);
            const gated = gate === undefined || place > 0 ? call : { ...call, gate };
            return looks ? { ...gated, bytes: undefined } : gated;
          });
          const [answers, expected] = [await log.call(calls), await oracle.call(calls)];
          deepEqual(plain(answers), plain(expected));
          answers.forEach((answer, i) => {
            const last = answer.kind === 'read' ? answer.behind.at(-1) : undefined;
            if (last !== undefined) known.set(`${node} ${places[i]}`, { seq: last.seq, id: last.id });
          });
        }
      }), { numRuns: scaled(60) });
    });

    test('closed, it refuses', async () => {
      const log = await make();
      await log.close();
      await rejects(log.call([append(newName(), 'a')]), WindowLogUnavailable);
      await log.close();
    });
  });
}
