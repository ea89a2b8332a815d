import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { compilePolicy } from '#policy/compile-policy.ts';
import { bindLists } from '#policy/lists.ts';
import { eventSchema } from '#domain/field.ts';
import { emptyRateTable } from '#domain/rates.ts';
import type { ParsedEvent } from '#domain/event.ts';
import { decided, opened, POLICY, publicationOf } from '../../test/engine/engine-world.ts';
import { drawn, type Arm } from './challenger-draw.ts';
import { boundPolicy, livePolicy } from './live-policy.ts';

const SCHEMA = eventSchema();
const SLOT = 0;
const event = (id: string, text?: string): ParsedEvent =>
  ({ type: 'transaction', tenant: 't', id, position: -1, receivedAtMs: 0, numbers: [], texts: [text] });

function arm(name: string, share: number, salt = name, kinds = ''): Arm {
  const compiled = compilePolicy(POLICY.replace('policy: small', `policy: ${name}`)
    .replace('kinds: [card, transfer]', `kinds: [${kinds}]`), name, SCHEMA);
  if (!('policy' in compiled)) throw new Error('does not compile');
  const { policy } = compiled;
  const lists = bindLists([], new Map());
  if ('problems' in lists) throw new Error('no lists, no problems');
  const rates = { table: emptyRateTable('EUR'), text: '' };
  const live = livePolicy(boundPolicy(policy, lists, rates, new LocalWindowStore(SCHEMA)), undefined);
  return { live, share, salt, slot: SLOT };
}

const nameOf = (arms: readonly Arm[], one: ParsedEvent, kind = 'card'): string =>
  drawn(arms, one, kind)?.policy.name ?? 'control';

function countsOf(arms: readonly Arm[], ids: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const id of ids) counts[nameOf(arms, event(id))] = (counts[nameOf(arms, event(id))] ?? 0) + 1;
  return counts;
}

const IDS: Readonly<Record<string, readonly string[]>> = {
  numbered: Array.from({ length: 100_000 }, (_, i) => `tx-${i}`),
  padded: Array.from({ length: 100_000 }, (_, i) => `${i}`.padStart(12, '0')),
  hexadecimal: Array.from({ length: 100_000 }, (_, i) => (i * 2_654_435_761).toString(16)),
};

for (const [what, ids] of Object.entries(IDS)) {
  test(`shares are what they say, on 100,000 ${what} ids`, () => {
    const counts = countsOf([arm('a', 0.1), arm('b', 0.25), arm('c', 0.15)], ids);
    const expected = { a: 10_000, b: 25_000, c: 15_000, control: 50_000 };
    const chi = Object.entries(expected)
      .reduce((sum, [name, count]) => sum + ((counts[name] ?? 0) - count) ** 2 / count, 0);
    // 3 degrees of freedom: above 21.1 once in ten thousand times.
    ok(chi < 21.1, `chi-square ${chi}: ${JSON.stringify(counts)}`);
  });

  test(`two salts draw independently, on 100,000 ${what} ids`, () => {
    const table: Record<string, number> = {};
    for (const id of ids) {
      const cell = `${nameOf([arms.a], event(id))} ${nameOf([arms.b], event(id))}`;
      table[cell] = (table[cell] ?? 0) + 1;
    }
    const chi = ['a b', 'a control', 'control b', 'control control']
      .reduce((sum, cell) => sum + ((table[cell] ?? 0) - 25_000) ** 2 / 25_000, 0);
    ok(chi < 21.1, `chi-square ${chi}: ${JSON.stringify(table)}`);
  });
}

const arms = { a: arm('a', 0.5), b: arm('b', 0.5) };

test('who draws what is for ever, as worked out in another language', () => {
  const names = [...Array.from({ length: 8 }, (_, i) => `cust-${i + 1}`), 'Müller', ''];
  const trial = [arm('a', 0.3, 'trial 2026-01'), arm('b', 0.5, 'trial 2026-02')];
  deepEqual(names.map((name) => nameOf(trial, event('tx', name))), [
    'b', 'b', 'b', 'control', 'a', 'control', 'b', 'b', 'b', 'b',
  ]);
});

test('a share of everything takes everything, and two halves leave nothing', () => {
  deepEqual(countsOf([arm('a', 1)], IDS['numbered'] ?? []), { a: 100_000 });
  equal(countsOf([arms.a, arms.b], IDS['numbered'] ?? [])['control'], undefined);
});

test('a kind that a challenger does not decide is not drawn', () => {
  const [cards] = [arm('a', 1, 'a', 'card')];
  deepEqual([nameOf([cards], event('x'), 'card'), nameOf([cards], event('x'), 'transfer')], ['a', 'control']);
});

test('one that comes behind takes nobody from the one before', () => {
  for (const id of (IDS['numbered'] ?? []).slice(0, 5_000)) {
    const alone = nameOf([arm1], event(id));
    if (alone === 'a') equal(nameOf([arm1, arm2], event(id)), 'a');
  }
});
const [arm1, arm2] = [arm('a', 0.2), arm('b', 0.6)];

test('one card always meets one policy, a payment without a card is drawn by its id', async () => {
  const world = await opened();
  const source = POLICY.replace('version: 1', 'version: 2');
  await world.running.amend({
    challengers: [{ file: 'b.policy.yaml', source, share: 0.5, salt: 's', by: 'card.id' }],
    person: 'a.ng', because: 'a trial',
  });
  const versionOf = async (change: object) => decided(await world.decide(change)).policy.version;
  const seen = new Set<number>();
  for (let i = 0; i < 40; i++) {
    const card = { id: `card-${i}` };
    const [first, second] = [await versionOf({ card }), await versionOf({ card })];
    equal(first, second);
    seen.add(first);
  }
  const without = new Set<number>();
  for (let i = 0; i < 40; i++) without.add(await versionOf({ card: null, debtor: { account_id: 'a' } }));
  deepEqual([seen.size, without.size], [2, 2]);
  await world.running.publish(publicationOf(source));
  equal(world.running.inForce().amendment, undefined);
});
