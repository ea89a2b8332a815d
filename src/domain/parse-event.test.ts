import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isIP } from 'node:net';
import fc from 'fast-check';
import { eventSchema } from './field.ts';
import type { CustomField } from './field.ts';
import { isRefusal, parseEventCall, parseLabelCall, parseTransactionCall } from './parse-event.ts';
import { parseIp } from './parse-ip.ts';
import type { Refusal } from './refusal.ts';
import { eventCallSchema, transactionCallSchema } from './transaction-schema.ts';

const custom: readonly CustomField[] = [
  { name: 'vip', type: 'bool', history: true, description: 'a customer we know' },
  { name: 'items', type: 'int', history: true, description: 'pieces' },
  { name: 'ratio', type: 'decimal', history: true, description: 'a share' },
  { name: 'shop', type: 'string', history: true, description: 'a shop' },
  { name: 'fee', type: 'money', history: true, description: 'our fee' },
  { name: 'since', type: 'instant', history: true, description: 'a time' },
  { name: 'due', type: 'date', history: true, description: 'a date' },
];
const schema = eventSchema(custom);
const RECEIVED_MS = Date.UTC(2026, 10, 23, 10, 0, 1);

const least = {
  id: 'tx_1',
  occurred_at: '2026-11-23T10:00:00.123Z',
  kind: 'card',
  amount: { value: '120.50', currency: 'EUR' },
};
const party = (n: number) => ({
  account_id: `acc_${n}`,
  customer_id: `cus_${n}`,
  name: `Name ${n}`,
  country: 'DE',
  birth_date: '1980-02-29',
  type: 'individual',
  segment: 'retail',
  opened_at: '2020-01-01T00:00:00Z',
  added_at: '2021-01-01T00:00:00Z',
  changed_at: '2022-01-01T00:00:00+01:00',
  balance: { value: '-1.00', currency: 'EUR' },
});
const full = {
  ...least,
  direction: 'debit',
  channel: 'ecom',
  status: 'attempted',
  debtor: party(1),
  creditor: party(2),
  card: { id: 'c_1', bin: '411111', country: 'DE' },
  merchant: { id: 'm_1', mcc: '5732', country: 'NL' },
  terminal: { id: 't_1' },
  device: { id: 'd_1', ip: '2001:DB8::0001' },
  location: { lat: -0, lon: 4.5 },
  purpose: 'GDDS',
  reference: 'Rechnung 7 – Größe',
  custom: {
    vip: true,
    items: 3,
    ratio: 0.25,
    shop: 's',
    fee: { value: '7', currency: 'JPY' },
    since: '2026-01-01T00:00:00Z',
    due: '1970-01-02',
  },
};

const parseText = (text: string | Uint8Array) =>
  parseTransactionCall(typeof text === 'string' ? Buffer.from(text) : text, schema, RECEIVED_MS, 'acme');
const parse = (transaction: object) => parseText(JSON.stringify({ transaction }));
const parseEvent = (event: object) =>
  parseEventCall(Buffer.from(JSON.stringify({ event })), schema, RECEIVED_MS, 'acme');

function good<T extends object>(result: T | Refusal): T {
  if (isRefusal(result)) throw new Error(result.detail);
  return result;
}
const bad = (result: object): [string, string[]] => {
  ok(isRefusal(result), 'it was accepted');
  return [result.code, result.errors.map(({ pointer }) => pointer)];
};

