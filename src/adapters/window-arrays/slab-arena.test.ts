import { deepStrictEqual, ok, strictEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SlabArena } from './slab-arena.ts';

const WIDTH = 3;

test('blocks that are taken never overlap, freed ones come back, and slabs stay', () => {
  const step = fc.record({ length: fc.constantFrom(1, 2, 5, 16), free: fc.option(fc.nat({ max: 50 })) });
  fc.assert(fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
    const arena = new SlabArena(WIDTH, 4);
    const taken: { start: number; length: number; mark: number }[] = [];
    const slabs: Float64Array[] = [];
    const at = (record: number): Float64Array => {
      const place = (record & arena.mask) * WIDTH;
      return arena.slabs[record >>> arena.shift]!.subarray(place, place + WIDTH);
    };
    steps.forEach(({ length, free }, mark) => {
      const [gone] = free === null ? [] : taken.splice(free % Math.max(1, taken.length), 1);
      if (gone !== undefined) arena.free(gone.start, gone.length);
      if (free !== null) return;
      const start = arena.take(length);
      const slab = arena.slabs[start >>> arena.shift]!;
      ok(((start & arena.mask) + length) * WIDTH <= slab.length, 'a block is in one slab');
      for (let i = 0; i < length; i++) at(start + i).fill(mark);
      taken.push({ start, length, mark });
      arena.slabs.forEach((one, index) => ok(one === (slabs[index] ??= one)));
    });
    for (const { start, length, mark } of taken) {
      for (let i = 0; i < length; i++) deepStrictEqual([...at(start + i)], [mark, mark, mark]);
    }
  }), { numRuns: 200 });
});

test('what was freed is taken again before there is another slab', () => {
  const arena = new SlabArena(1, 4);
  const starts = Array.from({ length: 40 }, () => arena.take(5));
  const { bytes } = arena;
  for (const start of starts) arena.free(start, 5);
  deepStrictEqual(Array.from({ length: 40 }, () => arena.take(5)).toSorted((a, b) => a - b), starts);
  strictEqual(arena.bytes, bytes);
  throws(() => arena.take(17), RangeError);
});

test('slabs double until they are of full size, and a block larger than the next one has its own', () => {
  const sizes = (length: number, count: number): number[] => {
    const arena = new SlabArena(2, 11);
    for (let i = 0; i < count; i++) arena.take(length);
    strictEqual(arena.bytes, arena.slabs.reduce((sum, slab) => sum + slab.byteLength, 0));
    return arena.slabs.map((slab) => slab.length / 2);
  };
  deepStrictEqual(sizes(256, 30), [512, 1_024, 2_048, 2_048, 2_048]);
  deepStrictEqual(sizes(1_100, 2), [2_048, 2_048]);
});
