import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { after, test } from 'node:test';
import { isRefusal } from '#domain/parse-event.ts';
import type { ListUpload } from '#lifecycle/parts.ts';
import { listReader } from './list-reader.ts';
import { readListUpload } from './read-list-upload.ts';

const reader = listReader();
after(() => reader.stop());

const csv = { kind: 'amend', reason: 'known' };
const rows = Array.from({ length: 3_001 }, (_, i) => `card_${i},2027-01-01T00:00:00Z,"case ${i}, open"`);
const upload = (text: string, isCsv: boolean): ListUpload =>
  ({ list: 'trusted', bytes: Buffer.from(text), csv: isCsv ? csv : undefined });
const sheet = (...lines: readonly string[]): ListUpload =>
  upload(['value,until,note', ...rows, ...lines].join('\n'), true);

test('a long body is read in the thread as a short one is at once', async () => {
  const json = JSON.stringify({
    reason: 'x', add: rows.slice(0, 700).map((value) => ({ value })),
    remove: rows.map((_, i) => (i % 2 === 0 ? i : `v${i}`)),
  });
  for (const one of [sheet(), upload(json, false), upload('{"reason":"x"}', false)]) {
    const order = await reader.read(one);
    ok(!isRefusal(order), JSON.stringify(order).slice(0, 200));
    deepEqual(order, readListUpload(one));
  }
  const [order] = await Promise.all([reader.read(sheet()), reader.read(upload(json, false))]);
  ok(!isRefusal(order));
  equal(order.add.length, rows.length);
});

test('its mistakes are told by line, and by place', async () => {
  const refused = await reader.read(sheet('c,soon,'));
  ok(isRefusal(refused));
  equal(refused.detail,
    'trusted.csv:3003: until is `soon`; write an instant such as 2026-05-01T00:00:00Z');
  const add = rows.map((value, i) => ({ value: i === 9 ? '' : value }));
  const json = JSON.stringify({ reason: 'x', add });
  const other = await reader.read(upload(json, false));
  ok(isRefusal(other));
  deepEqual(other.errors.map(({ pointer }) => pointer), ['/add/9/value']);
  const bytes = Buffer.alloc(40_000, 0xff);
  const text = await reader.read({ list: 'trusted', csv, bytes });
  ok(isRefusal(text));
  equal(text.detail, 'the file is not UTF-8');
});

test('a note that is too long is told by line of a file, and by place of a body', () => {
  const note = 'n'.repeat(281);
  const ofFile = readListUpload(upload(`value,note\nc1,${note.slice(1)}\nc2,${note}`, true));
  ok(isRefusal(ofFile));
  match(ofFile.detail, /^trusted\.csv:3: the note has 281 characters; the limit is 280: name the case/);
  const add = [{ value: 'c1', note: note.slice(1) }, { value: 'c2', note }];
  const ofBody = readListUpload(upload(JSON.stringify({ reason: 'x', add }), false));
  ok(isRefusal(ofBody));
  deepEqual(ofBody.errors, [{ pointer: '/add/1/note',
    detail: '`note` has 281 characters; the limit is 280' }]);
});
