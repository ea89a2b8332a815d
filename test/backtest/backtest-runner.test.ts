import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { MemoryRecordStore } from '#adapters/memory/record-store.ts';
import { nodeDisk } from '#adapters/log-files/node-disk.ts';
import type { Engine } from '#decisioning/engine.ts';
import { BacktestRefused, type BacktestEnd } from '#lifecycle/backtest-runner.ts';
import { backtestRunner, type StoppableRunner } from '#main/backtest-runner.ts';
import { openEmbedded } from '#main/open-embedded.ts';
import { payment, POLICY, publicationOf } from '../engine/engine-world.ts';
import { policyWithLarge } from './recorded-world.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-runner-'));
after(() => { rmSync(folder, { recursive: true, force: true }); });

const HASH = `sha256:${'a'.repeat(64)}`;
const CANDIDATE = policyWithLarge('5_000');
const START_MS = Date.UTC(2026, 0, 1);

interface Served {
  readonly engine: Engine;
  readonly records: MemoryRecordStore;
  readonly runner: StoppableRunner;
  readonly said: readonly string[];
}

async function served(payments: number, at: string): Promise<Served> {
  const engine = await openEmbedded({
    disk: nodeDisk, folder: at, clock: { now: () => START_MS, sleep: () => Promise.resolve() },
    publication: publicationOf(POLICY), commitGapMs: 0,
  });
  for (let i = 0; i < payments; i += 200) {
    await Promise.all(Array.from({ length: 200 }, (_, j) => {
      const nowMs = START_MS + (i + j) * 60_000;
      const change = { amount: { value: `${(i + j) % 2_500}.00`, currency: 'EUR' },
        card: { id: `c${(i + j) % 10}` } };
      return engine.decide({ bytes: payment(nowMs, change), tenant: 'acme', receivedAtMs: nowMs });
    }));
  }
  const records = new MemoryRecordStore();
  await records.change({ atMs: 0, person: 'a', action: 'version.submit', subject: 's', detail: null },
    (writes) =>
    writes.addVersion({ hash: HASH, policy: 'small', version: 2, title: 't', file: 'small.policy.yaml',
      source: CANDIDATE,
      author: 'a', atMs: 0, note: '', withdrawnAtMs: undefined }));
  const said: string[] = [];
  return { engine, records, runner: newRunner(engine, records, at, said), said };
}

const newRunner = (
  engine: Engine, records: MemoryRecordStore, at: string, said: string[],
): StoppableRunner => backtestRunner({
  folder: at, records, now: () => START_MS, tell: (line) => { said.push(line); },
  live: () => {
    const { base, publication } = engine.inForce();
    return { base, publication, position: engine.measurements().logPosition };
  },
  publicationAt: (position) => engine.publicationAt(position),
});

const order = (options: Parameters<StoppableRunner['start']>[0]['options']) =>
  ({ hash: HASH, file: 'small.policy.yaml', source: CANDIDATE, person: 'a', options });

const ended = (runner: StoppableRunner, options: Parameters<typeof order>[0] = {}): Promise<[string,
  BacktestEnd]> =>
  new Promise((resolve, reject) => {
    runner.start(order(options), (id, end) => Promise.resolve(resolve([id, end]))).catch(reject);
  });

test('a backtest beside a server is queued, run, written down, cancelled and resumed',
  async () => {
  const { engine, records, runner } = await served(4_000, folder);
  try {
    await assert.rejects(runner.start(order({ form: 'x' }), () => Promise.resolve()), BacktestRefused);
    await assert.rejects(runner.start(order({ sweep: 'larg=1,2' }), () => Promise.resolve()),
      /did you mean large/);
    await assert.rejects(runner.start(order({ from: 'soon' }), () => Promise.resolve()), BacktestRefused);

    await assert.rejects(runner.start(order({ from: '2026-01-02', until: '2026-01-01' }),
      () => Promise.resolve()), /the period ends before it begins/);

    const running = ended(runner, { sweep: 'large=1_000,2_000 EUR' });
    const [id, end] = await running;
    assert.equal(end.status, 'done');
    assert.ok(end.status === 'done');
    assert.equal(end.figures.payments, 4_000);
    assert.ok(end.figures.alerts > 0);
    assert.ok((end.figures.forecasts ?? []).some(({ rule }) => rule === 'many'));
    const run = await records.backtestRun(id);
    assert.equal(run?.status, 'done');
    assert.match(await runner.report(id, 'text') ?? '', /4,000 payments/);
    assert.match(await runner.report(id, 'html') ?? '', /<title>Backtest of/);
    assert.equal(await runner.cancel(id), false);

    let stoppedId = '';
    const stopped = new Promise<BacktestEnd>((resolve, reject) => {
      runner.start(order({}), (_, one) => Promise.resolve(resolve(one))).then(async (one) => {
        stoppedId = one;
        while ((await records.backtestRun(one))?.status === 'queued') await new Promise(setImmediate);
        await runner.stop();
      }).catch(reject);
    });
    assert.equal((await stopped).status, 'cancelled');
    assert.equal((await records.backtestRun(stoppedId))?.problem, 'the server stopped');
    const next = newRunner(engine, records, folder, []);
    const resumed = await new Promise<BacktestEnd>((resolve, reject) => {
      next.resume(stoppedId, (_, one) => Promise.resolve(resolve(one))).catch(reject);
    });
    assert.equal(resumed.status, 'done');
    assert.equal((await records.backtestRun(stoppedId))?.status, 'done');
    const report = (await records.backtestRun(stoppedId))?.report;
    assert.ok(report !== null && report !== undefined);
    assert.ok(!existsSync(join(folder, 'backtests', `${stoppedId}.checkpoint`)));
  } finally {
    await engine.close();
  }
});

