/**
 * A log as a busy month leaves it: late payments, copies, refunds, labels, facts, and publications between.
 */
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { LocalLogReader } from '#adapters/log-files/decision-log-reader.ts';
import { BacktestRun, type BacktestParts } from '#backtest/backtest.ts';
import { logHistory, type History } from '#backtest/history.ts';
import type { BacktestOrder, Candidate } from '#backtest/order.ts';
import type { BacktestCliParts } from '#cli/backtest-order.ts';
import type { Publication } from '#decisioning/publication.ts';
import { eventSchema } from '#domain/field.ts';
import { logPlaces } from '#main/open-embedded.ts';
import { seededRandom, type Random } from '../../bench/random.ts';
import { EngineWorld, POLICY, publicationOf } from '../engine/engine-world.ts';

export const schema = eventSchema([]);
export const newWindowStore = (): LocalWindowStore => new LocalWindowStore(schema);

const HOUR_MS = 3_600_000;

/** The same policy with another threshold: another hash, another outcome for some. */
export const policyWithLarge = (limit: string): string =>
  POLICY.replace('large: 1_000 EUR', `large: ${limit} EUR`)
    .replace('amount: 2_000 EUR, expect', 'amount: 9_000 EUR, expect');
export const withLarge = (limit: string): Publication => publicationOf(policyWithLarge(limit));

/** For commands about a file: there is no log. */
export const fileParts = (readPublication: BacktestCliParts['readPublication']): BacktestCliParts => ({
  stopped: { asked: false }, readPublication, parts: () => ({ schema, newWindowStore }),
  openLog: () => { throw new Error('no log here'); },
});

export interface RecordedWorld {
  readonly world: EngineWorld;
  readonly history: History;
}

/** `payments` payments over some weeks; with `publications`, three of them between. */
export async function recordedWorld(
  seed: number, payments: number, options: { publications?: boolean } = {},
): Promise<RecordedWorld> {
  const random = seededRandom(seed);
  const world = new EngineWorld();
  await world.open();
  const ids: string[] = [];
  for (let i = 0; i < payments; i++) {
    world.nowMs += Math.floor(random() * 2 * HOUR_MS);
    const id = `p${seed}-${i}`;
    const change = paymentOf(random, id, world.nowMs);
    await world.decide(change);
    if (random() < 0.05) await world.decide(change);
    ids.push(id);
    await tellSomething(world, random, ids, i);
    if (options.publications === true && i % Math.ceil(payments / 4) === Math.ceil(payments / 8)) {
      await world.running.publish(withLarge(String(500 + Math.floor(random() * 900))));
    }
  }
  await world.running.close();
  return { world, history: await historyOf(world) };
}

async function historyOf(world: EngineWorld): Promise<History> {
  const log = await LocalLogReader.open(world.disk.boot(), logPlaces('data'), Number.MAX_SAFE_INTEGER);
  return logHistory(log, 'the log of the test');
}

function paymentOf(random: Random, id: string, nowMs: number): object {
  const late = random() < 0.15 ? Math.floor(random() * 9 * 24 * HOUR_MS) : 0;
  return {
    id, occurred_at: new Date(nowMs - late).toISOString(), kind: random() < 0.7 ? 'card' : 'transfer',
    amount: { value: (1 + random() * 2_000).toFixed(2), currency: random() < 0.9 ? 'EUR' : 'USD' },
    ...(random() < 0.9 ? { channel: random() < 0.5 ? 'ecom' : 'pos' } : {}),
    ...(random() < 0.9 ? { card: { id: `c${Math.floor(random() * 12)}` } } : {}),
    debtor: { customer_id: `k${Math.floor(random() * 20)}`, account_id: `a${Math.floor(random() * 20)}` },
    creditor: { account_id: `a${Math.floor(random() * 20)}` },
    status: random() < 0.2 ? 'declined' : 'approved',
  };
}

async function tellSomething(world: EngineWorld, random: Random, ids: readonly string[],
  i: number): Promise<void> {
  const about = ids[Math.floor(random() * ids.length)];
  const dice = random();
  if (dice < 0.1) {
    await world.tell({ id: `l${i}`, type: 'label', transaction_id: about,
      label: random() < 0.7 ? 'confirmed_fraud' : 'false_positive' });
  } else if (dice < 0.15) {
    await world.tell({ id: `r${i}`, type: 'refund', transaction_id: about,
      amount: { value: '1.00', currency: 'EUR' } });
  } else if (dice < 0.2) {
    await world.tell({ id: `s${i}`, type: 'status', transaction_id: about, status: 'declined' });
  } else if (dice < 0.25) {
    await world.tell({ id: `f${i}`, type: 'fact', debtor: { account_id: `a${Math.floor(random() * 20)}` },
      fact: { name: 'watched', value: 1 } });
  }
}

export const candidateOf = (publication: Candidate['publication'], name = 'candidate'): Candidate =>
  ({ name, publication });

export const orderOf = (publication: Candidate['publication'],
  more: Partial<BacktestOrder> = {}): BacktestOrder => ({
  baseline: 'recorded', candidates: [candidateOf(publication)], fromMs: -Infinity, untilMs: Infinity,
  capacityPerDay: undefined, labels: [], ...more,
});

export const runOf = (
  history: History, order: BacktestOrder, more: Partial<BacktestParts> = {},
): BacktestRun => new BacktestRun(order, { history, schema, newWindowStore, ...more });
