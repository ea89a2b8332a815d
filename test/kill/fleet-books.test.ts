// What the auditor of a fleet would say if something were wrong.
import { deepEqual, equal, match } from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { WrittenRecord } from '#ports/topic.ts';
import { FleetBooks, storedPart, type Audit } from './fleet-books.ts';

interface Told {
  readonly id: string;
  readonly seq?: number;
  readonly count?: number;
  readonly outcome?: string;
}
type Case = readonly [what: string, answers: readonly Told[], records: WrittenRecord[], words: RegExp];

const bodyOf = ({ id, seq, count, outcome = 'approve' }: Told): string => JSON.stringify({
  id: `dec_${id}`, transaction_id: id, outcome, log_position: { windows: seq && { 'card.id': seq } },
  policy: {}, features: { card_count_1h: count }, degraded: [], created_at: 'now', replayed: false,
});

const record = (told: Told, place: number | undefined = told.seq): WrittenRecord => ({
  key: `main\0tx\0${told.id}`, value: Buffer.from(bodyOf(told)), place: { partition: 0, offset: 0 },
  writtenAtMs: 0,
  headers: place === undefined ? {} : { windows: Buffer.from(JSON.stringify({ 'card.id': place })) },
});

function audited(answers: readonly Told[], records: readonly WrittenRecord[]): Audit {
  const books = new FleetBooks();
  for (const told of answers) books.hear({ id: told.id, card: 'c', stored: storedPart(bodyOf(told)) });
  for (const one of records) books.read(one);
  return books.audit();
}

const A = { id: 'a', seq: 1, count: 1 };
const B = { id: 'b', seq: 2, count: 2 };

describe('the books of a fleet', () => {
  test('what is as it was answered is no problem, nor is a copy, nor an order of their own', () => {
    const { problems, copies, records } = audited([B, A, B], [record(B), record(A), record(A)]);
    deepEqual([problems, copies, records], [[], 1, 2]);
  });

  test('what was decided without windows counts where it was placed later', () => {
    const late = { id: 'late' };
    const c = { id: 'c', seq: 3, count: 3 };
    const records = [record(A), record(late, undefined), record(c), record(late, 2)];
    const { problems, withoutWindows, unplaced } = audited([A, late, c], records);
    deepEqual([problems, withoutWindows, unplaced], [[], 1, 0]);
    equal(audited([late], [record(late, undefined)]).unplaced, 1);
  });

  test('of two records that differ the first holds, and how many differ is told', () => {
    const { problems, differing } = audited([A], [record(A), record({ ...A, count: 7 })]);
    deepEqual([problems, differing], [[], 1]);
  });

  const wrong: readonly Case[] = [
    ['a lost decision', [A], [], /a was answered, and the topic does not have it/],
    ['a changed decision', [A], [record({ ...A, outcome: 'decline' })], /the answer says outcome "approve"/],
    ['two answers', [A, { ...A, count: 2 }], [record(A)], /a has two answers/],
    ['a tie', [A, { ...B, seq: 1 }], [record(A), record({ ...B, seq: 1 })], /two payments stand at 1/],
    ['a gap', [A, { ...B, count: 3 }], [record(A), record({ ...B, count: 3 })],
      /b at 2 is payment 2 and was answered the count 3/],
    ['a double', [A, { ...B, count: 1 }], [record(A), record({ ...B, count: 1 })], /answered the count 1/],
  ];
  for (const [what, answers, records, words] of wrong) {
    test(`${what} is told`, () => {
      const { problems } = audited(answers, records);
      equal(problems.length, 1, problems.join('\n'));
      match(problems[0] ?? '', words);
    });
  }
});
