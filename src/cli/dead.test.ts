import { deepEqual, equal, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import type { LetterState } from '#intake/replay-dead-letters.ts';
import { dead, type DeadParts } from './dead.ts';

const letter = (offset: number, state: LetterState['state'], later = 0): LetterState => ({
  state, later,
  letter: {
    place: { partition: 0, offset }, from: { partition: 2, offset: 10 + offset }, deadAtMs: 0,
    leftOutBytes: 0, writtenAtMs: Date.UTC(2026, 0, 15),
    refusal: { code: 'not_json', detail: 'line 1', errors: [] },
    original: { key: 'k', value: Buffer.from('a name'), headers: {} },
  },
});

async function run(args: readonly string[], letters: readonly LetterState[]): Promise<[number, string[]]> {
  const lines: string[] = [];
  const parts: DeadParts = {
    list: async () => letters,
    replay: async ({ overtaken }) => letters.filter(({ state }) => state === 'waiting' || overtaken),
  };
  const out = (line: string): void => { lines.push(line); };
  return [await dead({ args, folder: '.', env: {}, out, err: out }, parts), lines];
}

test('dead letters are listed with their place and why, and without what they say', async () => {
  deepEqual(await run([], [letter(0, 'sent'), letter(1, 'overtaken', 3)]), [1, [
    '2:10  2026-01-15T00:00:00.000Z  sent  not_json: line 1',
    '2:11  2026-01-15T00:00:00.000Z  overtaken, 3 later of its key  not_json: line 1',
    '2 dead letters, 1 of them not sent again',
  ]]);
  equal((await run(['list'], [letter(0, 'sent')]))[0], 0);
});

test('they are sent again; behind later ones of their key only where that is said', async () => {
  const letters = [letter(0, 'waiting'), letter(1, 'overtaken', 1)];
  equal((await run(['replay'], letters))[1].at(-1), '1 sent again');
  equal((await run(['replay', '--overtaken'], letters))[1].at(-1), '2 sent again');
  await rejects(run(['bury'], []), /assay dead/);
  await rejects(run(['list', '--overtaken'], []), /belongs to/);
});
