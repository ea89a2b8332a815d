import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventSchema } from '#domain/field.ts';
import { checkExpression } from './check.ts';
import { englishAggregate, englishExpression } from './english.ts';
import { parseExpression } from './parse.ts';
import { fieldScope } from './scope.ts';

/** The sentence, and below it one for each feature. */
function sentences(source: string): readonly string[] {
  const features: string[] = [];
  const parsed = parseExpression(source);
  if ('errors' in parsed) throw new Error(JSON.stringify(parsed.errors));
  const checked = checkExpression(parsed.expr, {
    ...fieldScope(eventSchema([{ name: 'vip', type: 'bool', history: true, description: '' }])),
    params: new Map([['limit', { index: 0, type: { kind: 'money', currency: 'GBP' } }]]),
    lists: new Map([['trusted', { index: 0, of: { kind: 'entity', entity: 'account' } }]]),
    onAggregate: (aggregate) => ({ name: `f${features.push(englishAggregate(aggregate))}`, index: 0 }),
  });
  if ('errors' in checked) throw new Error(JSON.stringify(checked.errors));
  return [englishExpression(checked.expr), ...features];
}

for (const [source, ...english] of [
  ['age(creditor.added_at) < 24h and amount as GBP > limit',
    'the creditor added at was less than 24 hours ago and the amount in GBP is more than limit'],
  ['creditor in list("trusted") or not (creditor in list("trusted")) and custom.vip',
    'either the creditor account is on the list trusted or ' +
    '(the creditor account is not on the list trusted and the vip holds)'],
  ['(channel in ["atm", "pos"] or custom.vip) and amount as EUR >= 1_234_567.50 EUR',
    '(either the channel is one of "atm" or "pos" or the vip holds) ' +
    'and the amount in EUR is at least 1,234,567.50 EUR'],
  ['local_time(t, "Europe/Paris") in [20:00, 06:00)',
    'the time of day of the time of the event in "Europe/Paris" is from 20:00 to before 06:00'],
  ['amount as EUR > 3 * (avg(amount as EUR by card over 30d) ?? 5 EUR)',
    'the amount in EUR is more than 3 times (f1 (or 5.00 EUR where that is missing))',
    'the average of the amount in EUR over events up to this one with the same card in the last 30 days'],
  ['prior_count(by card over 1h since status == "approved" where status == "declined") >= 3',
    'f1 is at least 3',
    'the number of earlier events with the same card in the last 1 hour where the status is "declined" ' +
    'since the last one for which the status is "approved"'],
  ['prior_exists(match creditor == this.debtor, creditor.country == this.debtor.country over 37d..7d)',
    'f1 holds',
    'there are earlier events with creditor account equal to this debtor account and ' +
    'creditor country equal to this debtor country from 37 days to 7 days ago'],
] as const) {
  test(`in English: ${source}`, () => assert.deepEqual(sentences(source), english));
}
