/** The contract of the port WindowStore: stories that every adapter passes. */
import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { eventSchema, type EventSchema, type EventType } from '#domain/field.ts';
import { LIMITS } from '#domain/limits.ts';
import type { ParsedEvent } from '#domain/event.ts';
import { PAGE_MASK, PAGE_SHIFT } from '#domain/history.ts';
import type { PersistentWindowStore } from '#ports/window-store.ts';

const schema = eventSchema();
const slots = (path: string): { number: number; text: number } => {
  const field = schema.byPath.get(path)!;
  return { number: field.numberSlot, text: field.textSlot };
};

/** An event from its fields; texts and numbers as they stand in the slots. `at` and `received` in ms. */
export function makeEvent(
  of: EventSchema, { id, at, received = at, position, type = 'transaction', tenant = 'main', fields = {} }:
  { id: string; at: number; received?: number; position: number; type?: EventType; tenant?: string;
    fields?: Record<string, number | string | [number, string | number] | undefined> },
): ParsedEvent {
  const event: ParsedEvent = {
    type, tenant, id, position, receivedAtMs: received,
    numbers: Array.from({ length: of.numberSlotCount }, () => Number.NaN),
    texts: Array.from({ length: of.textSlotCount }, () => undefined),
  };
  event.numbers[0] = at;
  for (const [path, value] of Object.entries({ ...fields, event: type })) {
    const field = of.byPath.get(path);
    if (field === undefined) throw new Error(`no field ${path}`);
    for (const part of Array.isArray(value) ? value : [value]) {
      if (typeof part === 'string') event.texts[field.textSlot] = part;
      else if (part !== undefined) event.numbers[field.numberSlot] = part;
    }
    if (field.type.kind === 'geo' && Array.isArray(value)) {
      [event.numbers[field.numberSlot], event.numbers[field.secondNumberSlot]] =
        value.map(Number) as [number, number];
    }
  }
  return event;
}

// at: t in ms; then what the log of the card reads, as the amounts of its events from the oldest to the
// newest.
const STORY = [
  { at: 1_000, card: 'k1', amount: 1, log: [1], why: 'the first event is in the log of its card' },
  { at: 1_000, card: 'k1', amount: 2, log: [1, 2],
    why: 'of two with the same t the earlier arrival comes first' },
  { at: 2_000, card: 'k2', amount: 3, log: [3], why: 'another card has a log of its own' },
  { at: 3_000, card: 'k1', amount: 4, log: [1, 2, 4], why: 'a later event comes last' },
  { at: 500, card: 'k1', amount: 5, log: [5, 1, 2, 4], why: 'a late event stands where its t puts it' },
  { at: 1_000, card: 'k1', amount: 6, log: [5, 1, 2, 6, 4],
    why: 'a late event is behind all that had its t' },
] as const;

