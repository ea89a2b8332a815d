/** What is usual is told only of the same measure: parameters and lists are part of what is measured. */
import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Publication } from '#decisioning/publication.ts';
import { explain } from '#explain/explain.ts';
import { EngineWorld, POLICY, publicationOf } from '../engine/engine-world.ts';
import { explainWorld } from './explain-world.ts';

const MEASURED = POLICY
  .replace('  large: 1_000 EUR', '  large: 1_000 EUR\n  least: 5 EUR\n'
    + '  steps: [ { from: 2026-01-01, is: 5 EUR }, { from: 2026-01-16, is: 500 EUR } ]')
  .replace('features:', 'lists:\n  known_cards: { of: card, managed: true }\nfeatures:')
  .replace('  card_sum_1h', '  over: count(by card over 30d where amount as EUR > least)\n'
    + '  stepped: count(by card over 30d where amount as EUR > steps)\n'
    + '  unlisted: count(by card over 30d where not (card in list("known_cards")))\n  card_sum_1h')
  .replace('card_count_1h > 3\n',
    'card_count_1h > 3 and over + stepped + unlisted > 0\n');
const listing = (source: string, ...cards: string[]): Publication => ({
  ...publicationOf(source), lists: [{ name: 'known_cards', entries: cards.map((value) => ({ value })) }],
});
const second = MEASURED.replace('version: 1', 'version: 2');
const DAYS_MS = 2 * 86_400_000;

/** Six payments, what changes, and one more: how many earlier decisions say what is usual of each feature. */
async function usualAfter(
  change: Publication | undefined, laterMs = 1_000,
): Promise<Readonly<Record<string, number | undefined>>> {
  const world = new EngineWorld();
  world.publication = listing(MEASURED, 'c9');
  const engine = await world.open();
  for (let i = 0; i < 6; i++) {
    world.nowMs += 1_000;
    await world.decide();
  }
  if (change !== undefined) await engine.publish(change);
  world.nowMs += laterMs;
  await world.decide();
  const { state } = engine;
  await engine.close();
  const past = await explainWorld(world, state);
  const record = await past.record(past.decisions.at(-1) ?? 0);
  const { values } = await explain(record, past.sources, { aml: false });
  const told = new Map(values.map(({ name, baseline }) => [name, baseline?.n]));
  return Object.fromEntries(['over', 'stepped', 'unlisted'].map((name) => [name, told.get(name)]));
}

test('a new version that measures the same goes on with what is usual', async () => {
  deepEqual(await usualAfter(undefined), { over: 6, stepped: 6, unlisted: 6 });
  deepEqual(await usualAfter(listing(second, 'c9')), { over: 6, stepped: 6, unlisted: 6 });
  const otherParam = second.replace('large: 1_000 EUR', 'large: 900 EUR');
  deepEqual(await usualAfter(listing(otherParam, 'c9')), { over: 6, stepped: 6, unlisted: 6 });
});

test('with another value of its parameter a feature is another measure', async () => {
  const changed = second.replace('least: 5 EUR', 'least: 6 EUR');
  deepEqual(await usualAfter(listing(changed, 'c9')), { over: 0, stepped: 6, unlisted: 6 });
});

test('a dated parameter has the value of the payment, not of the version', async () => {
  deepEqual(await usualAfter(undefined, DAYS_MS), { over: 6, stepped: 0, unlisted: 6 });
});

test('with another list a feature is another measure', async () => {
  deepEqual(await usualAfter(listing(second, 'c9', 'c8')), { over: 6, stepped: 6, unlisted: 0 });
});
