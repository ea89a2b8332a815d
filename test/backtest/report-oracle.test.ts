/** The figures of a report, counted again the plain way: payment by payment, with labels from the log. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { History } from '#backtest/history.ts';
import { makeReport } from '#backtest/make-report.ts';
import type { BacktestRun } from '#backtest/backtest.ts';
import type { SideReport } from '#backtest/report.ts';
import type { Verdict } from '#backtest/verdict.ts';
import { requestBytes, splitKey } from '#decisioning/record.ts';
import { scaled } from '../test-scale.ts';
import { orderOf, recordedWorld, runOf, withLarge } from './recorded-world.ts';

const DAY_MS = 86_400_000;

interface Judged {
  readonly id: string;
  readonly day: number;
  readonly customer: string | undefined;
  readonly cents: number;
  readonly verdicts: readonly Verdict[];
}

/** By payment, the label that became known last: in this log they are known as they arrive. */
async function labelsIn(history: History): Promise<ReadonlyMap<string, string>> {
  const labels = new Map<string, string>();
  for await (const record of history.read(1)) {
    if (splitKey(record.key).family !== 'event') continue;
    const { event } = JSON.parse(Buffer.from(requestBytes(record)).toString()) as { event: {
      readonly type: string; readonly transaction_id: string; readonly label: string } };
    if (event.type === 'label') labels.set(event.transaction_id, event.label);
  }
  return labels;
}

/** What the world of the test sends: euros, or dollars at 1.25. */
async function customersIn(history: History): Promise<ReadonlyMap<string, readonly [string, number]>> {
  const found = new Map<string, readonly [string, number]>();
  for await (const record of history.read(1)) {
    if (splitKey(record.key).family !== 'tx') continue;
    const { transaction } = JSON.parse(Buffer.from(requestBytes(record)).toString()) as { transaction: {
      readonly id: string; readonly amount: { readonly value: string; readonly currency: string };
      readonly debtor: { readonly customer_id: string } } };
    const { id, amount, debtor } = transaction;
    const euros = Number(amount.value) / (amount.currency === 'USD' ? 1.25 : 1);
    found.set(id, [debtor.customer_id, 100 * euros]);
  }
  return found;
}

const isFlagged = ({ outcome }: Verdict): boolean => outcome !== 'approve';
const isStopped = ({ outcome }: Verdict): boolean => outcome === 'hold' || outcome === 'decline';
const of = (one: Judged, side: number): Verdict => one.verdicts[side]!;

function sideOf(judged: readonly Judged[], isBad: (one: Judged) => boolean, side: number): object {
  const detection = (caught: (verdict: Verdict) => boolean): object => {
    const payments = judged.filter((one) => caught(of(one, side)));
    const bad = payments.filter(isBad).length;
    return { payments: payments.length, bad, precision: [bad, payments.length],
      recall: [bad, judged.filter(isBad).length] };
  };
  const days = Map.groupBy(judged.filter((one) => isFlagged(of(one, side))), ({ day }) => day);
  return { flagged: detection(isFlagged), stopped: detection(isStopped),
    worst: Math.max(...[...days.values()].map((one) => one.length)),
    over: [...days.values()].filter((one) => one.length > 3).length };
}

function told({ flagged, stopped, alerts }: SideReport): object {
  const detection = ({ payments, bad, precision, recall }: SideReport['flagged']): object =>
    ({ payments, bad, precision: [precision.count, precision.of], recall: [recall.count, recall.of] });
  return { flagged: detection(flagged), stopped: detection(stopped), worst: alerts.per_day_max,
    over: alerts.days_over_capacity };
}

test('what a report says of a candidate is what its payments say, one by one', async () => {
  for (let seed = 41; seed <= 40 + scaled(3); seed++) {
    const { history } = await recordedWorld(seed, 400);
    const [labels, known] = await Promise.all([labelsIn(history), customersIn(history)]);
    const judged: Judged[] = [];
    const run: BacktestRun = runOf(history, orderOf(withLarge('1_400'), { capacityPerDay: 3 }), {
      observe: ({ id, receivedAtMs }, numbers) => {
        const [customer, cents = 0] = known.get(id) ?? [];
        judged.push({ id, day: Math.floor(receivedAtMs / DAY_MS), customer, cents,
          verdicts: numbers.map((number, side) => run.judging.accounts.verdict(side, number)) });
      },
    });
    await run.run();
    const report = makeReport(run, history.title);
    const candidate = report.candidates[0]!;
    const isBad = ({ id }: Judged): boolean => labels.get(id) === 'confirmed_fraud';
    assert.equal(report.labels.bad, judged.filter(isBad).length);
    assert.equal(report.labels.good + report.labels.bad + report.labels.unlabelled, judged.length);
    assert.deepEqual(told(report.baseline), sideOf(judged, isBad, 0), `seed ${seed}`);
    assert.deepEqual(told(candidate), sideOf(judged, isBad, 1), `seed ${seed}`);

    const [before, after] = [(one: Judged) => of(one, 0), (one: Judged) => of(one, 1)];
    const bad = judged.filter(isBad);
    const good = judged.filter((one) => !isBad(one));
    const euros = (all: readonly Judged[]): number => all.reduce((sum, { cents }) => sum + cents, 0) / 100;
    const near = (text: string, all: readonly Judged[]): void => {
      const apart = Math.abs(Number(text.split(' ')[0]) - euros(all));
      assert.ok(apart <= 0.01 * (all.length + 1), `${text} seed ${seed}`);
    };
    near(candidate.money.lost, bad.filter((one) => isStopped(before(one)) && !isStopped(after(one))));
    near(candidate.money.saved, bad.filter((one) => !isStopped(before(one)) && isStopped(after(one))));
    near(report.labels.bad_amount, bad);
    const who = (all: readonly Judged[]): object =>
      ({ payments: all.length, customers: new Set(all.map(({ customer }) => customer)).size });
    const freed = good.filter((one) => isFlagged(before(one)) && !isFlagged(after(one)));
    assert.deepEqual(candidate.freed, who(freed));
    const hurt = good.filter((one) => !isFlagged(before(one)) && isFlagged(after(one)));
    assert.deepEqual(candidate.hurt, who(hurt));
    assert.ok(euros(bad) > 0 && freed.length + Number(candidate.changed.outcomes) > 0);

    const changed = judged.filter((one) => before(one).outcome !== after(one).outcome);
    assert.equal(candidate.changed.outcomes, changed.length);
    for (const { from, to, payments, bad: proved, examples } of candidate.transitions) {
      const here = judged.filter((one) => before(one).outcome === from && after(one).outcome === to);
      assert.deepEqual([payments, proved], [here.length, here.filter(isBad).length], `${from} ${to}`);
      for (const { transaction_id: id } of examples) assert.ok(here.some((one) => one.id === id), id);
      assert.equal(examples.length, from === to ? 0 : Math.min(5, here.length));
    }
    for (const { rule, hits, unknown, acting } of candidate.rules) {
      const answers = judged.flatMap((one) => after(one).rules.filter((found) => found.rule === rule));
      assert.deepEqual([hits, unknown, acting], [
        answers.filter(({ answer }) => answer === 'hit').length,
        answers.filter(({ answer }) => answer === 'unknown').length,
        answers.filter(({ acts }) => acts).length,
      ], rule);
    }
  }
});
