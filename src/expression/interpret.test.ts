/** What an unknown is blamed on: the decision shows it to people. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ParsedEvent } from '#domain/event.ts';
import { eventSchema } from '#domain/field.ts';
import { emptyRateTable } from '#domain/rates.ts';
import { checkExpression } from './check.ts';
import { interpret, missingCause, type World } from './interpret.ts';
import { parseExpression } from './parse.ts';
import { fieldScope } from './scope.ts';
import { missing } from './value.ts';

const SCHEMA = eventSchema();

/** An event with these fields and no other; numbers are minor units, instants are ms. */
function eventWith(fields: Readonly<Record<string, number | string>>): ParsedEvent {
  const numbers = Array.from({ length: SCHEMA.numberSlotCount }, () => Number.NaN);
  const texts: (string | undefined)[] = Array.from({ length: SCHEMA.textSlotCount }, () => undefined);
  for (const [path, value] of Object.entries(fields)) {
    const field = SCHEMA.byPath.get(path);
    if (typeof value === 'number') numbers[field?.numberSlot ?? -1] = value;
    else texts[field?.textSlot ?? -1] = value;
  }
  return { type: 'transaction', tenant: 't', id: 'tx', position: 1, receivedAtMs: 0, numbers, texts };
}

const WORLD: World = {
  current: eventWith({ t: 1_000, kind: 'card' }),
  feature: (_, name) => (name === 'n' ? { kind: 'number', value: 3 } : missing('no_history', name)),
  param: (_, name) => missing('absent', name),
  inList: () => false,
  rates: emptyRateTable('EUR'),
  mark: () => undefined,
  salt: '',
};

function checked(source: string) {
  const parsed = parseExpression(source);
  if ('errors' in parsed) throw new Error(JSON.stringify(parsed.errors));
  const int = { kind: 'int' } as const;
  const features = new Map([['n', { index: 0, type: int }], ['usual', { index: 1, type: int }]]);
  const result = checkExpression(parsed.expr, { ...fieldScope(SCHEMA), features });
  if ('errors' in result) throw new Error(JSON.stringify(result.errors));
  return result.expr;
}

for (const [source, name, reason] of [
  ['card.country == "NO"', 'card.country', 'absent'],
  ['n > 3 * usual', 'usual', 'no_history'],
  ['kind == "card" and usual > 2 and channel == "atm"', 'usual', 'no_history'],
  ['n / (n - n) > 1', 'n / (n - n)', 'division_by_zero'],
  ['n + 9_007_199_254_740_991 > 1', 'n + 9007199254740991', 'overflow'],
  ['require n >= 5 else unknown; n > 1', 'n', 'required'],
  ['require usual >= 5 else unknown; n > 1', 'usual', 'no_history'],
  ['fact("fan_out", card, max_age 10m) > 1', 'card.id', 'absent'],
] as const) {
  test(`${source} is unknown because of ${name}: ${reason}`, () => {
    assert.deepEqual(missingCause(checked(source), WORLD), { name, reason });
  });
}

test('amounts and facts say what they lack', () => {
  const world = { ...WORLD, current: eventWith({ t: 1_000, 'card.id': 'c1', amount: 500 }) };
  world.current.texts[SCHEMA.byPath.get('amount')?.textSlot ?? -1] = 'CHF';
  assert.deepEqual(missingCause(checked('amount as EUR > 1 EUR'), world),
    { name: 'amount', reason: 'no_rate' });
  const fact = checked('fact("fan_out", card, max_age 10m) > 1');
  assert.deepEqual(missingCause(fact, world), { name: 'fan_out', reason: 'stale' });
});

test('what decides in spite of an unknown side is known', () => {
  assert.equal(missingCause(checked('usual > 3 or kind == "card"'), WORLD), undefined);
  assert.deepEqual(interpret(checked('usual > 3 and kind == "cash"'), WORLD), { kind: 'bool', value: false });
  assert.deepEqual(interpret(checked('missing(usual)'), WORLD), { kind: 'bool', value: true });
});
