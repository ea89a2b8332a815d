// What every decision log does, told as a story; each adapter runs it.
import { deepEqual, equal, notEqual, rejects, throws } from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { LogUnavailable, type DecisionLog, type LogRecord } from '#ports/decision-log.ts';

/** A place for one log. `open` after `close` finds what was there. */
export interface LogPlace {
  open(): Promise<DecisionLog>;
  dispose(): Promise<void>;
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

export function logRecord(position: number, key = `t\0tx\0${position}`, bytes = 40): LogRecord {
  const kind = (['decision', 'event', 'publication'] as const)[position % 3] ?? 'event';
  const parts = [text(`{"n":${position}}`), new Uint8Array(0), new Uint8Array(bytes).fill(position)];
  return { kind, position, receivedAtMs: 1_700_000_000_000 + position + 0.5, key, parts };
}

/** A record without regard to which kind of array its bytes are in. */
export const plain = (record: LogRecord | undefined): unknown =>
  record === undefined ? undefined : { ...record, parts: record.parts.map((part) => [...part]) };

export async function readAll(log: DecisionLog, from = 1): Promise<readonly unknown[]> {
  const records: unknown[] = [];
  for await (const record of log.read(from)) records.push(plain(record));
  return records;
}

export function decisionLogContract(name: string, make: () => Promise<LogPlace>): void {
  describe(`decision log: ${name}`, () => {
    const places: LogPlace[] = [];
    after(async () => {
      for (const place of places) await place.dispose();
    });
    const place = async (): Promise<LogPlace> => {
      const made = await make();
      places.push(made);
      return made;
    };

    test('a new log is empty', async () => {
      const log = await (await place()).open();
      equal(log.nextPosition, 1);
      equal(log.durable.position, 0);
      deepEqual(await readAll(log), []);
      equal(await log.get(1), undefined);
      equal(await log.find('t\0tx\x001'), undefined);
      equal(log.mayHave('t\0tx\x001'), false);
      await log.close();
    });

    test('a record is found before and after it is durable, and after the log is opened again', async () => {
      const here = await place();
      const log = await here.open();
      const record = logRecord(1, 'täglich\0tx\0ключ');
      const written = log.append(record);
      equal(log.nextPosition, 2);
      equal(log.durable.position, 0);
      for (const moment of ['pending', 'durable'] as const) {
        deepEqual(plain(await log.find(record.key)), plain(record), moment);
        deepEqual(plain(await log.get(1)), plain(record), moment);
        equal(log.mayHave(record.key), true, moment);
        await written;
      }
      equal(log.durable.position, 1);
      const { durable } = log;
      await log.close();
      const again = await here.open();
      deepEqual(again.durable, durable);
      equal(again.nextPosition, 2);
      deepEqual(plain(await again.find(record.key)), plain(record));
      await again.close();
    });

    test('a thousand appends at once are read back in order, from any position', async () => {
      const here = await place();
      const log = await here.open();
      const nth = (_: unknown, index: number): LogRecord => logRecord(index + 1, undefined, index % 300);
      const records = Array.from({ length: 1_000 }, nth);
      await Promise.all(records.map((record) => log.append(record)));
      const all = records.map(plain);
      deepEqual(await readAll(log), all);
      await log.close();
      const again = await here.open();
      for (const from of [0, 1, 2, 500, 1_000, 1_001]) {
        deepEqual(await readAll(again, from), all.slice(Math.max(0, from - 1)), `from ${from}`);
      }
      for (const position of [1, 17, 999, 1_000]) {
        deepEqual(plain(await again.get(position)), all[position - 1]);
      }
      equal(await again.get(1_001), undefined);
      await again.close();
    });

    test('the hash changes with every record, and depends on every one before', async () => {
      const hashes: string[][] = [];
      for (const first of ['a', 'b']) {
        const log = await (await place()).open();
        const seen: string[] = [];
        for (const [index, key] of [first, 'x', 'y'].entries()) {
          await log.append(logRecord(index + 1, key));
          seen.push(log.durable.hash);
        }
        equal(new Set(seen).size, 3);
        hashes.push(seen);
        await log.close();
      }
      for (const index of [0, 1, 2]) notEqual(hashes[0]?.[index], hashes[1]?.[index]);
    });

    test('reading goes on while records are appended, and ends where it began to end', async () => {
      const log = await (await place()).open();
      for (let position = 1; position <= 20; position += 1) await log.append(logRecord(position));
      const seen: number[] = [];
      for await (const record of log.read(1)) {
        seen.push(record.position);
        await log.append(logRecord(log.nextPosition));
      }
      deepEqual(seen, Array.from({ length: 20 }, (_, index) => index + 1));
      equal(log.durable.position, 40);
      await log.close();
    });

    test('a record out of order and a key twice at once are mistakes of the caller', async () => {
      const log = await (await place()).open();
      throws(() => void log.append(logRecord(2)), /position 2 is appended where 1 is next/);
      const written = log.append(logRecord(1));
      throws(() => void log.append(logRecord(2, logRecord(1).key)), /key/);
      await written;
      await log.append(logRecord(2));
      await log.close();
    });

    test('close writes what was appended, and nothing is taken after', async () => {
      const here = await place();
      const log = await here.open();
      const written = log.append(logRecord(1));
      const closed = log.close();
      await rejects(log.append(logRecord(2)), LogUnavailable);
      await Promise.all([written, closed]);
      equal(await log.recover(), false);
      const again = await here.open();
      deepEqual(await readAll(again), [plain(logRecord(1))]);
      await again.close();
    });
  });
}
