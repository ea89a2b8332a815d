/**
 * Bytes of today's formats, kept for ever: every later version reads them as this one does. Where a format
 * changes, what it was stays here, and what it is then gets a file of its own.
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  entryRecord, headRecord, markRecord, parseEntry, parseHead, parseMark,
} from '#adapters/journal/journal-record.ts';
import { eventSchema } from '#domain/field.ts';
import { isRefusal, parseTransactionCall } from '#domain/parse-event.ts';
import { flightBytes, readFlight } from '#fleet/flight-bytes.ts';
import { readStanding, type Standing } from '#fleet/standing.ts';
import { logRecordOf, topicRecord } from '#fleet/topic-record.ts';
import { EntryCodec, SEEN_BYTES } from '#fleet/window-entry.ts';
import { deadLetter, readDeadLetter } from '#intake/dead-letter.ts';
import type { LogRecord } from '#ports/decision-log.ts';
import type { TopicRecord } from '#ports/topic.ts';

const schema = eventSchema([{ name: 'basket', type: 'int', history: true, description: 'items' }]);
const codec = new EntryCodec(schema);
const digest = Uint8Array.from({ length: 16 }, (_, i) => i);
const pin = { receivedAtMs: 1_768_478_400_000.5, publication: 7, digest };
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));

const CALL = Buffer.from(JSON.stringify({ transaction: {
  id: 'tx_1', occurred_at: '2026-01-15T12:00:00Z', kind: 'card', channel: 'ecom',
  amount: { value: '120.50', currency: 'EUR' }, card: { id: 'card_1' },
  merchant: { id: 'shop_1', mcc: '5732' },
  device: { ip: '192.0.2.1' }, location: { lat: 48.1, lon: 11.5 }, custom: { basket: 3 },
} }));

function eventOf() {
  const parsed = parseTransactionCall(CALL, schema, pin.receivedAtMs, 'acme');
  ok(!isRefusal(parsed));
  return parsed.event;
}

const change = { what: 'label', knownAtMs: 5, transactionId: 'tx_1', value: 'confirmed_fraud' } as const;
const mark = { name: 'watched', value: 1.5, fromMs: 3, untilMs: Infinity };
const standing: Standing = {
  entry: bytes('entry'), own: 3, epoch: 2, left: [['card.id', 'c', 9]],
  others: [{ id: 'ab'.repeat(16), bytes: bytes('other'), at: [['card.id', 'card_1', 4]] }],
};
const record: LogRecord = {
  kind: 'decision', position: 0, receivedAtMs: pin.receivedAtMs, key: 'acme\0tx\0tx_1',
  parts: ['versions', 'request', 'facts', 'answer', 'marks'].map(bytes),
};
const told: LogRecord = {
  ...record, kind: 'event', key: 'acme\0event\0e', parts: ['v', 'r', 'a'].map(bytes),
};
const windows = { 'card.id': 4, 'merchant.id': 12 };
const written = {
  key: 'card_1', value: bytes('{ no JSON'), headers: { trace: bytes('t') },
  place: { partition: 2, offset: 77 }, writtenAtMs: 1_768_478_400_001,
};
const refusal = { code: 'not_json', detail: 'line 1', errors: [{ pointer: '/a', detail: 'b' }] } as const;

const call = { bytes: CALL, tenant: 'acme', idempotencyKey: 'k' };
const entry = { key: 'k', value: bytes('v'), headers: { a: bytes('1'), b: bytes('2') } };

/** By name: what is written today. */
const WRITTEN: Readonly<Record<string, () => unknown>> = {
  'window entry: event': () => text(codec.writeEvent(eventOf(), pin)),
  'window entry: change': () => text(codec.writeChange(change)),
  'window entry: mark': () => text(codec.writeMark(mark)),
  'window entry: seen': () => text(SEEN_BYTES),
  'in flight: payment': () => text(flightBytes('payment', call, 5.5)),
  'topic record: decision': () => plain(topicRecord(record, windows, standing)),
  'topic record: decision without windows': () => plain(topicRecord(record, undefined)),
  'topic record: event': () => plain(topicRecord(told, windows)),
  'topic record: publication': () =>
    plain(topicRecord({ ...record, kind: 'publication', parts: [bytes('content')] }, {})),
  'dead letter': () => plain(deadLetter(written, refusal, 9)),
  'journal: head': () => headRecord(3, 5).parts.map(text),
  'journal: record': () => entryRecord(entry, 'rk', 2, 5).parts.map(text),
  'journal: mark': () => markRecord({ part: 3, done: [[1, 4], [6, 6]] }, 7, 5).parts.map(text),
};

