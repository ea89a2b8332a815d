import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import type { BacktestRunRecord } from '#ports/records.ts';
import { start } from './http-world.ts';
import { policySource } from './lifecycle-world.ts';

type Send = Awaited<ReturnType<typeof start>>['send'];
const namesOf = async (send: Send, url: string, name: string): Promise<readonly unknown[]> => {
  const { status, json, detail } = await send('dev', 'GET', url);
  equal(status, 200, detail);
  return (json['data'] as Record<string, unknown>[]).map((one) => one[name]);
};
/** Every page to the end. */
async function allOf(send: Send, url: string, name: string): Promise<readonly (readonly unknown[])[]> {
  const pages: unknown[][] = [];
  for (let after: number | null = 0; after !== null && pages.length < 9;) {
    const page: string = pages.length === 0 ? url : `${url}?after=${after}`;
    const { json } = await send('dev', 'GET', page);
    pages.push((json['data'] as Record<string, unknown>[]).map((one) => one[name]));
    after = json['after'] as number | null;
  }
  return pages;
}
const SNOOZE = { policy: 'small', rule: 'large', field: 'card.id', until: '2026-03-01T00:00:00Z',
  reason: 'a known case' };

test('changes of a list are read page by page, each with how much it holds', async () => {
  const { world, send, stop } = await start();
  for (let count = 1; count <= 103; count++) {
    world.nowMs += 1;
    await send('ann', 'POST', '/v1/lists/blocked/changes',
      { add: [{ value: `c${count}` }], reason: `${count}` });
  }
  const pages = await allOf(send, '/v1/lists/blocked/changes', 'reason');
  deepEqual(pages.map((page) => [page.length, page.at(0), page.at(-1)]), [[100, '103', '4'], [3, '3', '1']]);
  deepEqual(await namesOf(send, '/v1/lists/blocked/changes?after=1', 'added'), []);
  deepEqual(new Set(await namesOf(send, '/v1/lists/blocked/changes', 'added')), new Set([1]));
  deepEqual(await namesOf(send, '/v1/lists/trusted/changes', 'id'), []);
  match((await send('dev', 'GET', '/v1/lists/blokced/changes')).detail, /did you mean blocked\?/);
  await stop();
});

test('whoever asks for an entry learns who put it there, and on whose leave', async () => {
  const { send, stop } = await start();
  for (const value of ['c1', 'c2']) {
    const { json } = await send('ann', 'POST', '/v1/lists/trusted/changes',
      { add: [{ value, until: '2027-01-01T00:00:00Z' }], reason: 'known' });
    const url = `/v1/list-changes/${String(json['id'])}`;
    await send('ben', 'POST', `${url}/approve`, { role: 'risk' });
    equal((await send('ann', 'POST', `${url}/publish`, { because: 'x' })).status, 200);
  }
  const { json } = await send('dev', 'GET', '/v1/lists/trusted/entries?value=c2');
  const [{ change, ...rest }] = json['data'];
  match(change, /^lch_/);
  deepEqual([rest, json['after']],
    [{ value: 'c2', until: '2027-01-01T00:00:00.000Z', author: 'ann', approvers: ['ben'] }, null]);
  deepEqual(await namesOf(send, '/v1/lists/trusted/entries', 'value'), ['c1', 'c2']);
  deepEqual(await namesOf(send, '/v1/lists/trusted/entries?value=c3', 'value'), []);
  match((await send('dev', 'GET', '/v1/lists/nope/entries')).detail,
    /no live policy reads a managed list nope/);
  await stop();
});

test('snoozes are listed by their policy, and those in force for all', async () => {
  const { world, send, stop } = await start();
  const ids: string[] = [];
  for (const value of ['c1', 'c2', 'c3']) {
    world.nowMs += 1;
    ids.push(String((await send('ann', 'POST', '/v1/snoozes', { ...SNOOZE, value })).json['id']));
  }
  const [first = '', second = ''] = ids;
  for (const id of [first, second]) {
    await send('ben', 'POST', `/v1/snoozes/${id}/approve`, { role: 'risk' });
    equal((await send('ann', 'POST', `/v1/snoozes/${id}/publish`, { because: 'x' })).status, 200);
  }
  await send('ann', 'POST', `/v1/snoozes/${second}/end`, { because: 'over' });
  deepEqual(await namesOf(send, '/v1/snoozes?policy=small', 'state'), ['proposed', 'ended', 'published']);
  deepEqual(await namesOf(send, '/v1/snoozes', 'id'), [first]);
  match((await send('dev', 'GET', '/v1/snoozes?policy=smal')).detail, /no policy smal; did you mean small/);
  await stop();
});

test('backtests of a version are listed without their reports', async () => {
  const { records, send, submit, stop } = await start();
  const hash = String((await submit('ann', policySource({ version: 2 }))).json['hash']);
  const run = (id: string, atMs: number): BacktestRunRecord => ({
    id, hash, person: 'ann', status: 'done', order: {}, done: 9, total: 9, report: { long: 'x'.repeat(999) },
    problem: undefined, atMs, endedAtMs: atMs + 1,
  });
  for (let count = 1; count <= 101; count++) await records.noteProgress(run(`bt_${count}`, count));
  const pages = await allOf(send, `/v1/policy-versions/${hash}/backtests`, 'id');
  deepEqual(pages.map((page) => [page.length, page.at(0), page.at(-1)]),
    [[100, 'bt_101', 'bt_2'], [1, 'bt_1', 'bt_1']]);
  deepEqual(new Set(await namesOf(send, `/v1/policy-versions/${hash}/backtests`, 'report')),
    new Set([undefined]));
  equal((await send('dev', 'GET', '/v1/policy-versions/sha256:0/backtests')).status, 404);
  await stop();
});

test('of a policy that nobody knows there are no versions, and the nearest name is said', async () => {
  const { send, stop } = await start();
  match((await send('dev', 'GET', '/v1/policies/smal/versions')).detail,
    /no policy smal; did you mean small/);
  deepEqual(await namesOf(send, '/v1/policies/small/versions', 'version'), [1]);
  await stop();
});
