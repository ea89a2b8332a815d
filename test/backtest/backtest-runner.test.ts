import assert from 'node:assert/strict';
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
}

async function served(payments: number): Promise<Served> {
  const engine = await openEmbedded({
    disk: nodeDisk, folder, clock: { now: () => START_MS, sleep: () => Promise.resolve() },
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
  return { engine, records, runner: newRunner(engine, records) };
}

const newRunner = (engine: Engine, records: MemoryRecordStore): StoppableRunner => backtestRunner({
  folder, records, now: () => START_MS, tell: () => {},
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

test('a backtest beside a server is queued, run at the lowest priority, written down, cancelled and resumed',
  async () => {
  const { engine, records, runner } = await served(4_000);
  try {
    await assert.rejects(runner.start(order({ form: 'x' }), () => Promise.resolve()), BacktestRefused);
    await assert.rejects(runner.start(order({ sweep: 'larg=1,2' }), () => Promise.resolve()),
      /did you mean large/);
    await assert.rejects(runner.start(order({ from: 'soon' }), () => Promise.resolve()), BacktestRefused);

    const running = ended(runner, { sweep: 'large=1_000,2_000 EUR' });
    const nice = await lowestChild(running);
    const [id, end] = await running;
    assert.equal(end.status, 'done');
    if (process.platform === 'linux') assert.deepEqual(nice, { own: 0, lowest: 19 });
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
    const next = newRunner(engine, records);
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

/** Nice values: our own, and the highest of a process that we began, until it is over. */
async function lowestChild(until: Promise<unknown>): Promise<{ own: number; lowest: number } | undefined> {
  if (process.platform !== 'linux') return undefined;
  /** The fields of `stat` behind the name: the state, the parent, ... the nice value. */
  const fieldsOf = (pid: string): readonly number[] => {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ').map(Number);
  };
  let lowest = 0;
  let over = false;
  until.then(() => { over = true; }, () => { over = true; });
  while (!over && lowest === 0) {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        const fields = fieldsOf(pid);
        if (fields[1] === process.pid) lowest = Math.max(lowest, fields[16] ?? 0);
      } catch {
        // It has ended since it was listed.
      }
    }
    await new Promise((resolve) => { setTimeout(resolve, 10); });
  }
  return { own: fieldsOf(String(process.pid))[16] ?? 0, lowest };
}