export function windowStoreContract(name: string,
  open: (of: EventSchema, retentionMs: number) => PersistentWindowStore): void {
  const day = 86_400_000;
  const card = schema.byPath.get('card.id')!;
  const debtor = schema.byPath.get('debtor.account_id')!;
  const creditor = schema.byPath.get('creditor.account_id')!;
  const store = (retentionMs = 30 * day): PersistentWindowStore => open(schema, retentionMs);
  const amountsOf = (of: PersistentWindowStore, field = card, value = 'k1', tenant = 'main'): number[] => {
    const log = of.log(tenant, field, value);
    if (log === undefined) return [];
    const { number } = slots('amount');
    return [...log.rows.subarray(log.from, log.to)]
      .map((row) => of.columns.numbers[number]![row >>> PAGE_SHIFT]![row & PAGE_MASK]!);
  };
  const pay = (position: number, at: number, fields: Parameters<typeof makeEvent>[1]['fields'],
    more = {}): ParsedEvent =>
    makeEvent(schema, { id: `tx_${position}`, at, position, fields: fields ?? {}, ...more });

  test(`${name}: logs are in (t, arrival) order`, () => {
    const one = store();
    STORY.forEach(({ at, card: k, amount, log, why }, i) => {
      one.append(pay(i + 1, at, { 'card.id': k, amount: [amount, 'EUR'] }));
      deepStrictEqual(amountsOf(one, card, k), log, why);
    });
    strictEqual(one.size.events, STORY.length);
    strictEqual(one.size.entities, 2);
    const row = one.append(pay(9, 4_000, { 'card.id': 'k1', amount: [7, 'EUR'] }));
    deepStrictEqual(one.logAt(card, row), one.log('main', card, 'k1'), 'by row it is the same log');
    strictEqual(one.logAt(debtor, row), undefined, 'the event has no debtor');
  });

  test(`${name}: an event is in the log of every indexed field it has, and tenants do not see each other`,
    () => {
    const one = store();
    one.append(pay(1, 1_000, { 'debtor.account_id': 'a', 'creditor.account_id': 'b', amount: [1, 'EUR'] }));
    one.append(pay(2, 2_000, { 'debtor.account_id': 'b', amount: [2, 'EUR'] }));
    one.append(pay(3, 3_000, { 'debtor.account_id': 'b', amount: [3, 'EUR'] }, { tenant: 'other' }));
    deepStrictEqual(amountsOf(one, debtor, 'a'), [1]);
    deepStrictEqual(amountsOf(one, creditor, 'b'), [1], 'a creditor is not a debtor');
    deepStrictEqual(amountsOf(one, debtor, 'b'), [2]);
    deepStrictEqual(amountsOf(one, debtor, 'b', 'other'), [3]);
    strictEqual(one.log('main', debtor, 'nobody'), undefined);
  });

  test(`${name}: a status or label is seen from the time it was known`, () => {
    const one = store();
    const row = one.append(pay(1, 1_000, { 'card.id': 'k1', status: 'attempted' }));
    strictEqual(one.append(pay(2, 1_100, {}, { type: 'status' })), -1, 'a status event has no row');
    strictEqual(one.change('main', 'tx_1', 'status', 'settled', 3_000), true);
    strictEqual(one.change('main', 'tx_1', 'status', 'approved', 2_000), true);
    strictEqual(one.change('main', 'tx_1', 'label', 'chargeback', 2_500), true);
    deepStrictEqual([1_999, 2_000, 2_999, 3_000].map((t) => one.statusAt(row, t)),
      ['attempted', 'approved', 'approved', 'settled']);
    deepStrictEqual([2_499, 2_500].map((t) => one.labelAt(row, t)), [undefined, 'chargeback']);
    one.change('main', 'tx_1', 'status', 'reversed', 3_000);
    strictEqual(one.statusAt(row, 3_000), 'reversed',
      'of two known from the same moment the later arrival holds');
  });

  test(`${name}: a change before its transaction waits for it`, () => {
    const one = store();
    strictEqual(one.change('main', 'tx_1', 'status', 'reversed', 500), false);
    strictEqual(one.change('other', 'tx_1', 'status', 'declined', 500), false);
    const row = one.append(pay(1, 1_000, { 'card.id': 'k1', status: 'attempted' }));
    strictEqual(one.statusAt(row, 1_000), 'reversed');
    strictEqual(one.statusAt(row, 499), 'attempted');
  });

  test(`${name}: what is past its retention is forgotten, and with it all that it needed`, () => {
    const one = store(day);
    const started = one.size;
    for (let i = 0; i < 3_000; i++) {
      one.append(pay(i + 1, i * 3_600_000,
        { 'card.id': `k${i % 7}`, 'merchant.id': `m${i}`, status: 'attempted' }));
      one.change('main', `tx_${i + 1}`, 'status', `settled`, i * 3_600_000);
    }
    // A day is kept, and the seven days by which an event may be late.
    strictEqual(one.size.events, 8 * 24);
    strictEqual(one.size.entities, 8 * 24 + 7);
    strictEqual(one.rowOf('main', 'tx_1'), -1);
    strictEqual(one.size.texts - started.texts, 8 * 24 + 7 + 1 + 2, 'merchants, cards, tenant, two statuses');
  });

  test(`${name}: a refund inherits what it does not say from its transaction`, () => {
    const one = store();
    one.append(pay(1, 1_000, { 'card.id': 'k1', amount: [500, 'EUR'], status: 'approved',
      location: [48.1, 2.3] }));
    const refund = pay(2, 2_000, { amount: [200, 'USD'] }, { type: 'refund' });
    one.inherit(refund, one.rowOf('main', 'tx_1'));
    strictEqual(refund.texts[slots('card.id').text], 'k1');
    strictEqual(refund.texts[slots('status').text], undefined);
    deepStrictEqual([refund.numbers[slots('amount').number], refund.texts[slots('amount').text]],
      [200, 'USD']);
    const { numberSlot, secondNumberSlot } = schema.byPath.get('location')!;
    deepStrictEqual([refund.numbers[numberSlot], refund.numbers[secondNumberSlot]], [48.1, 2.3]);
    strictEqual(one.rowOf('other', 'tx_1'), -1);
  });

  test(`${name}: a trial leaves no trace`, () => {
    const one = store();
    one.append(pay(1, 1_000, { 'card.id': 'k1', amount: [1, 'EUR'] }));
    const saved = Buffer.concat([...one.saveState()]);
    const seen = one.trial(pay(-1, 1_000, { 'card.id': 'k1', 'merchant.id': 'm', amount: [2, 'EUR'] }),
      () => amountsOf(one));
    deepStrictEqual(seen, [1, 2]);
    deepStrictEqual(amountsOf(one), [1]);
    deepStrictEqual(Buffer.concat([...one.saveState()]), saved);
  });

  test(`${name}: marks of an entity are kept while they can hold`, () => {
    const one = store();
    const mark = { name: 'drain_hold', value: 1, fromMs: 1_000, untilMs: Infinity };
    one.mark('main', debtor, 'a', mark);
    deepStrictEqual(one.marks('main', debtor, 'a'), [mark]);
    deepStrictEqual([one.marks('main', creditor, 'a'), one.marks('other', debtor, 'a')], [[], []]);
    one.mark('main', debtor, 'b', { ...mark, untilMs: 2_000 });
    one.append(pay(1, 30 * day, {}));
    for (let i = 0; i < 3; i++) one.mark('main', debtor, 'c', mark);
    deepStrictEqual([one.marks('main', debtor, 'a').length, one.marks('main', debtor, 'b').length], [1, 0]);
  });

  test(`${name}: a mark without an end is kept as long as an event`, () => {
    const one = store();
    const endless = { name: 'fan_out', value: 3, fromMs: 0, untilMs: Infinity };
    one.mark('main', debtor, 'a', endless);
    const told = (at: number): number => {
      one.append(pay(1 + at, at, {}));
      one.mark('main', creditor, 'b', { ...endless, fromMs: at });
      return one.marks('main', debtor, 'a').length;
    };
    // Seven days of lateness come on top.
    deepStrictEqual([told(one.retentionMs + 7 * day - 1), told(one.retentionMs + 7 * day)], [1, 0]);
  });

  test(`${name}: marks set over and over push out none of another name`, () => {
    const one = store();
    const mark = { name: 'drain_hold', value: 1, fromMs: 1_000, untilMs: Infinity };
    one.mark('main', debtor, 'a', mark);
    for (let i = 0; i < 3 * LIMITS.marksPerEntityMax; i++) {
      one.mark('main', debtor, 'a', { ...mark, name: 'seen', fromMs: 2_000 + i });
    }
    const marks = one.marks('main', debtor, 'a');
    deepStrictEqual([marks.length, marks[0]], [LIMITS.marksPerEntityMax, mark]);
    strictEqual(marks.at(-1)?.fromMs, 2_000 + 3 * LIMITS.marksPerEntityMax - 1);
  });
}
