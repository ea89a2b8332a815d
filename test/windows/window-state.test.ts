import { deepStrictEqual, ok, strictEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { eventSchema } from '#domain/field.ts';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { WindowStateUnreadable } from '#adapters/window-arrays/window-state.ts';
import { compileFeatures } from '#features/compile-features.ts';
import type { FeatureValues } from '#features/definition.ts';
import type { Happening } from '#features/naive-feature.ts';
import { makeEvent } from '../contracts/window-store.ts';
import { featureOf, randomFeatureText } from './random-feature.ts';
import { randomHistory, SCHEMA } from './random-history.ts';
import { scaled } from '../test-scale.ts';
import { Seeded } from './seeded.ts';
import { PARAMS, runtimeOf } from './test-world.ts';

const OPTIONS = { retentionMs: 10 * 86_400_000, exactEventsMax: 12 };
const HELD = { name: 'hold', value: 1, fromMs: 5, untilMs: Infinity };

class Living {
  readonly store: LocalWindowStore;
  readonly #judge: (one: Happening) => FeatureValues | undefined;

  constructor(texts: readonly string[], saved?: readonly Uint8Array[]) {
    this.store = new LocalWindowStore(SCHEMA, OPTIONS);
    if (saved !== undefined) this.store.loadState(saved);
    const { store } = this;
    const runtime = runtimeOf(store);
    const program = compileFeatures(texts.map(featureOf), SCHEMA);
    store.registerTiles(program.tilePlans(store, runtime));
    const judge = program.bind(store, runtime);
    this.#judge = (one) => {
      if (one.kind === 'event') return judge(one.event, store.append(one.event), PARAMS);
      store.change(one.tenant, one.transactionId, one.what, one.value, one.knownAtMs);
      if (one.knownAtMs % 3 === 0) store.mark(one.tenant, SCHEMA.byPath.get('card.id')!, 'k1', HELD);
      return undefined;
    };
  }

  live(one: Happening): FeatureValues | undefined {
    return this.#judge(one);
  }

  get bytes(): Buffer {
    return Buffer.concat([...this.store.saveState()]);
  }
}

/** The same bytes, cut anywhere. */
function cut(bytes: Buffer, random: Seeded): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = random.below(5_000);
    chunks.push(bytes.subarray(at, at + length));
    at += length;
  }
  return chunks;
}

test('what was saved and loaded lives on like what was not', () => {
  for (let seed = 1; seed <= scaled(6); seed++) {
    const random = new Seeded(seed * 15_485_863);
    const texts = Array.from({ length: 12 }, () => randomFeatureText(random));
    const paceMs = seed % 2 === 0 ? 3_600_000 : 2 * 86_400_000;
    const life = randomHistory(random, { late: 0.2, paceMs, entities: 2 });
    const next = (): Happening => life.next().value as Happening;
    const first = new Living(texts);
    for (let i = 0; i < 300; i++) first.live(next());
    const bytes = first.bytes;
    deepStrictEqual(first.bytes, bytes, 'saving twice gives the same bytes');
    const second = new Living(texts, cut(bytes, random));
    ok(second.bytes.equals(bytes), 'loading and saving gives the same bytes');
    for (let i = 0; i < 150; i++) {
      const one = next();
      const [a, b] = [first.live(one), second.live(one)];
      deepStrictEqual({ ...b }, { ...a }, `seed ${seed}, event ${i}`);
    }
    ok(second.bytes.equals(first.bytes), 'and so they stay');
    const { events, entities, texts: words } = first.store.size;
    deepStrictEqual({ ...second.store.size, bytes: 0 }, { events, entities, texts: words, bytes: 0 });
  }
});

test('an empty state, and states that are none of ours', () => {
  const empty = new LocalWindowStore(SCHEMA, OPTIONS);
  const saved = [...empty.saveState()];
  const loaded = new LocalWindowStore(SCHEMA, OPTIONS);
  loaded.loadState(saved);
  strictEqual(loaded.size.events, 0);
  const code = (wanted: string) => (error: unknown): boolean =>
    error instanceof WindowStateUnreadable && error.code === wanted;
  throws(() => new LocalWindowStore(eventSchema(), OPTIONS).loadState(saved), code('other_schema'));
  throws(() => new LocalWindowStore(SCHEMA).loadState(saved), code('other_schema'));
  throws(() => new LocalWindowStore(SCHEMA, OPTIONS).loadState([saved[0]!.subarray(0, 20)]), code('damaged'));
  const later = Buffer.from(Buffer.concat(saved).toString('latin1').replace('windows 1', 'windows 9'),
    'latin1');
  throws(() => new LocalWindowStore(SCHEMA, OPTIONS).loadState([later]), code('other_format'));
});

test('whether a snapshot was taken does not show in what a late transaction can still be told', () => {
  const rowAfter = (snapshot: boolean): number => {
    const store = new LocalWindowStore(SCHEMA, { ...OPTIONS, exactEventsMax: 1 });
    for (const [position, at] of [[1, 2_000], [2, 3_000], [3, 1_000]] as const) {
      const fields = { 'card.id': 'k1' };
      store.append(makeEvent(SCHEMA, { id: `tx_${position}`, at, received: 3_000, position, fields }));
    }
    if (snapshot) for (const _ of store.saveState());
    return store.rowOf('main', 'tx_3');
  };
  deepStrictEqual([rowAfter(false), rowAfter(true)], [-1, -1]);
});
