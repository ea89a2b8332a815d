import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { BacktestRun } from '#backtest/backtest.ts';
import type { History } from '#backtest/history.ts';
import { makeReport } from '#backtest/make-report.ts';
import type { BacktestOrder } from '#backtest/order.ts';
import { publicationOf, POLICY } from '../engine/engine-world.ts';
import { candidateOf, orderOf, recordedWorld, runOf, withLarge } from './recorded-world.ts';

class Killed extends Error {}

/** The same history, that kills whoever reads the record at a position. */
const deadlyAt = (history: History, position: number): History => ({
  ...history,
  async *read(from) {
    for await (const record of history.read(from)) {
      if (record.position === position) throw new Killed();
      yield record;
    }
  },
});

function orders(): readonly BacktestOrder[] {
  const candidates = ['400', '1_200'].map((value) => candidateOf(withLarge(value), value));
  return [
    orderOf('as_recorded', { candidates: [...candidates, candidateOf('as_recorded')] }),
    orderOf('as_recorded', { baseline: candidateOf(publicationOf(POLICY)), candidates }),
  ];
}

const reportOf = (run: BacktestRun, history: History): string =>
  JSON.stringify(makeReport(run, history.title));

test('killed anywhere and resumed, the report is the same, byte for byte', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-backtest-'));
  try {
    const { history } = await recordedWorld(31, 300, { publications: true });
    for (const [i, order] of orders().entries()) {
      const whole = runOf(history, order);
      await whole.run();
      const checkpoint = { file: join(folder, `run-${i}`), everyMs: Infinity, everyRecords: 50 };
      for (const position of [20, 120, 121, 260]) {
        await assert.rejects(runOf(deadlyAt(history, position), order, { checkpoint }).run(), Killed);
      }
      let first = 0;
      const resumed = runOf(history, order, { checkpoint, progress: (at) => { first ||= at; } });
      assert.equal((await resumed.run()).status, 'done');
      assert.equal(first, 251, 'it goes on behind its last checkpoint');
      assert.equal(reportOf(resumed, history), reportOf(whole, history));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a cancelled run goes on where it was, and another order begins anew', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-backtest-'));
  try {
    const { history } = await recordedWorld(32, 120);
    const checkpoint = { file: join(folder, 'run'), everyMs: Infinity };
    const order = orderOf(withLarge('400'));
    const stopped = async (): Promise<void> => {
      let seen = 0;
      const run = runOf(history, order, { checkpoint, cancelled: () => ++seen === 70 });
      assert.equal((await run.run()).status, 'cancelled');
    };
    const firstOf = async (one: BacktestOrder): Promise<number> => {
      let first = 0;
      const run = runOf(history, one, { checkpoint, progress: (at) => { first ||= at; } });
      assert.equal((await run.run()).status, 'done');
      return first;
    };
    await stopped();
    assert.equal(await firstOf(order), 71);
    await stopped();
    assert.equal(await firstOf(orderOf(withLarge('500'))), 1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a period in the middle sees the windows of the time before it', async () => {
  const { history } = await recordedWorld(33, 400, { publications: true });
  const all = runOf(history, orderOf('as_recorded'));
  await all.run();
  const { judgedFromMs, judgedUntilMs } = all.judging.accounts.counts;
  const middle = ((judgedFromMs ?? 0) + (judgedUntilMs ?? 0)) / 2;
  const half = runOf(history, orderOf('as_recorded', { fromMs: middle }));
  await half.run();
  const report = makeReport(half, history.title);
  assert.ok(report.payments > 100 && report.payments < 300);
  assert.equal(report.payments + report.period.warm_up.payments, 400);
  assert.deepEqual(report.candidates[0]?.changed, { outcomes: 0, results: 0, rules: 0 });
});