test('a run that cannot be is the end of that run, and those that wait go on', async () => {
  const { engine, records, runner } = await served(200, join(folder, 'broken'));
  try {
    const ends: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const onEnd = (_: string, end: BacktestEnd): Promise<void> => {
        ends.push(end.status === 'done' ? end.status : `${end.status}: ${end.problem}`);
        if (ends.length === 2) resolve();
        return Promise.resolve();
      };
      const noteProgress = records.noteProgress.bind(records);
      records.noteProgress = (run) => {
        records.noteProgress = noteProgress;
        return Promise.reject(new Error(`no note of ${run.status}`));
      };
      Promise.all([runner.start(order({}), onEnd), runner.start(order({}), onEnd)]).catch(reject);
    });
    assert.deepEqual(ends, ['failed: no note of running', 'done']);
    const id = await runner.start(order({}), () => Promise.resolve());
    while (await records.backtestRun(id).then((run) => run?.status) === 'queued') {
      assert.equal(await runner.resume(id, () => Promise.resolve()), false, 'it is about to run');
      await new Promise(setImmediate);
    }
    await runner.stop();
    assert.equal((await records.backtestRun(id))?.status, 'cancelled');
  } finally {
    await engine.close();
  }
});

/** What was told of the process of a backtest, once it runs, and the scheduling policies of its threads. */
async function standingOf(said: readonly string[]): Promise<{ line: string; policies: readonly number[] }> {
  for (;;) {
    const line = said.find((one) => one.includes('process'));
    if (line === undefined) {
      await new Promise((resolve) => { setTimeout(resolve, 10); });
      continue;
    }
    const tasks = `/proc/${/process (\d+)/.exec(line)?.[1]}/task`;
    if (!existsSync(tasks)) return { line, policies: [] };
    const policies = readdirSync(tasks).map((thread) => {
      const text = readFileSync(join(tasks, thread, 'stat'), 'utf8');
      return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[38]);
    });
    return { line, policies };
  }
}

const IDLE_WANTED = spawnSync('sh', ['-c', 'chrt -i 0 true']).status === 0 ? false
  : 'no chrt (util-linux) that may set SCHED_IDLE here: background work runs at nice 19';

test('every thread of a backtest is SCHED_IDLE, and the log says so', { skip: IDLE_WANTED }, async () => {
  const at = join(folder, 'idle');
  const { engine, runner, said } = await served(400, at);
  try {
    const running = ended(runner);
    const { line, policies } = await standingOf(said);
    assert.match(line, /^backtest bt_[0-9a-f]{16}: in process \d+, SCHED_IDLE$/);
    assert.ok(policies.length > 1);
    assert.deepEqual([...new Set(policies)], [5]);
    assert.equal((await running)[1].status, 'done');
  } finally {
    await engine.close();
  }
});

test('where there is no chrt, background work runs at nice 19, and the log says so', async () => {
  const at = join(folder, 'nice');
  const { engine, runner, said } = await served(200, at);
  const path = process.env.PATH;
  try {
    process.env.PATH = at;
    const running = ended(runner);
    assert.match((await standingOf(said)).line, /: in process \d+, nice 19$/);
    assert.equal((await running)[1].status, 'done');
  } finally {
    process.env.PATH = path;
    await engine.close();
  }
});
