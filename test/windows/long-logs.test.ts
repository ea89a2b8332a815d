/** Long logs are read by blocks: what is kept of a block may never show. */
import { deepStrictEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { ParsedEvent } from '#domain/event.ts';
import { rateConverter } from '#domain/rates.ts';
import type { BlockOptions } from '#adapters/window-arrays/entity-logs.ts';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { makeRuntime } from '#expression/emit-runtime.ts';
import type { Cell } from '#expression/type.ts';
import { compileFeatures, type FeatureFunction } from '#features/compile-features.ts';
import type { FeatureValues } from '#features/definition.ts';
import { compareWithNaive } from './against-naive.ts';
import { randomFeatureText, featureOf } from './random-feature.ts';
import { randomHistory, RATES, SCHEMA, type HistoryShape } from './random-history.ts';
import { scaled } from '../test-scale.ts';
import { Seeded } from './seeded.ts';
import { runtimeOf } from './test-world.ts';

const DAY_MS = 86_400_000;
const RETENTION_MS = 20 * DAY_MS;
const PACES_MS = [30 * 60_000, 3 * 3_600_000, 12 * 3_600_000, 3 * 86_400_000];
const NO_BLOCKS: BlockOptions = { scannedEventsMax: Infinity, blockEventsMax: 1 };

const textsOf = (random: Seeded, count: number): readonly string[] =>
  Array.from({ length: count }, () => randomFeatureText(random));

function compareBlocks(seed: number): void {
  const random = new Seeded(seed);
  const texts = textsOf(random, 20);
  const blocks = { scannedEventsMax: random.below(9), blockEventsMax: 2 ** random.below(4) };
  const store = new LocalWindowStore(SCHEMA, { retentionMs: RETENTION_MS, blocks });
  const shape = { late: 0.2, paceMs: random.pick(PACES_MS), entities: 1 + random.below(2) };
  const told = `seed ${seed}, blocks ${JSON.stringify(blocks)}`;
  const history = randomHistory(random, shape);
  compareWithNaive({ texts, store, retentionMs: RETENTION_MS, history, count: 110, told });
}

test('by blocks of a few events every feature is what its definition says', () => {
  for (let seed = 1; seed <= scaled(16); seed++) compareBlocks(seed * 6_700_417);
});

interface Judged { readonly event: ParsedEvent; readonly row: number }
interface Life { readonly blocks?: BlockOptions; readonly exactEventsMax: number }

/** A store and the policies that are live on it. */
class Living {
  readonly store: LocalWindowStore;
  #judges: readonly FeatureFunction[] = [];

  constructor({ blocks, exactEventsMax }: Life) {
    const given = blocks === undefined ? {} : { blocks };
    this.store = new LocalWindowStore(SCHEMA, { retentionMs: RETENTION_MS, exactEventsMax, ...given });
  }

  /** Other lists and rates: everything is bound again, to the same past. */
  publish(policies: readonly (readonly string[])[], publication: number): void {
    const { store } = this;
    const convert = rateConverter(RATES);
    const runtime = makeRuntime({
      ...runtimeOf(store),
      convert: (minor, from, target, tMs) => convert(minor, from, target, tMs) + publication,
      inList: (_, value, tMs) =>
        ((publication + Math.floor(tMs / DAY_MS)) % 2 === 0 || value === 'a1' ? 2 : 0),
    });
    const programs = policies.map((texts) => compileFeatures(texts.map(featureOf), SCHEMA));
    this.#judges = programs.map((program) => program.bind(store, runtime, String(publication)));
    store.registerTiles(programs.flatMap((one) => one.tilePlans(store, runtime, String(publication))));
  }

  append(event: ParsedEvent): number {
    return this.store.append(event);
  }

  /** Is the transaction still in a log? Asking settles what is late, so all lives are to be asked. */
  has({ event, row }: Judged): boolean {
    return this.store.rowOf(event.tenant, event.id) === row;
  }

  judge(event: ParsedEvent, row: number, params: readonly Cell[]): FeatureValues[] {
    return this.#judges.map((judge) => judge(event, row, params));
  }

  try(event: ParsedEvent, params: readonly Cell[]): FeatureValues[] {
    return this.store.trial(event, (row) => this.judge(event, row, params));
  }
}

interface Course extends Life { readonly events: number; readonly shape: HistoryShape; readonly seed: number }

const valueAt = (values: FeatureValues | undefined, index: number): unknown => (
  { cell: values?.cells[index], reason: values?.reasons[index], bound: values?.bounds[index] });

/** The same life by blocks and event by event. */
function compareLives({ seed, events, shape, ...life }: Course): number {
  const random = new Seeded(seed);
  const policies = [textsOf(random, 16), textsOf(random, 8)];
  const pair = [new Living(life), new Living({ ...life, blocks: NO_BLOCKS })] as const;
  const same = (ask: (one: Living) => readonly FeatureValues[], told: string): void => {
    const [byBlocks, byEvents] = [ask(pair[0]), ask(pair[1])];
    policies.forEach((texts, policy) => texts.forEach((text, index) => deepStrictEqual(
      valueAt(byBlocks[policy], index), valueAt(byEvents[policy], index),
      `seed ${seed}: ${text}; ${told}, ${JSON.stringify(life)}`)));
  };
  const judged: Judged[] = [];
  const paramOf = (): readonly Cell[] => [random.chance(0.9) ? 4 : random.below(24) - 12];
  let count = 0;
  for (const one of randomHistory(random, shape)) {
    if (count % 400 === 0) for (const each of pair) each.publish(policies, count);
    if (count++ === events) break;
    if (one.kind === 'change') {
      const { tenant, transactionId, what, value, knownAtMs } = one;
      for (const { store } of pair) store.change(tenant, transactionId, what, value, knownAtMs);
      continue;
    }
    const { event } = one;
    if (random.chance(0.05)) {
      const params = paramOf();
      same((each) => each.try(event, params), `a trial before event ${count}`);
    }
    const [row] = pair.map((each) => each.append(event));
    judged.push({ event, row: row ?? -1 });
    if (random.chance(0.5)) continue;
    const params = paramOf();
    same((each) => each.judge(event, row ?? -1, params), `event ${count}`);
    // An event that is judged again later must not see what came to be known after it.
    const past = judged[judged.length - 1 - random.below(8)];
    if (past === undefined || pair.map((each) => each.has(past)).includes(false)) continue;
    same((each) => each.judge(past.event, past.row, params), `again at ${count}`);
  }
  const card = SCHEMA.byPath.get('card.id')!;
  const { blocks } = pair[0].store.log('main', card, 'k0') ?? {};
  return blocks?.length ?? 0;
}

test('by blocks or event by event, all lives are the same', () => {
  let most = 0;
  for (let seed = 1; seed <= scaled(14); seed++) {
    const random = new Seeded(seed * 479_001_599);
    most = Math.max(most, compareLives({
      seed: seed * 92_821, events: 700,
      shape: { late: 0.2, paceMs: random.pick(PACES_MS), entities: 1 + random.below(3) },
      exactEventsMax: random.pick([12, 60, 150, 4_096]),
      blocks: { scannedEventsMax: random.pick([0, 8, 30]), blockEventsMax: random.pick([1, 2, 4, 16]) },
    }));
  }
  ok(most > 20, `no log had more than ${most} blocks`);
});

test('logs of some thousand events, with the blocks that the product has', () => {
  for (let seed = 1; seed <= scaled(2); seed++) {
    const blocks = compareLives({
      seed: seed * 31_337, events: 2_600, exactEventsMax: seed % 2 === 0 ? 4_096 : 900,
      shape: { late: 0.2, paceMs: 12 * 60_000, entities: 1 },
    });
    ok(blocks > 25, `the log had ${blocks} blocks`);
  }
});