const text = (value: Uint8Array): string => Buffer.from(value).toString('base64');
const back = (value: unknown): Uint8Array => Uint8Array.from(Buffer.from(String(value), 'base64'));
const plain = ({ key, value, headers }: TopicRecord) => ({
  key, value: text(value),
  headers: Object.fromEntries(Object.entries(headers).map(([name, one]) => [name, text(one)])),
});

const GOLDEN = JSON.parse(readFileSync(join(import.meta.dirname, 'fleet-formats-1.json'), 'utf8'));

function topicRecordOf(name: string): TopicRecord {
  const { key, value, headers } = GOLDEN[name];
  return {
    key, value: back(value),
    headers: Object.fromEntries(Object.entries(headers).map(([one, content]) => [one, back(content)])),
  };
}

test('what is written today is what stands here, to the byte', () => {
  deepEqual(Object.fromEntries(Object.entries(WRITTEN).map(([name, write]) => [name, write()])), GOLDEN);
});

test('entries of the shared logs are read as they were meant', () => {
  const event = codec.read(back(GOLDEN['window entry: event']));
  const meant = eventOf();
  ok(event.kind === 'event');
  deepEqual([event.type, event.id], ['transaction', 'tx_1']);
  deepEqual({ ...event.pin, digest: [...event.pin.digest] }, { ...pin, digest: [...digest] });
  for (const path of ['card.id', 'merchant.id', 'merchant.mcc', 'device.ip', 'channel']) {
    const slot = schema.byPath.get(path)!.textSlot;
    equal(event.texts[slot], meant.texts[slot], path);
  }
  deepEqual(codec.read(back(GOLDEN['window entry: change'])), { kind: 'change', ...change });
  deepEqual(codec.read(back(GOLDEN['window entry: mark'])), { kind: 'mark', mark });
  deepEqual(codec.read(back(GOLDEN['window entry: seen'])), { kind: 'seen' });
  const { kind, call: flown } = readFlight(back(GOLDEN['in flight: payment']));
  deepEqual([kind, { ...flown, bytes: said(flown.bytes) }],
    ['payment', { ...call, receivedAtMs: 5.5, bytes: said(CALL) }]);
});

test('records of topics are read as they were meant', () => {
  const kept = topicRecordOf('topic record: decision');
  deepEqual(logRecordOf(kept), { record, windows });
  deepEqual(readStanding(kept.headers), {
    ...standing, others: standing.others?.map((one) => ({ ...one, bytes: Buffer.from(one.bytes) })),
  });
  deepEqual(logRecordOf(topicRecordOf('topic record: decision without windows')), { record, windows: {} });
  deepEqual(logRecordOf(topicRecordOf('topic record: event')), { record: told, windows });
  equal(said(logRecordOf(topicRecordOf('topic record: publication')).record.parts[0]!), 'content');
  const place = { partition: 0, offset: 5 };
  deepEqual(readDeadLetter({ ...topicRecordOf('dead letter'), place, writtenAtMs: 1 }), {
    place, from: written.place, writtenAtMs: written.writtenAtMs, deadAtMs: 9, leftOutBytes: 0, refusal,
    original: { key: 'card_1', value: written.value, headers: written.headers },
  });
});

test('the journal of a node is read as it was meant', () => {
  const partsOf = (name: string): LogRecord => ({ ...record, parts: GOLDEN[name].map(back) });
  equal(parseHead(partsOf('journal: head')), 3);
  deepEqual(parseMark(partsOf('journal: mark')), { part: 3, done: [[1, 4], [6, 6]] });
  deepEqual(parseEntry(partsOf('journal: record')), entry);
});

const said = (value: Uint8Array): string => Buffer.from(value).toString();
