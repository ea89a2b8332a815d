import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { eventSchema } from '#domain/field.ts';
import type { LogBlocks } from '#domain/history.ts';
import { Dictionary } from './dictionary.ts';
import { EntityLogs, NO_ENTITY, type BlockOptions } from './entity-logs.ts';
import { RowTable } from './row-table.ts';

interface Step {
  readonly log: number;
  readonly kind: 'add' | 'leave' | 'remove' | 'touch' | 'empty';
  readonly at: number;
  readonly times: number;
}

const LOGS = [0, 1, 2];

const step: fc.Arbitrary<Step> = fc.record({
  log: fc.constantFrom(0, 0, 1, 2),
  kind: fc.constantFrom('add', 'add', 'add', 'leave', 'remove', 'touch', 'empty'), at: fc.nat({ max: 99 }),
  times: fc.constantFrom(1, 1, 3, 20),
});

const fieldOf = (log: number): number => log % 2;

/** A few logs of two fields beside plain lists. */
class Course {
  readonly logs: EntityLogs;
  readonly #schema = eventSchema();
  readonly #table = new RowTable(this.#schema, new Dictionary());
  readonly #lists: { row: number; t: number }[][] = LOGS.map(() => []);
  readonly #touches: number[] = [];
  #position = 0;

  constructor(options: BlockOptions) {
    this.logs = new EntityLogs(options);
  }

  once({ log, kind, at }: Step): void {
    const list = this.#lists[log]!;
    const one = list[at % Math.max(1, list.length)];
    if (kind === 'add') this.#add(log, at < 60 ? this.#position : this.#position * (at / 99));
    else if (kind === 'leave') this.#remove(log, 0);
    else if (kind === 'remove') this.#remove(log, at % Math.max(1, list.length));
    else if (kind === 'empty') while (list.length > 0) this.#remove(log, 0);
    else if (one !== undefined) {
      this.#touches[one.row] = (this.#touches[one.row] ?? 0) + 1;
      this.logs.touch(this.#entity(log), one.row, one.t);
    }
  }

  blocks(log: number): LogBlocks | undefined {
    const entity = this.#entity(log);
    return entity === NO_ENTITY ? undefined : this.logs.blocks(entity);
  }

  count(log: number): number {
    return this.#lists[log]!.length;
  }

  /** Whole blocks: the place of the version, and what a reader may have kept of it under that version. */
  wholeBlocks(log: number, blocks: LogBlocks): [string, string][] {
    const { events, first, versions, slab, start, length } = blocks;
    const rows = this.#lists[log]!;
    const found: [string, string][] = [];
    for (let index = 0; index + events <= rows.length; index++) {
      const place = first + index;
      if (place % events !== 0) continue;
      const at = start + (place / events) % length;
      const content = rows.slice(index, index + events)
        .map(({ row }) => `${row}:${this.#touches[row] ?? 0}`).join(' ');
      ok((versions[at] ?? 0) > 0, 'no version is 0');
      found.push([`${fieldOf(log)}:${slab}:${at}`, `${versions[at]} of ${log}: ${content}`]);
    }
    return found;
  }

  #entity(log: number): number {
    return this.logs.find(1, fieldOf(log), log + 1);
  }

  #add(log: number, t: number): void {
    const numbers = Array.from({ length: this.#schema.numberSlotCount }, () => t);
    const row = this.#table.take({ type: 'login', tenant: 'a', id: '', position: ++this.#position,
      receivedAtMs: 0, numbers, texts: [] });
    this.logs.insert(this.logs.open(1, fieldOf(log), log + 1), row, t);
    this.#lists[log]!.push({ row, t });
    this.#lists[log]!.sort((a, b) => a.t - b.t);
  }

  #remove(log: number, index: number): void {
    const [gone] = this.#lists[log]!.splice(index, 1);
    if (gone !== undefined) this.logs.remove(this.#entity(log), gone.row, gone.t);
  }
}

test('a version never stands for other events or other changes, whichever log has its place', () => {
  const seen = { compared: 0, moved: 0 };
  const shape = fc.record({ steps: fc.array(step, { maxLength: 120, size: 'max' }),
    scannedEventsMax: fc.nat({ max: 12 }), blockEventsMax: fc.constantFrom(1, 2, 4) });
  fc.assert(fc.property(shape, ({ steps, ...options }) => {
    const course = new Course(options);
    const kept = new Map<string, string>();
    const owners = new Map<string, number>();
    for (const one of steps) {
      for (let i = 0; i < one.times; i++) {
        course.once(one);
        const taken = new Set<string>();
        for (const log of LOGS) {
          const blocks = course.blocks(log);
          deepStrictEqual(blocks !== undefined, course.count(log) > options.scannedEventsMax);
          for (const [place, told] of blocks === undefined ? [] : course.wholeBlocks(log, blocks)) {
            ok(!taken.has(place), 'two whole blocks in one place');
            taken.add(place);
            const key = `${place} ${told.split(' ')[0]}`;
            strictEqual(told, kept.get(key) ?? told);
            kept.set(key, told);
            if ((owners.get(place) ?? log) !== log) seen.moved++;
            owners.set(place, log);
            seen.compared++;
          }
        }
      }
    }
  }), { numRuns: 300 });
  ok(seen.compared > 10_000 && seen.moved > 100, JSON.stringify(seen));
});

test('logs that were long and are gone leave no memory taken', () => {
  const logs = new EntityLogs({ scannedEventsMax: 128, blockEventsMax: 32 });
  const round = (): number => {
    for (let code = 1; code <= 40; code++) {
      for (let row = 0; row < 3_000; row++) logs.insert(logs.open(1, 1, code), row, row);
    }
    const { bytes } = logs;
    for (let code = 1; code <= 40; code++) {
      for (let row = 0; row < 3_000; row++) logs.remove(logs.find(1, 1, code), row, row);
    }
    return bytes;
  };
  const first = round();
  for (let times = 0; times < 3; times++) strictEqual(round(), first);
  strictEqual(logs.size, 0);
});
