import { deepStrictEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { PageMemory } from './page-memory.ts';

type Page = Float64Array | Uint32Array | Int32Array | Uint16Array;

test('pages begin with zeros, share buffers, and none of them another one\'s memory', () => {
  const memory = new PageMemory();
  const pages: Page[] = [];
  for (let i = 0; i < 300; i++) {
    const length = 1 + (i * 389) % 5_000;
    const page = [
      () => memory.float64s(length), () => memory.uint16s(length), () => memory.uint32s(length),
      () => memory.int32s(length),
    ][i % 4]!();
    deepStrictEqual([page.length, page.every((value) => value === 0)], [length, true]);
    pages.push(page.fill(i + 1));
  }
  pages.forEach((page, i) => ok(page.every((value) => value === i + 1)));
  const buffers = new Set(pages.map(({ buffer }) => buffer));
  ok(buffers.size < 10, `${buffers.size} buffers`);
  deepStrictEqual(memory.float64s(400_000).length, 400_000, 'what is larger than a buffer has its own');
});
