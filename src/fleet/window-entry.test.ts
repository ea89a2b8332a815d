import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EVENT_TYPES, eventSchema, type CustomField } from '#domain/field.ts';
import type { ParsedEvent } from '#domain/event.ts';
import { carriedFields, CUSTOM_CODE, FIELD_CODES } from './field-codes.ts';
import { EntryCodec, SEEN_BYTES } from './window-entry.ts';

const CUSTOM: readonly CustomField[] = [
  { name: 'basket', type: 'int', history: true, description: 'items' },
  { name: 'note', type: 'string', history: false, description: 'now only' },
  { name: 'total', type: 'money', history: true, description: 'with currency' },
];
const schema = eventSchema(CUSTOM);
const pin = { receivedAtMs: 1_700_000_000_000.5, publication: 7, digest: new Uint8Array(16).fill(9) };

const number = fc.oneof(fc.constant(Number.NaN), fc.double({ noNaN: true }), fc.maxSafeInteger());
const text = fc.option(fc.string({ unit: 'grapheme', maxLength: 40 }), { nil: undefined });
const event = fc.record({
  type: fc.constantFrom(...EVENT_TYPES), id: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 128 }),
  numbers: fc.array(number, { minLength: schema.numberSlotCount, maxLength: schema.numberSlotCount }),
  texts: fc.array(text, { minLength: schema.textSlotCount, maxLength: schema.textSlotCount }),
}).map((one): ParsedEvent => ({ ...one, tenant: 'main', position: 0, receivedAtMs: pin.receivedAtMs }));

test('every field that windows read has a number of its own, for ever', () => {
  const builtIn = carriedFields(eventSchema()).map(({ path }) => path);
  deepEqual(builtIn.toSorted(), Object.keys(FIELD_CODES).toSorted());
  const codes = Object.values(FIELD_CODES);
  equal(new Set(codes).size, codes.length);
  ok(!codes.includes(CUSTOM_CODE));
  deepEqual([FIELD_CODES['t'], FIELD_CODES['card.id'], FIELD_CODES['purpose']], [1, 24, 34]);
});

test('an event reads as it was written, but for what windows do not keep', () => {
  const codec = new EntryCodec(schema);
  fc.assert(fc.property(event, (one) => {
    const read = codec.read(codec.writeEvent(one, pin));
    ok(read.kind === 'event');
    deepEqual({ type: read.type, id: read.id, pin: { ...read.pin, digest: [...read.pin.digest] } },
      { type: one.type, id: one.id, pin: { ...pin, digest: [...pin.digest] } });
    for (const { numberSlot, secondNumberSlot, textSlot } of carriedFields(schema)) {
      for (const slot of [numberSlot, secondNumberSlot]) {
        if (slot >= 0) ok(Object.is(read.numbers[slot], one.numbers[slot]));
      }
      if (textSlot >= 0) equal(read.texts[textSlot], one.texts[textSlot]);
    }
  }));
});

test('a program that does not know a custom field passes over it', () => {
  const written = new EntryCodec(schema).writeEvent({
    type: 'transaction', id: 'a', tenant: 'main', position: 0, receivedAtMs: 0,
    numbers: Array.from({ length: schema.numberSlotCount }, (_, i) => i),
    texts: Array.from({ length: schema.textSlotCount }, (_, i) => `${i}`),
  }, pin);
  const older = eventSchema();
  const read = new EntryCodec(older).read(written);
  ok(read.kind === 'event');
  equal(read.texts[older.byPath.get('card.id')!.textSlot], `${schema.byPath.get('card.id')!.textSlot}`);
});

test('changes, marks and looks', () => {
  const codec = new EntryCodec(schema);
  const told = { what: 'label', knownAtMs: 5, transactionId: 'tx', value: 'genuine' } as const;
  const change = { kind: 'change', ...told } as const;
  deepEqual(codec.read(codec.writeChange(change)), change);
  const mark = { name: 'watched', value: 1.5, fromMs: -3, untilMs: Infinity };
  deepEqual(codec.read(codec.writeMark(mark)), { kind: 'mark', mark });
  deepEqual(codec.read(SEEN_BYTES), { kind: 'seen' });
});

test('bytes that are no entry are refused', () => {
  const codec = new EntryCodec(schema);
  const whole = codec.writeMark({ name: 'a', value: 1, fromMs: 0, untilMs: 1 });
  for (const bytes of [Uint8Array.of(), Uint8Array.of(99), whole.subarray(0, 20), whole.subarray(0, -1)]) {
    throws(() => codec.read(bytes), RangeError);
  }
});