describe('a payment becomes a parsed event', () => {
  test('every field of the event schema can be sent and is read', () => {
    const { event, request } = good(parse(full));
    const unread = schema.fields.filter(
      (field) =>
        (field.numberSlot < 0 || Number.isNaN(event.numbers[field.numberSlot])) &&
        (field.textSlot < 0 || event.texts[field.textSlot] === undefined),
    );
    deepEqual(
      unread.map(({ path }) => path),
      ['label'],
    );
    deepEqual(request, JSON.parse(JSON.stringify(full)));
    deepEqual(
      [event.type, event.tenant, event.id, event.position, event.receivedAtMs],
      ['transaction', 'acme', 'tx_1', -1, RECEIVED_MS],
    );
  });
  test('values are exact', () => {
    const { event } = good(parse(full));
    const value = (path: string) => {
      const field = schema.byPath.get(path);
      ok(field);
      return [field.numberSlot, field.secondNumberSlot]
        .filter((slot) => slot >= 0)
        .map((slot) => event.numbers[slot])
        .concat(field.textSlot < 0 ? [] : [event.texts[field.textSlot] as never]);
    };
    deepEqual(value('t'), [Date.UTC(2026, 10, 23, 10, 0, 0, 123)]);
    deepEqual(value('amount'), [12_050, 'EUR']);
    deepEqual(value('debtor.balance'), [-100, 'EUR']);
    deepEqual(value('debtor.birth_date'), [3_711]);
    deepEqual(value('debtor.changed_at'), [Date.UTC(2021, 11, 31, 23)]);
    deepEqual(value('location'), [0, 4.5]);
    deepEqual(value('device.ip'), ['2001:db8::1']);
    deepEqual(value('custom.vip'), [1]);
    deepEqual(value('custom.fee'), [7, 'JPY']);
    deepEqual(value('custom.due'), [1]);
    deepEqual(value('event'), ['transaction']);
  });
  test('absent and null are the same missing', () => {
    const absent = good(parse(least)).event;
    const nulls = good(
      parse({
        ...least,
        status: null,
        debtor: null,
        card: { id: null, bin: null },
        location: null,
        custom: { fee: null },
      }),
    ).event;
    deepEqual(nulls, absent);
    equal(absent.numbers.length, schema.numberSlotCount);
    equal(absent.texts.length, schema.textSlotCount);
  });
  test('what the JSON schema names is what the event schema names', () => {
    const { properties } = transactionCallSchema(schema).properties.transaction;
    const names = Object.entries(properties).flatMap(([name, shape]) => {
      const inner = (shape as { properties?: object }).properties;
      return inner === undefined || ['amount', 'location'].includes(name)
        ? [name]
        : Object.keys(inner).map((second) => `${name}.${second}`);
    });
    const known = schema.fields.map(({ path }) => (path === 't' ? 'occurred_at' : path));
    deepEqual(names.toSorted(), known.filter((path) => path !== 'event' && path !== 'label').toSorted());
  });
  test('more than 64 custom fields are refused at start', () => {
    const many = Array.from({ length: 65 }, (_, i) => ({ ...custom[0], name: `f${i}` }) as CustomField);
    throws(() => transactionCallSchema(eventSchema(many)), /65 custom fields; at most 64/);
  });
});

