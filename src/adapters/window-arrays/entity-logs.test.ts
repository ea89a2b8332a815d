import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { eventSchema } from '#domain/field.ts';
import { LIMITS } from '#domain/limits.ts';
import { Dictionary } from './dictionary.ts';
import { EntityLogs, NO_ENTITY } from './entity-logs.ts';
import { RowTable } from './row-table.ts';

interface Step { readonly entity: number; readonly t: number; readonly remove: number | null;
  readonly times: number }

const step: fc.Arbitrary<Step> = fc.record({
  entity: fc.integer({ min: 1, max: 6 }), t: fc.integer({ min: 0, max: 40 }),
  remove: fc.option(fc.nat({ max: 10 })), times: fc.constantFrom(1, 1, 1, 9, 40),
});

test('logs are what sorted lists are, through growing, shrinking and being emptied', () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
    const schema = eventSchema();
    const table = new RowTable(schema, new Dictionary());
    const logs = new EntityLogs(LIMITS);
    const model = new Map<number, { row: number; t: number }[]>();
    let position = 0;
    const add = (code: number, t: number): void => {
      const numbers = Array.from({ length: schema.numberSlotCount },
        (_, slot) => (slot === 0 ? t : Number.NaN));
      const event = { type: 'login', tenant: 'a', id: '', position: ++position, receivedAtMs: 0, numbers,
        texts: [] } as const;
      const row = table.take({ ...event, numbers, texts: [] });
      logs.insert(logs.open(1, code % 2, code), row, t);
      model.set(code, [...(model.get(code) ?? []), { row, t }].toSorted((a, b) => a.t - b.t));
    };
    const remove = (code: number, which: number): void => {
      const list = model.get(code) ?? [];
      const [gone] = list.splice(which % Math.max(1, list.length), 1);
      if (gone !== undefined) strictEqual(logs.remove(logs.find(1, code % 2, code), gone.row, gone.t),
        list.length > 0);
      if (list.length === 0) model.delete(code);
    };
    for (const { entity, t, remove: which, times } of steps) {
      for (let i = 0; i < times; i++) {
        if (which === null) add(entity, (t + i) % 41);
        else remove(entity, which);
      }
    }
    strictEqual(logs.size, model.size);
    for (let code = 1; code <= 6; code++) {
      const entity = logs.find(1, code % 2, code);
      strictEqual(entity === NO_ENTITY, !model.has(code));
      if (entity === NO_ENTITY) continue;
      const [from, to] = [logs.from(entity), logs.from(entity) + logs.count(entity)];
      deepStrictEqual([...logs.arena(entity).subarray(from, to)], model.get(code)!.map(({ row }) => row));
      deepStrictEqual([...logs.times(entity).subarray(from, to)], model.get(code)!.map(({ t }) => t));
    }
  }), { numRuns: 200 });
});

test('many entities come and go in the table', () => {
  const schema = eventSchema();
  const table = new RowTable(schema, new Dictionary());
  const logs = new EntityLogs(LIMITS);
  const numbers = Array.from({ length: schema.numberSlotCount }, () => 0);
  const row = table.take({ type: 'login', tenant: 'a', id: '', position: 1, receivedAtMs: 0, numbers,
    texts: [] });
  for (let code = 1; code <= 5_000; code++) logs.insert(logs.open(code % 3, code % 7, code), row, 0);
  for (let code = 1; code <= 5_000;
    code++) if (code % 3 !== 0) logs.remove(logs.find(code % 3, code % 7, code), row, 0);
  for (let code = 1; code <= 5_000; code++) {
    strictEqual(logs.find(code % 3, code % 7, code) === NO_ENTITY, code % 3 !== 0, String(code));
  }
  strictEqual(logs.size, 1_666);
});
