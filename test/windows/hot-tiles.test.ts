/** Tiles in slabs beside plain ones: whatever comes, goes and takes the place of what went. */
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { Dictionary } from '#adapters/window-arrays/dictionary.ts';
import { HotTiles } from '#adapters/window-arrays/hot-tiles.ts';
import { LIMITS } from '#domain/limits.ts';
import type { TilePlan } from '#ports/window-store.ts';
import { scaled } from '../test-scale.ts';
import { NaiveHot } from './naive-tiles.ts';
import { SCHEMA } from './random-history.ts';
import { Seeded } from './seeded.ts';

const FIELDS = ['card.id', 'merchant.id'] as const;
const ENTITY_COUNT = 9;

/** An event has a number and a text, or neither; its row is its place among all. */
interface Past { readonly number: number; readonly text: string | undefined }

function plansOf(random: Seeded, past: readonly Past[]): readonly TilePlan[] {
  return FIELDS.flatMap((path) => [7, 40, 1_000].flatMap((hopMs): TilePlan[] => {
    const one = {
      field: SCHEMA.byPath.get(path)!, hopMs, keepMs: hopMs * 110,
      admits: (row: number) => row % 5 !== 0,
    };
    return [
      { ...one, fingerprint: `${path} ${hopMs} value`, withValues: false,
        valueAt: (row) => past[row]!.number },
      { ...one, fingerprint: `${path} ${hopMs} numbers`, withValues: true,
        valueAt: (row) => past[row]!.number },
      { ...one, fingerprint: `${path} ${hopMs} texts`, withValues: true, valueAt: (row) => past[row]!.text },
    ];
  })).filter(() => random.chance(0.8));
}

/** One life of a store's tiles, with its plain counterpart. */
class Course {
  readonly #random: Seeded;
  readonly #past: Past[] = [];
  readonly #naive = new Map<number, NaiveHot>();
  readonly #fingerprints = new Set<string>();
  #dictionary = new Dictionary();
  #tiles = new HotTiles(SCHEMA, this.#dictionary);
  #plans: readonly TilePlan[] = [];
  #nowMs = 0;
  longest = 0;

  constructor(seed: number) {
    this.#random = new Seeded(seed);
  }

  step(): void {
    const random = this.#random;
    if (this.#past.length === 0 || random.chance(0.004)) this.#publish();
    if (random.chance(0.004)) this.#restart();
    if (random.chance(0.003)) this.#drop(random.below(ENTITY_COUNT));
    const entity = random.chance(0.5) ? 0 : random.below(ENTITY_COUNT);
    this.#nowMs += random.chance(0.001) ? 60_000 : random.below(12);
    const valued = random.chance(0.9);
    const row = this.#past.push({
      number: valued ? random.below(200) - 100 : Number.NaN,
      text: valued ? `v${random.below(300)}` : undefined,
    }) - 1;
    const tMs = this.#nowMs - (random.chance(0.2) ? random.below(2_000) : 0);
    const seenFromMs = this.#nowMs - 3_000;
    this.#tiles.absorb(entity, this.#field(entity), row, tMs, seenFromMs);
    const naive = this.#naive.get(entity) ?? new NaiveHot();
    this.#naive.set(entity, naive);
    naive.absorb(this.#plans.filter(({ field }) => field === SCHEMA.fields[this.#field(entity)]), row, tMs,
      seenFromMs);
  }

  /** Everything that is saved, and everything that a reader sees. */
  compare(told: string): void {
    strictEqual(this.#tiles.size, this.#naive.size, told);
    for (let entity = 0; entity < ENTITY_COUNT; entity++) {
      const naive = this.#naive.get(entity);
      const field = this.#field(entity);
      deepStrictEqual(this.#tiles.save(entity, field), naive?.saved, `${told}, entity ${entity}`);
      strictEqual(this.#tiles.lastMs(entity, field), naive?.lastMs ?? -Infinity);
      const past = this.#tiles.of(entity, field);
      strictEqual(past?.lastMs, naive?.lastMs, told);
      for (const fingerprint of past === undefined ? [] : this.#fingerprints) {
        const tiles = past!.tiles(fingerprint);
        const read = Array.from({ length: tiles.count }, (_, index) => {
          const { firstMs, lastMs, events, valued, sumAbove, sumBelow, min, max, values, unlisted, known } =
            tiles.at(index);
          return { firstMs, lastMs, events, valued, sumAbove, sumBelow, min, max, values, unlisted, known };
        });
        this.longest = Math.max(this.longest, read.length);
        deepStrictEqual(read, naive?.tiles(fingerprint), `${told}, entity ${entity}, ${fingerprint}`);
      }
    }
  }

  end(): void {
    for (let entity = 0; entity < ENTITY_COUNT; entity++) this.#drop(entity);
    strictEqual(this.#dictionary.size, 0, 'tiles that are gone refer to no text');
  }

  #field(entity: number): number {
    return SCHEMA.fields.findIndex(({ path }) => path === FIELDS[entity % FIELDS.length]);
  }

  #publish(): void {
    this.#plans = plansOf(this.#random, this.#past);
    this.#tiles.register(this.#plans);
    const inForce = new Set(this.#plans.map(({ fingerprint }) => fingerprint));
    for (const one of inForce) this.#fingerprints.add(one);
    for (const naive of this.#naive.values()) naive.keepOnly(inForce);
  }

  /** The tiles as they were saved, in a store that has known no others. */
  #restart(): void {
    const dictionary = new Dictionary();
    const tiles = new HotTiles(SCHEMA, dictionary);
    for (const entity of this.#naive.keys()) {
      tiles.load(entity, this.#field(entity), this.#tiles.save(entity, this.#field(entity))!);
    }
    tiles.register(this.#plans);
    this.#dictionary = dictionary;
    this.#tiles = tiles;
  }

  #drop(entity: number): void {
    this.#tiles.drop(entity, this.#field(entity));
    this.#naive.delete(entity);
  }
}

test('tiles in slabs are what plain tiles are', () => {
  let longest = 0;
  for (let seed = 1; seed <= scaled(4); seed++) {
    const course = new Course(seed * 7_368_787);
    for (let step = 0; step < 6_000; step++) {
      course.step();
      if (step % 400 === 0) course.compare(`seed ${seed}, step ${step}`);
    }
    course.compare(`seed ${seed}`);
    course.end();
    longest = Math.max(longest, course.longest);
  }
  strictEqual(longest, LIMITS.tilesPerFeatureMax);
});

test('entities that became hot and cold again leave no memory taken', () => {
  const dictionary = new Dictionary();
  const tiles = new HotTiles(SCHEMA, dictionary);
  const past = Array.from({ length: 4_000 }, (_, row) => ({ number: row, text: `v${row % 90}` }));
  tiles.register(plansOf(new Seeded(3), past));
  const field = SCHEMA.fields.findIndex(({ path }) => path === 'card.id');
  const round = (first: number): number => {
    for (let entity = first; entity < first + 40; entity++) {
      for (let row = 0; row < 400; row++) tiles.absorb(entity, field, row, row * 9, 0);
    }
    const { bytes } = tiles;
    for (let entity = first; entity < first + 40; entity++) tiles.drop(entity, field);
    return bytes;
  };
  const first = round(0);
  for (let times = 0; times < 5; times++) strictEqual(round(0), first);
  ok(round(1_000) === first, 'nor do others of the same page of entities');
});
