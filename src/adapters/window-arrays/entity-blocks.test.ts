import { deepStrictEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { eventSchema } from '#domain/field.ts';
import { Dictionary } from './dictionary.ts';
import type { EntityBlocks } from './entity-blocks.ts';
import { EntityLogs } from './entity-logs.ts';
import { RowTable } from './row-table.ts';

interface Step {
  readonly kind: 'add' | 'leave' | 'remove' | 'touch';
  readonly at: number;
  readonly times: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('add', 'add', 'leave', 'remove', 'touch'), at: fc.nat({ max: 99 }),
  times: fc.constantFrom(1, 1, 3, 20),
});

/** Whole blocks in the log: version, and what a reader may have kept of it under that version. */
function wholeBlocks(blocks: EntityBlocks, rows: readonly number[], touches: readonly number[]):
Map<string, string> {
  const { events, first, versions } = blocks;
  const found = new Map<string, string>();
  for (let index = 0; index + events <= rows.length; index++) {
    const place = first + index;
    if (place % events !== 0) continue;
    const at = (place / events) % versions.length;
    const content = rows.slice(index, index + events).map((row) => `${row}:${touches[row] ?? 0}`).join(' ');
    ok(!found.has(`${at}`), 'two whole blocks in one place');
    found.set(`${at}`, `${versions[at]} ${content}`);
  }
  return found;
}

test('a version of a block never stands for other events or other changes', () => {
  let compared = 0;
  const shape = fc.record({ steps: fc.array(step, { maxLength: 120, size: 'max' }),
    scannedEventsMax: fc.nat({ max: 12 }), blockEventsMax: fc.constantFrom(1, 2, 4) });
  fc.assert(fc.property(shape, ({ steps, ...options }) => {
    const schema = eventSchema();
    const table = new RowTable(schema, new Dictionary());
    const logs = new EntityLogs(options);
    const log: { row: number; t: number }[] = [];
    const touches: number[] = [];
    const kept = new Map<Float64Array, Map<string, string>>();
    let position = 0;
    const add = (t: number): void => {
      const numbers = Array.from({ length: schema.numberSlotCount }, () => t);
      const row = table.take({ type: 'login', tenant: 'a', id: '', position: ++position, receivedAtMs: 0,
        numbers, texts: [] });
      logs.insert(logs.open(1, 1, 1), row, t);
      log.push({ row, t });
      log.sort((a, b) => a.t - b.t);
    };
    const remove = (index: number): void => {
      const [gone] = log.splice(index, 1);
      if (gone !== undefined) logs.remove(logs.find(1, 1, 1), gone.row, gone.t);
    };
    const once = (kind: Step['kind'], at: number): void => {
      const one = log[at % Math.max(1, log.length)];
      if (kind === 'add') add(at < 60 ? position : position * (at / 99));
      else if (kind === 'leave') remove(0);
      else if (kind === 'remove') remove(at % Math.max(1, log.length));
      else if (one !== undefined) {
        touches[one.row] = (touches[one.row] ?? 0) + 1;
        logs.touch(logs.find(1, 1, 1), one.row, one.t);
      }
    };
    for (const { kind, at, times } of steps) {
      for (let i = 0; i < times; i++) {
        once(kind, at);
        const blocks = log.length === 0 ? undefined : logs.blocks(logs.find(1, 1, 1));
        deepStrictEqual(blocks !== undefined, log.length > options.scannedEventsMax);
        if (blocks === undefined) continue;
        const known = kept.get(blocks.versions) ?? new Map<string, string>();
        kept.set(blocks.versions, known);
        for (const [place, told] of wholeBlocks(blocks, log.map(({ row }) => row), touches)) {
          const [version = ''] = told.split(' ');
          const before = known.get(`${place} ${version}`) ?? told;
          deepStrictEqual(told, before);
          known.set(`${place} ${version}`, told);
          compared++;
        }
      }
    }
  }), { numRuns: 300 });
  ok(compared > 10_000, `only ${compared} blocks were compared`);
});
