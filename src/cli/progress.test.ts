import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { Progress, progressLine } from './progress.ts';

interface Watched {
  readonly lines: string[];
  readonly at: (ms: number, done: number) => void;
  readonly end: () => void;
}

function watched(isTTY: boolean): Watched {
  const lines: string[] = [];
  let nowMs = 1_000;
  const output = { isTTY, write: (text: string) => lines.push(text) };
  const progress = new Progress('Feed', 100, 'rows', output, () => nowMs);
  return {
    lines,
    at: (ms, done) => {
      nowMs = 1_000 + ms;
      progress.at(done);
    },
    end: () => progress.end(),
  };
}

test('a line says how far, how fast and how long still', () => {
  equal(
    progressLine('Feed', 'rows', 25_000, 100_000, 10),
    'Feed  [######------------------]  25 %  25,000 of 100,000 rows  2,500/s  30 s left',
  );
  match(progressLine('Feed', 'rows', 1, 100, 60), /1 h 39 min left$/);
  match(progressLine('Feed', 'rows', 0, 100, 3), /no rate yet$/);
});

test('what takes under two seconds says nothing', () => {
  const { lines, at, end } = watched(false);
  at(500, 10);
  at(1_999, 90);
  end();
  deepEqual(lines, []);
});

test('without a terminal there is a plain line every five seconds and one at the end', () => {
  const { lines, at, end } = watched(false);
  for (let ms = 0; ms <= 10_000; ms += 1_000) at(ms, ms / 100);
  end();
  deepEqual(lines.map((line) => line.slice(0, 40)), [
    'Feed  [####--------------------]  20 %  ',
    'Feed  [################--------]  70 %  ',
    'Feed: 100 rows in 10 s, 10/s\n',
  ]);
});

test('in a terminal one line is drawn again and again', () => {
  const { lines, at } = watched(true);
  at(2_000, 10);
  at(2_100, 11);
  at(2_200, 12);
  equal(lines.length, 2);
  equal(lines.every((line) => line.startsWith('\r\u001b[2K') && !line.endsWith('\n')), true);
});
