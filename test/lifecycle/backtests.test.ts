import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryRecordStore } from '#adapters/memory/record-store.ts';
import { BacktestRefused, type BacktestEnd, type BacktestRunner } from '#lifecycle/backtest-runner.ts';
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

/** What the audit had at the moment when something was done. */
function runnerThatLooks(records: MemoryRecordStore, seen: string[]): BacktestRunner {
  const look = async (verb: string): Promise<void> => {
    const acts = (await records.audit(1, 99)).map(({ action, person }) => `${person} ${action}`);
    seen.push(`${verb} after ${acts.filter((act) => act.includes('backtest.')).at(-1) ?? 'nothing'}`);
  };
  return {
    start: (_order, _onEnd) => look('start').then(() => 'bt_1'),
    cancel: () => look('cancel').then(() => true),
    resume: () => look('resume').then(() => true),
    report: () => Promise.resolve(undefined),
  };
}

test('that somebody asks for a backtest is on the record before anything is done', async () => {
  const records = new MemoryRecordStore();
  const seen: string[] = [];
  const world = new LifecycleWorld(undefined, records, runnerThatLooks(records, seen));
  const { life } = world;
  const hash = await world.submitted({ version: 2, limit: 3 });
  deepEqual(told(await life.startBacktest(ANN, hash, { capacity: 5 })), { id: 'bt_1' });
  await records.noteProgress(runOf(hash, 'running'));
  told(await life.steerBacktest(BEN, 'bt_1', 'cancel'));
  await records.noteProgress(runOf(hash, 'cancelled'));
  told(await life.steerBacktest(BEN, 'bt_1', 'resume'));
  deepEqual(seen, ['start after ann backtest.ask', 'cancel after ben backtest.ask_to_cancel',
    'resume after ben backtest.ask_to_resume']);
});

test('a backtest that cannot be resumed because too many wait is a refusal', async () => {
  const records = new MemoryRecordStore();
  const full = { ...runnerAfterAStart(),
    resume: () => Promise.reject(new BacktestRefused('16 backtests are waiting already: wait')) };
  const world = new LifecycleWorld(undefined, records, full);
  const hash = await world.submitted({ version: 2, limit: 3 });
  await records.noteProgress(runOf(hash, 'cancelled'));
  match(refusalOf(await world.life.steerBacktest(BEN, 'bt_1', 'resume')),
    /^conflict: 16 backtests are waiting already/);
});
