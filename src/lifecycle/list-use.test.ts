import { deepEqual, equal } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { eventSchema } from '#domain/field.ts';
import { compilePolicy } from '#policy/compile-policy.ts';
import { exemptingLists, listsOfOthers, listUse } from './list-use.ts';

const schema = eventSchema();
const policy = (rules: string, features = '', of = 'card', listed = 'card in list("l")') => {
  const source = `policy: p
version: 1
event: transaction.v1
lists: { l: { of: ${of}, managed: true } }
define: { listed: '${listed}' }
${features}rules:
  other: { when: amount as EUR > 5 EUR, then: { action: review }, unknown: miss }
${rules}`;
  const result = compilePolicy(source, 'p.yaml', schema);
  if ('policy' in result) return result.policy;
  throw new Error(result.diagnostics.map(({ message }) => message).join('\n'));
};
const SCORING = 'scoring: { fraud: { bands: [{ below: 40, action: approve, name: low }, '
  + '{ else: review, name: high }] } }\n';
const THEN = 'then: { action: decline }, unknown: review';

for (const [what, rules, features, raises] of [
  ['a condition', `  a: { when: listed, ${THEN} }`, '', true],
  ['a part of an and and an or', `  a: { when: listed and (amount as EUR > 1 EUR or listed), ${THEN} }`, '',
    true],
  ['an exception', `  a: { when: amount as EUR > 1 EUR, unless: listed, ${THEN} }`, '', false],
  ['a condition turned round', `  a: { when: not listed, ${THEN} }`, '', false],
  ['a comparison with false', `  a: { when: listed == false, ${THEN} }`, '', false],
  ['a rule that takes the place of another', `  a: { when: listed, ${THEN}, replaces: [b] }
  b: { when: amount as EUR > 1 EUR, ${THEN} }`, '', false],
  ['a rule that takes points away', '  a: { when: listed, then: { score: -40 }, unknown: miss }', SCORING,
    false],
  ['a rule that gives points', '  a: { when: listed, then: { score: 40 }, unknown: miss }', SCORING, true],
  ['a rule that sets a label', `  a: { when: listed, then: { label: trusted, on: card.id, for: 1d },
    unknown: miss }`, '', false],
  ['a feature', `  a: { when: n > 3, ${THEN} }`, 'features: { n: count(by card over 1h where listed) }\n',
    false],
  ['one rule that raises and one that exempts', `  a: { when: listed, ${THEN} }
  b: { when: amount as EUR > 1 EUR and not listed, ${THEN} }`, '', false],
] as const) {
  test(`a list in ${what} ${raises ? 'can only stop payments' : 'may let one through'}`, () => {
    equal(listUse('l', { policies: [policy(rules, features)] }).onlyRaises, raises);
    deepEqual(exemptingLists(policy(rules, features)), raises ? [] : ['l']);
  });
}

test('whose values stand for the payments of many is not for one person to fill', () => {
  const read = (of: string): boolean => {
    const { lists: [declared], ...rest } = policy(`  a: { when: listed, ${THEN} }`);
    const source = of === 'string' ? { kind: 'string' } as const
      : { kind: 'entity', entity: of === 'merchant' ? 'merchant' : 'card' } as const;
    if (declared === undefined) throw new Error('no list');
    const policies = [{ ...rest, lists: [{ ...declared, of: source }] }];
    return listUse('l', { policies }).isOfPayers;
  };
  equal([read('card'), read('merchant'), read('string')].join(), 'true,false,false');
});

for (const [of, listed, ofPayers] of [
  ['card', 'card in list("l")', true],
  ['account', 'debtor in list("l")', true],
  ['account', 'known(debtor) and debtor in list("l") and amount as EUR > 1 EUR', true],
  ['account', 'creditor in list("l")', false],
  ['account', 'debtor in list("l") or creditor in list("l")', false],
  ['account', '(debtor ?? creditor) in list("l")', false],
  ['account', 'let who = creditor; who in list("l")', false],
  ['customer', 'customer in list("l")', true],
  ['customer', 'creditor.customer_id in list("l")', false],
  ['device', 'device in list("l")', true],
  ['ip', 'ip in list("l")', true],
  ['merchant', 'merchant in list("l")', false],
  ['terminal', 'terminal in list("l")', false],
  ['string', 'debtor.country in list("l")', false],
] as const) {
  test(`one person ${ofPayers ? 'may add to' : 'adds nothing alone to'} a list read as ${listed}`, () => {
    const read = policy(`  a: { when: listed, ${THEN} }`, '', of, listed);
    equal(listUse('l', { policies: [read] }).isOfPayers, ofPayers);
    deepEqual(listsOfOthers(read), ofPayers ? [] : ['l']);
    const payers = policy(`  a: { when: listed, ${THEN} }`);
    equal(listUse('l', { policies: [payers, read] }).isOfPayers, ofPayers, 'of every policy that reads it');
  });
}

test('an exception and a feature look it up too, and so may another than the payer', () => {
  const when = 'amount as EUR > 1 EUR';
  const excepted = policy(`  a: { when: ${when}, unless: listed, ${THEN} }`, '', 'account',
    'creditor in list("l")');
  const counted = policy(`  a: { when: n > 3, ${THEN} }`,
    'features: { n: count(by card over 1h where listed) }\n', 'account', 'creditor in list("l")');
  for (const one of [excepted, counted]) equal(listUse('l', { policies: [one] }).isOfPayers, false);
});

test('of the starter policies, blocked cards are for one person to add, and blocked accounts for two', () => {
  const policies = ['cards', 'transfers'].map((name) => {
    const source = readFileSync(new URL(`../../policies/${name}.policy.yaml`, import.meta.url), 'utf8');
    const result = compilePolicy(source, `${name}.policy.yaml`, schema);
    if ('policy' in result) return result.policy;
    throw new Error(name);
  });
  const alone = (list: string): boolean => {
    const { onlyRaises, isOfPayers } = listUse(list, { policies });
    return onlyRaises && isOfPayers;
  };
  deepEqual([alone('blocked_cards'), alone('blocked_accounts')], [true, false]);
});
