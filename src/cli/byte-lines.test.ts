import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { byteLines, isBlank } from './byte-lines.ts';

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function linesOf(bytes: Buffer, size: number, bytesMax = 1_000): Promise<readonly Buffer[]> {
  const lines: Buffer[] = [];
  for await (const line of byteLines(inPieces(bytes, size), bytesMax)) lines.push(Buffer.from(line));
  return lines;
}

test('however a file is cut into chunks, its lines are the same bytes', async () => {
  const [first, last] = [Buffer.from('\uFEFF{"a":1}\r\n\n'), Buffer.from('"\u20ac"')];
  const bytes = Buffer.concat([first, Buffer.from([0x4d, 0xfc, 10]), last]);
  for (let size = 1; size <= bytes.length; size += 1) {
    deepEqual((await linesOf(bytes, size)).map((line) => line.toString('latin1')),
      ['{"a":1}', '', 'M\u00fc', Buffer.from('"\u20ac"').toString('latin1')], `in pieces of ${size}`);
  }
});

test('of a line without an end not more is kept than shows that it is too long', async () => {
  const [line, next] = await linesOf(Buffer.from(`${'x'.repeat(50_000)}\nnext\n`), 100, 1_000);
  ok(line !== undefined && line.length > 1_000 && line.length < 1_200);
  equal(next?.toString(), 'next');
});

test('a line of blanks is blank', () => {
  deepEqual(['', ' \t', ' x'].map((text) => isBlank(Buffer.from(text))), [true, true, false]);
});
