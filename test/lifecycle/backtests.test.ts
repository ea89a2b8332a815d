import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryRecordStore } from '#adapters/memory/record-store.ts';
import type { BacktestEnd, BacktestRunner } from '#lifecycle/backtest-runner.ts';
import type { BacktestRunRecord } from '#ports/records.ts';
import { ANN, BEN, LifecycleWorld, publishOrder, refusalOf, told } from './lifecycle-world.ts';

const FIGURES = { payments: 5_000, days: 5, unknownRateMax: 0, alerts: 50, alertsPerDayMax: 20 };
const END: BacktestEnd = { status: 'done', figures: FIGURES, report: {} };

/** Knows the runs that the records have, as a runner does after a start. */
const runnerAfterAStart = (): BacktestRunner => ({
  start: () => Promise.reject(new Error('nobody starts one')),
  cancel: () => Promise.resolve(false),
  async resume(id, onEnd) {
    await onEnd(id, END);
    return true;
  },
  report: () => Promise.resolve(undefined),
});

const runOf = (hash: string, status: BacktestRunRecord['status']): BacktestRunRecord => ({
  id: 'bt_1', hash, person: 'ann', status, order: {}, done: 7, total: 9, report: null,
  problem: undefined, atMs: 1, endedAtMs: 2,
});

test('a backtest that is done but whose evidence was lost is judged again, and one that has it is not',
  async () => {
  const records = new MemoryRecordStore();
  const world = new LifecycleWorld(undefined, records, runnerAfterAStart());
  const { life } = world;
  const hash = await world.submitted({ version: 2, limit: 3 });
  await records.noteProgress(runOf(hash, 'done'));
  told(await life.steerBacktest(BEN, 'bt_1', 'resume'));
  equal((await records.evidence(hash)).filter(({ kind }) => kind === 'backtest').length, 1);
  match(refusalOf(await life.steerBacktest(BEN, 'bt_1', 'resume')), /^conflict: bt_1 is done/);
  equal((await records.evidence(hash)).filter(({ kind }) => kind === 'backtest').length, 1);
});

test('a backtest that is resumed after a restart leaves its evidence when it ends', async () => {
  const records = new MemoryRecordStore();
  const world = new LifecycleWorld(undefined, records, runnerAfterAStart());
  const { life, engine } = world;
  engine.records = 50_000;
  const hash = await world.submitted({ version: 2, limit: 3 });
  told(await life.approve(BEN, hash, 'risk'));
  match(refusalOf(await life.publish(ANN, hash, publishOrder)), /^gate_closed: there is no backtest/);
  await records.noteProgress({ ...runOf(hash, 'cancelled'), problem: 'the server stopped' });
  told(await life.steerBacktest(BEN, 'bt_1', 'resume'));
  const shown = (await records.evidence(hash)).filter(({ kind }) => kind === 'backtest');
  deepEqual(shown.map(({ passed, person }) => [passed, person]), [[true, 'ann']]);
  equal(told(await life.publish(ANN, hash, publishOrder)).recorded, true);
});
