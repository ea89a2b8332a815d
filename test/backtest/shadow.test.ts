import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { nodeDisk } from '#adapters/log-files/node-disk.ts';
import { LocalLogReader } from '#adapters/log-files/decision-log-reader.ts';
import { logHistory } from '#backtest/history.ts';
import { ShadowComparison, type ShadowReport } from '#backtest/shadow-comparison.ts';
import type { Engine } from '#decisioning/engine.ts';
import type { Challenger } from '#decisioning/publication.ts';
import { logPlaces, openEmbedded } from '#main/open-embedded.ts';
import { keepShadow, type ShadowKeeper } from '#main/shadow-keeper.ts';
import { payment, POLICY, publicationOf } from '../engine/engine-world.ts';
import { newWindowStore, schema } from './recorded-world.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-shadow-'));
after(() => { rmSync(folder, { recursive: true, force: true }); });

const START_MS = Date.UTC(2026, 0, 1);
let minute = 0;

const openEngine = (at: string): Promise<Engine> => openEmbedded({
  disk: nodeDisk, folder: at, clock: { now: () => START_MS + minute * 60_000, sleep: () =>
    Promise.resolve() },
  publication: publicationOf(POLICY), commitGapMs: 0,
});

async function pay(engine: Engine, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => {
    minute += 1;
    const nowMs = START_MS + minute * 60_000;
    const change = {
      id: `p${minute}`, card: { id: `c${minute % 7}` }, debtor: { account_id: `a${minute % 11}` },
      amount: { value: `${(minute * 37) % 1_700}.00`, currency: 'EUR' },
    };
    return engine.decide({ bytes: payment(nowMs, change), tenant: 'acme', receivedAtMs: nowMs });
  }));
}

const challenger = (source: string, share = 0): Challenger =>
  ({ file: 'small.policy.yaml', source, share, salt: 's', by: 'card.id' });
/** Another threshold, and with it other marks; the champion's marks are the ones that were set. */
const STRICTER = POLICY.replace('large: 1_000 EUR', 'large: 600 EUR').replace('version: 1', 'version: 2');

const challenge = (engine: Engine, challengers: readonly Challenger[]): Promise<number> =>
  engine.amend({ challengers, person: 'a', because: 'to see', approvals: [] });

test('what follows the log in steps sees what one look at the whole of it sees', async () => {
  const at = join(folder, 'steps');
  const engine = await openEngine(at);
  await pay(engine, 300);
  const log = await LocalLogReader.open(nodeDisk, logPlaces(at), 100);
  const order = {
    publication: publicationOf(POLICY), challengers: [challenger(POLICY), challenger(STRICTER)],
    fromMs: START_MS + 100 * 60_000,
  };
  const steps = [150, 151, 151, 240, engine.measurements().logPosition];
  const inSteps = new ShadowComparison(order, { history: logHistory(log, 'log'), schema, newWindowStore,
    more: async () => {
      const next = steps.shift();
      if (next !== undefined) await log.advance(next);
      return next !== undefined;
    } });
  await inSteps.follow();
  const whole = new ShadowComparison(order, {
    history: logHistory(log, 'log'), schema, newWindowStore, more: () => Promise.resolve(false) });
  await whole.follow();
  assert.deepEqual(inSteps.report(), whole.report());
  const [same, stricter] = inSteps.report().comparison?.candidates ?? [];
  assert.deepEqual(same?.changed, { outcomes: 0, results: 0, rules: 0 });
  assert.ok((stricter?.changed.outcomes ?? 0) > 20);
  const moved = stricter?.rule_changes.map(({ rule }) => rule);
  assert.deepEqual([...new Set(moved)], ['small/large'],
    'marks are those that were set, so only one rule differs');
  await engine.close();
});

async function reported(keeper: ShadowKeeper, position: number): Promise<ShadowReport> {
  for (;;) {
    const report = await keeper.shadowReport();
    if (report !== undefined && report.position >= position) return report;
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
}

test('the comparison beside an engine follows, survives a fall, and goes on after a restart', async () => {
  const at = join(folder, 'beside');
  let engine = await openEngine(at);
  const said: string[] = [];
  const keep = (): ShadowKeeper => keepShadow({
    folder: at, tell: (line) => { said.push(line); }, now: () => START_MS + minute * 60_000, lookEveryMs: 20,
    live: () => {
      const { publication, amendment } = engine.inForce();
      return { publication, amendment, durable: engine.measurements().logPosition };
    },
  });
  let keeper = keep();
  await pay(engine, 50);
  assert.equal(await keeper.shadowReport(), undefined);
  await challenge(engine, [challenger(STRICTER, 0.4)]);
  const isSeen = (): boolean => existsSync(join(at, 'shadow')) && readdirSync(join(at, 'shadow')).length > 0;
  while (!isSeen()) await new Promise((resolve) => { setTimeout(resolve, 5); });
  await pay(engine, 100);
  const first = await reported(keeper, engine.measurements().logPosition);
  // The payment of the very minute in which the challenger came is the comparison's, too.
  assert.equal(first.comparison?.payments, 101);
  assert.deepEqual(first.arms.reduce((sum, { payments }) => sum + payments, 0), 101);
  assert.equal(first.arms.length, 2);
  await keeper.stop();
  assert.ok(readdirSync(join(at, 'shadow')).some((name) => name.endsWith('.checkpoint')));
  await engine.close();
  engine = await openEngine(at);
  await pay(engine, 60);
  keeper = keep();
  const second = await reported(keeper, engine.measurements().logPosition);
  assert.equal(second.comparison?.payments, 161);
  await keeper.stop();
  const [checkpoint = ''] = readdirSync(join(at, 'shadow')).filter((name) => name.endsWith('.checkpoint'));
  const path = join(at, 'shadow', checkpoint);
  rmSync(path);
  mkdirSync(path);
  keeper = keep();
  const fallen = (): string | undefined => said.find((line) => line.includes('fell'));
  while (fallen() === undefined) await new Promise((resolve) => { setTimeout(resolve, 5); });
  rmSync(path, { recursive: true });
  const third = await reported(keeper, engine.measurements().logPosition);
  assert.equal(third.comparison?.payments, 161);
  await challenge(engine, []);
  while (await keeper.shadowReport() !== undefined) await new Promise((resolve) => { setTimeout(resolve,
    20); });
  await keeper.stop();
  await engine.close();
  assert.match(said[0] ?? '', /^shadow: compared in process \d+, (SCHED_IDLE|nice \d+)$/);
  assert.match(fallen() ?? '', /^shadow: .* fell: .*EISDIR.*; it begins again in 1000 ms$/);
});
