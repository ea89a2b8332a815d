/**
 * Ten real rules that other rule languages leave to code, on the fields of our schema: they parse, check, and
 * run.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventSchema, type CustomField } from '#domain/field.ts';
import { checkExpression } from '#expression/check.ts';
import { emitExpression } from '#expression/emit.ts';
import { EmitUnit } from '#expression/emit-unit.ts';
import { englishExpression } from '#expression/english.ts';
import { parseExpression } from '#expression/parse.ts';
import { printAggregate } from '#expression/print.ts';
import { fieldScope, type Scope } from '#expression/scope.ts';

const custom = (name: string, type: CustomField['type']): CustomField =>
  ({ name, type, history: true, description: name });

const SCHEMA = eventSchema([
  custom('sca', 'bool'), custom('exempt', 'bool'), custom('tz', 'string'), custom('registered_at', 'instant'),
]);

const define = (source: string) => {
  const parsed = parseExpression(source);
  if ('errors' in parsed) throw new Error(source);
  return parsed.expr;
};

/** Each rule, and the features it needs. */
const RULES: readonly { readonly name: string; readonly source: string; readonly features: readonly string[
  ] }[] = [
  {
    name: 'cash over the limit at once or, in smaller parts, over a month',
    source: `let a = amount as INR; a > 10_00_000 INR or (a < 10_00_000 INR and
      sum(amount as INR by (debtor, direction)
      over month("Asia/Kolkata") where kind == "cash" and amount as INR < 10_00_000 INR) > 10_00_000 INR)`,
    features: ['sum(amount as INR by (debtor.account_id, direction) over month("Asia/Kolkata") ' +
      'where kind == "cash" and amount as INR < 1000000.00 INR)'],
  },
  {
    name: 'most of what came in goes out within three days',
    source: `direction == "debit" and let i = sum(
      amount as USD by debtor over 3d where direction == "credit" and ok);
      let o = sum(amount as USD by debtor over 3d where direction == "debit" and (this or ok));
      i >= 10_000 USD and o >= 90% * i`,
    features: [
      'sum(amount as USD by debtor.account_id over 3d where direction == "credit" and status == "approved")',
      'sum(amount as USD by debtor.account_id over 3d ' +
        'where direction == "debit" and (this or status == "approved"))'],
  },
  {
    name: 'the payer was paid nearly the same amount within a day',
    source: `prior_exists(match creditor == this.debtor over 24h
      where ok and abs(amount as USD - this.amount as USD) <= 10% * this.amount as USD)`,
    features: [
      'prior_exists(match creditor.account_id == this.debtor.account_id over 24h ' +
      'where status == "approved" and abs(amount as USD - this.amount as USD) <= 10% * this.amount as USD)'],
  },
  {
    name: 'three times as busy as in the month before',
    source: `let p1 = count(by customer over 7d); let p2 = prior_count(by customer over 37d..7d);
      p1 >= 10 and p2 >= 10 and p1 >= 3 * p2`,
    features: ['count(by debtor.customer_id over 7d)', 'prior_count(by debtor.customer_id over 37d..7d)'],
  },
  {
    name: 'the low-value exemption since the last strong authentication',
    source: `amount as EUR <= 30 EUR and
      prior_sum(amount as EUR by debtor since custom.sca and executed where executed) <= 100 EUR`,
    features: [
      'prior_sum(amount as EUR by debtor.account_id over ever since custom.sca and status == "settled" ' +
      'where status == "settled")'],
  },
  {
    name: 'night limit of an individual, unless the device has long been registered',
    source: `debtor.type == "individual" and local_time(t, custom.tz) in [20:00, 06:00) and
      amount as BRL > 1_000 BRL and not (age(custom.registered_at ?? t) >= 24h)`,
    features: [],
  },
  {
    name: 'an account that is being emptied',
    source: `let out = prior_sum(amount as SGD by debtor over 24h
      where digital and not custom.exempt and executed);
      let base = debtor.balance as SGD + out;
      (base >= 50_000 SGD and out + amount as SGD > 50% * base) or has_label(debtor, "drain_hold")`,
    features: ['prior_sum(amount as SGD by debtor.account_id over 24h ' +
      'where channel in ["app", "ecom"] and not custom.exempt and status == "settled")'],
  },
  {
    name: 'approved after a row of declines since the last approval',
    source: `status == "approved" and
      prior_count(by card over 6h since status == "approved" where status == "declined") >= 3`,
    features: ['prior_count(by card.id over 6h since status == "approved" where status == "declined")'],
  },
  {
    name: 'faster than one can travel',
    source: `let d = distance(location, prior_last(location by customer over 24h where known(location)));
      d >= 100 km and d > 900 km/h * time_since_last(by customer where known(location))`,
    features: ['prior_last(location by debtor.customer_id over 24h where known(location))',
      'prior_time_since_last(by debtor.customer_id over ever where known(location))'],
  },
  {
    name: 'amounts that do not follow Benford',
    source: `let n = prior_count(by debtor over ever where ok); require n >= 50 else unknown;
      chi_square(prior_histogram(first_digit(amount) by debtor over ever where ok), benford) >= 15.507`,
    features: ['prior_count(by debtor.account_id over ever where status == "approved")',
      'prior_histogram(first_digit(amount) by debtor.account_id over ever where status == "approved")'],
  },
];

const DEFINES = new Map([
  ['ok', define('status == "approved"')], ['executed', define('status == "settled"')],
  ['digital', define('channel in ["app", "ecom"]')],
]);

for (const { name, source, features } of RULES) {
  test(`hard rule: ${name}`, () => {
    const asked: string[] = [];
    const scope: Scope = {
      ...fieldScope(SCHEMA), defines: DEFINES,
      onAggregate: (aggregate) =>
        ({ name: `f${asked.length}`, index: asked.push(printAggregate(aggregate)) - 1 }),
    };
    const parsed = parseExpression(source);
    assert.ok('expr' in parsed, JSON.stringify(parsed));
    const checked = checkExpression(parsed.expr, scope);
    assert.ok('expr' in checked, JSON.stringify(checked));
    assert.deepEqual(checked.expr.type, { kind: 'bool' });
    assert.deepEqual(asked, features);
    assert.ok(emitExpression(checked.expr, { unit: new EmitUnit() }).length > 0);
    assert.ok(englishExpression(checked.expr).length > 0);
  });
}