describe('a bad payment is refused with a code and a pointer', () => {
  const T = '/transaction';
  const cases: readonly (readonly [what: string, change: object, pointers: string[]])[] = [
    ['an unknown field', { colour: 'red' }, [`${T}/colour`]],
    ['an unknown field inside', { card: { id: 'c', number: '4111' } }, [`${T}/card/number`]],
    ['an undeclared custom field', { custom: { nope: 1 } }, [`${T}/custom/nope`]],
    ['a number as id', { id: 1 }, [`${T}/id`]],
    ['an empty id', { id: '' }, [`${T}/id`]],
    ['an id of 129 characters', { id: 'x'.repeat(129) }, [`${T}/id`]],
    ['a null id', { id: null }, [`${T}/id`]],
    ['a text of 513 characters', { reference: 'x'.repeat(513) }, [`${T}/reference`]],
    ['a number as amount', { amount: { value: 120.5, currency: 'EUR' } }, [`${T}/amount/value`]],
    ['an amount without currency', { amount: { value: '1' } }, [`${T}/amount/currency`]],
    ['three decimals of EUR', { amount: { value: '1.234', currency: 'EUR' } }, [`${T}/amount/value`]],
    ['decimals of JPY', { amount: { value: '1.0', currency: 'JPY' } }, [`${T}/amount/value`]],
    ['a currency that is none', { amount: { value: '1', currency: 'XXQ' } }, [`${T}/amount/currency`]],
    ['a currency in small letters', { amount: { value: '1', currency: 'eur' } }, [`${T}/amount/currency`]],
    ['a negative amount', { amount: { value: '-1.00', currency: 'EUR' } }, [`${T}/amount/value`]],
    ['an amount of minus zero', { amount: { value: '-0', currency: 'EUR' } }, [`${T}/amount/value`]],
    ['an amount with an exponent', { amount: { value: '1e400', currency: 'EUR' } }, [`${T}/amount/value`]],
    ['2^53 cents', { amount: { value: '90071992547409.92', currency: 'EUR' } }, [`${T}/amount/value`]],
    ['an amount of 25 digits', { amount: { value: '1'.repeat(25), currency: 'EUR' } }, [`${T}/amount/value`]],
    ['a day that is not', { occurred_at: '2026-02-29T10:00:00.123Z' }, [`${T}/occurred_at`]],
    ['a time without offset', { occurred_at: '2026-02-28T10:00:00.123' }, [`${T}/occurred_at`]],
    ['a time as a number', { occurred_at: 1795428000123 }, [`${T}/occurred_at`]],
    ['a wrong kind', { kind: 'crad' }, [`${T}/kind`]],
    ['a status that comes later', { status: 'charged_back' }, [`${T}/status`]],
    ['a country in full', { debtor: { country: 'Germany' } }, [`${T}/debtor/country`, `${T}/debtor/country`]],
    ['a birth date that is not', { debtor: { birth_date: '1981-02-29' } }, [`${T}/debtor/birth_date`]],
    ['a list as debtor', { debtor: [] }, [`${T}/debtor`]],
    ['an IP address that is not', { device: { ip: '256.1.1.1' } }, [`${T}/device/ip`]],
    ['a latitude beyond the pole', { location: { lat: 90.1, lon: 0 } }, [`${T}/location/lat`]],
    ['half a place', { location: { lat: 1 } }, [`${T}/location/lon`]],
    ['a fraction of an item', { custom: { items: 1.5 } }, [`${T}/custom/items`]],
    ['more than 2^53 items', { custom: { items: 2 ** 53 } }, [`${T}/custom/items`]],
    ['two faults', { kind: 'x', id: 1 }, [`${T}/id`, `${T}/kind`]],
    [
      'two values that are none',
      {
        amount: { value: '1.234', currency: 'EUR' },
        device: { ip: 'x' },
      },
      [`${T}/amount/value`, `${T}/device/ip`],
    ],
  ];
  for (const [what, change, pointers] of cases) {
    test(what, () => deepEqual(bad(parse({ ...least, ...change })), ['invalid', pointers]));
  }
  const { kind: _, ...withoutKind } = least;
  const texts: readonly (readonly [what: string, text: string, code: string, pointer: string])[] = [
    ['not an object', '[]', 'invalid', ''],
    ['null', 'null', 'invalid', ''],
    ['the payment without its envelope', JSON.stringify(least), 'invalid', '/transaction'],
    [
      'a required field that is absent',
      JSON.stringify({ transaction: withoutKind }),
      'invalid',
      '/transaction/kind',
    ],
    ['two envelopes', JSON.stringify({ transaction: least, event: {} }), 'invalid', '/event'],
    ['a prototype', `{"transaction":{"__proto__":{"kind":"card"}}}`, 'invalid', '/transaction/__proto__'],
    ['a prototype outside', `{"__proto__":{},"transaction":{}}`, 'invalid', '/__proto__'],
    [
      'an infinite latitude',
      `{"transaction":{"location":{"lat":1e400,"lon":0}}}`,
      'invalid',
      '/transaction/location/lat',
    ],
    ['a key twice', `{"transaction":{"id":"a","id":"b"}}`, 'invalid', '/transaction/id'],
    ['100,000 brackets', '['.repeat(100_000), 'too_large', ''],
    ['an id of 1 MB', JSON.stringify({ transaction: { ...least, id: 'x'.repeat(1e6) } }), 'too_large', ''],
    [
      'an id of 60 kB',
      JSON.stringify({ transaction: { ...least, id: 'x'.repeat(6e4) } }),
      'invalid',
      '/transaction/id',
    ],
    ['not JSON', 'hello', 'not_json', ''],
  ];
  for (const [what, text, code, pointer] of texts) {
    test(what, () => {
      const [found, pointers] = bad(parseText(text));
      equal(found, code);
      ok(pointers.includes(pointer), `${pointers.join(' ')} lacks "${pointer}"`);
    });
  }
  test('5,000 unknown fields give 16 errors, with the count of the rest', () => {
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_unused, i) => [`f${i}`, 1]));
    const refusal = parse({ ...least, ...many });
    ok(isRefusal(refusal));
    equal(refusal.errors.length, 16);
    equal(refusal.detail.endsWith('(and 4999 more)'), true);
  });
  test('a slip is answered with what was probably meant', () => {
    const refusal = parse({ ...least, merchant: { mmc: '5732' } });
    deepEqual(isRefusal(refusal) && refusal.errors, [
      { pointer: '/transaction/merchant/mmc', detail: 'unknown field; did you mean mcc?' },
    ]);
  });
  test('any change to any value is a refusal or an event, never a throw', () => {
    const paths = [...schema.byPath.keys(), 'occurred_at', 'amount.value', 'amount.currency', 'location.lat'];
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.jsonValue({ maxDepth: 3 }), (path, value) => {
        const copy: Record<string, unknown> = structuredClone(full);
        const [first = '', second] = path.split('.');
        if (second === undefined) copy[first] = value;
        else copy[first] = { ...(copy[first] as object), [second]: value };
        const result = parse(copy);
        if (isRefusal(result))
          ok(result.errors.length > 0 && result.errors.every(({ pointer }) => pointer !== ''));
        else equal(result.event.numbers.length, schema.numberSlotCount);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('an event says what its type needs', () => {
  const base = { id: 'ev_1', occurred_at: '2026-11-23T10:00:00Z' };
  const complete: Readonly<Record<string, object>> = {
    login: { device: { id: 'd' } },
    payee_added: {},
    profile_change: {},
    refund: { transaction_id: 'tx_1', amount: { value: '1.00', currency: 'EUR' } },
    status: { transaction_id: 'tx_1', status: 'charged_back' },
    label: { transaction_id: 'tx_1', label: 'chargeback', known_at: '2026-11-24T10:00:00Z' },
    fact: { card: { id: 'c_1' }, fact: { name: 'fan_out', value: 3 } },
  };
  for (const [type, needs] of Object.entries(complete)) {
    test(`${type} with everything`, () => {
      const { event } = good(parseEvent({ ...base, type, ...needs }));
      equal(event.type, type);
      equal(event.texts[schema.byPath.get('event')?.textSlot ?? -1], type);
    });
    for (const left of Object.keys(needs).filter(
      (name) => name !== 'known_at' && name !== 'card' && name !== 'device',
    )) {
      test(`${type} without ${left}`, () =>
        deepEqual(bad(parseEvent({ ...base, type, ...needs, [left]: null })), [
          'invalid',
          [`/event/${left}`],
        ]));
    }
  }
  test('known_at is said, or else occurred_at', () => {
    const label = { ...base, type: 'label', ...complete['label'] };
    equal(good(parseEvent(label)).knownAtMs, Date.UTC(2026, 10, 24, 10));
    equal(good(parseEvent({ ...label, known_at: null })).knownAtMs, Date.UTC(2026, 10, 23, 10));
    deepEqual(bad(parseEvent({ ...label, known_at: '2026-13-24T10:00:00Z' })), [
      'invalid',
      ['/event/known_at'],
    ]);
  });
  test('a fact is about exactly one entity', () => {
    const fact = {
      ...base,
      type: 'fact',
      fact: { name: 'n', value: -0, valid_until: '2026-12-01T00:00:00Z' },
    };
    const { fact: found } = good(parseEvent({ ...fact, device: { ip: '::FFFF:10.0.0.1' } }));
    deepEqual(found && { ...found, field: found.field.path }, {
      name: 'n',
      value: 0,
      untilMs: Date.UTC(2026, 11, 1),
      field: 'device.ip',
      entity: '10.0.0.1',
    });
    deepEqual(bad(parseEvent(fact)), ['invalid', ['/event']]);
    deepEqual(bad(parseEvent({ ...fact, card: { id: 'a' }, device: { id: 'b' } })), ['invalid', ['/event']]);
  });
  test('a transaction is not told as an event', () =>
    deepEqual(bad(parseEvent({ ...base, type: 'transaction' })), ['invalid', ['/event/type']]));
  test('every event type but transaction has a case here', () =>
    deepEqual(
      Object.keys(complete).toSorted(),
      (eventCallSchema(schema).properties.event.properties.type as { enum?: string[] }).enum?.toSorted(),
    ));
});

test('a label call has a label, its time, and nothing else', () => {
  const label = { label: 'chargeback', occurred_at: '2026-11-23T10:00:00Z' };
  const call = (body: object) => parseLabelCall(Buffer.from(JSON.stringify(body)));
  deepEqual(good(call(label)), { label });
  deepEqual(bad(call({ ...label, label: 'fraudish' })), ['invalid', ['/label']]);
  deepEqual(bad(call({ ...label, occurred_at: '2026-11-31T10:00:00Z' })), ['invalid', ['/occurred_at']]);
  deepEqual(bad(call({ ...label, note: 'x' })), ['invalid', ['/note']]);
  deepEqual(bad(parseLabelCall(Buffer.from('{'))), ['not_json', ['']]);
});

describe('an IP address has one spelling', () => {
  for (const [written, spelled] of [
    ['1.2.3.4', '1.2.3.4'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['::1', '::1'],
    ['01.2.3.4', undefined],
    ['1.2.3', undefined],
    ['1.2.3.4.', undefined],
    ['0x7f.1', undefined],
    ['[::1]', undefined],
    ['fe80::1%eth0', undefined],
    ['', undefined],
    ['::1/64', undefined],
  ] as const) {
    test(`${written} -> ${spelled}`, () => equal(parseIp(written), spelled));
  }
  test('what is an address is what node:net says', () => {
    const letters = fc.string({
      unit: fc.constantFrom('0', '1', '2', '9', 'a', 'f', ':', '.', 'F'),
      maxLength: 20,
    });
    const address = fc.oneof(letters, fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(address, (text) => {
        equal(parseIp(text) !== undefined, isIP(text) !== 0, text);
        const spelled = parseIp(text);
        if (spelled !== undefined) equal(parseIp(spelled), spelled);
      }),
      { numRuns: 3_000 },
    );
  });
});
