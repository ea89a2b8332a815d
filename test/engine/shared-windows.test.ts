/** Another version that measures the same goes on with the windows of the one before it. */
import { deepEqual, equal, notEqual } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { EngineState } from '#decisioning/state.ts';
import { eventSchema } from '#domain/field.ts';
import { isRefusal, parseTransactionCall } from '#domain/parse-event.ts';
import { POLICY, publicationOf } from './engine-world.ts';

const schema = eventSchema([]);
const NOW_MS = Date.UTC(2026, 0, 15, 12);

const newState = (): EngineState => new EngineState(schema, new LocalWindowStore(schema));
const windowsOf = (state: EngineState) => state.live?.policies[0]?.bound.features;

function pay(state: EngineState, position: number): unknown {
  const bytes = Buffer.from(JSON.stringify({
    transaction: {
      id: `t${position}`, occurred_at: new Date(NOW_MS).toISOString(), kind: 'card', direction: 'debit',
      amount: { value: `${position}.00`, currency: 'EUR' }, card: { id: 'c' }, status: 'approved',
      debtor: { account_id: position % 2 === 0 ? 'a' : 'b' },
    },
  }));
  const parsed = parseTransactionCall(bytes, schema, NOW_MS, 'default');
  const admitted = isRefusal(parsed) ? parsed : state.admit(parsed.event);
  if (isRefusal(admitted)) throw new Error(admitted.detail);
  const { decision } = state.judge(admitted, position);
  return { ...decision, policy: undefined };
}

describe('a second version', () => {
  const stricter = POLICY.replace('version: 1', 'version: 2')
    .replace('card_count_1h > 3', 'card_count_1h > 2');
  const wider = POLICY.replace('version: 1', 'version: 2')
    .replace('count(by card over 1h)', 'count(by card over 2h)');
  const reordered = POLICY.replace('version: 1', 'version: 2')
    .replace('  large: 1_000 EUR', '  small: 1 EUR\n  large: 1_000 EUR');
  for (const [what, source, shares] of [
    ['with another threshold shares its windows', stricter, true],
    ['with another window has windows of its own', wider, false],
    ['with one parameter more shares them: none of its windows reads one', reordered, true],
  ] as const) {
    test(`${what}, and judges as if it had been the first`, () => {
      const one = newState();
      one.publish(publicationOf(POLICY), 1);
      const before = windowsOf(one);
      for (const position of [2, 3]) pay(one, position);
      one.publish(publicationOf(source), 4);
      (shares ? equal : notEqual)(windowsOf(one), before);
      const other = newState();
      other.publish(publicationOf(source), 1);
      for (const position of [2, 3]) pay(other, position);
      for (const position of [5, 6, 7]) deepEqual(pay(one, position), pay(other, position));
    });
  }

  for (const [reader, shares] of [['rule', true], ['window', false]] as const) {
    test(`under a list of which a ${reader} asks ${shares ? 'shares' : 'does not share'} its windows`, () => {
      const asks = 'card in list("odd")';
      const source = (reader === 'rule' ? POLICY.replace('card_count_1h > 3', `${asks} or card_count_1h > 3`)
        : POLICY.replace('count(by card over 1h)', `count(by card over 1h where ${asks})`))
        .replace('features:', 'lists: { odd: { of: card, managed: true } }\nfeatures:');
      const under = (value: string) =>
        ({ ...publicationOf(source), lists: [{ name: 'odd', entries: [{ value }] }] });
      const one = newState();
      one.publish(under('x'), 1);
      const before = windowsOf(one);
      for (const position of [2, 3]) pay(one, position);
      one.publish(under('c'), 4);
      (shares ? equal : notEqual)(windowsOf(one), before);
      const other = newState();
      other.publish(under('c'), 1);
      for (const position of [2, 3]) pay(other, position);
      for (const position of [5, 6, 7]) deepEqual(pay(one, position), pay(other, position));
    });
  }

  test('under other exchange rates has windows of its own', () => {
    const state = newState();
    const publication = publicationOf(POLICY);
    state.publish(publication, 1);
    const before = windowsOf(state);
    state.publish({ ...publication, rates: { ...publication.rates, version: 'test-2' } }, 2);
    notEqual(windowsOf(state), before);
  });
});
