import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LIFECYCLE_ROUTES } from '#api/lifecycle-routes.ts';
import { start } from './http-world.ts';
import { policySource } from './lifecycle-world.ts';

const DECLINES_EVERYONE = policySource({ version: 2, expect: 'hit' })
  .replace('card in list("blocked")', 'card in list("blocked") or known(amount)');

describe('a policy that declines everyone', () => {
  test('is published by no one person in any way through the API, and by two it is live', async () => {
    const { send, submit, engine, stop } = await start();
    const before = engine.inForce().position;
    const submitted = await submit('ann', DECLINES_EVERYONE);
    equal(submitted.status, 200, submitted.detail);
    const hash = String(submitted.json['hash']);
    const at = (verb: string) => `/v1/policy-versions/${hash}/${verb}`;
    const because = { because: 'I know what I do' };
    const tries = [
      [await send('ann', 'POST', at('publish'), because), 409, /nobody has approved it as risk/],
      [await send('ann', 'POST', at('approve'), { role: 'risk' }), 403, /ann wrote it/],
      [await send('ann', 'POST', at('approve'), { role: 'risk', person: 'ben' }), 422,
        /`person` is not asked for/],
      [await send('ann', 'POST', at('shadow'), { share: 1 }), 409, /nobody has approved it as risk/],
      [await send('dev', 'POST', at('approve'), { role: 'risk' }), 403, /dev does not hold the role risk/],
      [await send('dev', 'POST', at('publish'), because), 409, /nobody has approved it/],
      [await send('program', 'POST', at('publish'), because), 403, /names no person/],
      [await send('shop', 'POST', at('publish'), because), 403, /only keys of the tenant default/],
      [await send('shop', 'GET', `/v1/policy-versions/${hash}`), 403, /only keys of the tenant default/],
      [await submit('dev', DECLINES_EVERYONE), 409, /submitted by ann already/],
    ] as const;
    for (const [{ status, detail }, wanted, why] of tries) {
      equal(status, wanted, detail);
      match(detail, why);
    }
    equal(engine.inForce().position, before);
    equal((await send('ben', 'POST', at('approve'), { role: 'risk' })).status, 200);
    const live = await send('ann', 'POST', at('publish'), because);
    equal(live.status, 200, live.detail);
    deepEqual(engine.state.live?.policies.map(({ policy }) => policy.hash), [hash]);
    const [newest] = (await send('dev', 'GET', '/v1/publications')).json['data'];
    deepEqual([newest.kind, newest.person, newest.detail.author, newest.detail.approvers],
      ['publish', 'ann', 'ann', [{ person: 'ben', role: 'risk' }]]);
    await stop();
  });

  test('is not published with what the role of the service writes into the database', async () => {
    const { records, send, submit, engine, stop } = await start();
    const hash = String((await submit('ann', DECLINES_EVERYONE)).json['hash']);
    const publish = () => send('ann', 'POST', `/v1/policy-versions/${hash}/publish`, { because: 'x' });
    const forged = { subject: 'version', hash, role: 'risk', person: 'ben', atMs: 1,
      seal: 'f'.repeat(64) } as const;
    records.tables.approvals.set('forged', forged);
    match((await publish()).detail, /nobody has approved it as risk/);
    // Ann becomes Ben in the row, and approves what "Ben" wrote.
    const version = records.tables.versions.get(hash);
    ok(version);
    records.tables.versions.set(hash, { ...version, author: 'ben' });
    match((await send('ann', 'POST', `/v1/policy-versions/${hash}/approve`, { role: 'risk' })).detail,
      /nothing under our seal says that ben wrote it/);
    match((await publish()).detail, /nothing under our seal says that ben wrote it/);
    // The document in the row is another one than its hash says.
    const good = String((await submit('ben', policySource({ version: 3, limit: 5 }))).json['hash']);
    equal((await send('ann', 'POST', `/v1/policy-versions/${good}/approve`, { role: 'risk' })).status, 200);
    const row = records.tables.versions.get(good);
    ok(row);
    records.tables.versions.set(good, { ...row, source: DECLINES_EVERYONE });
    match((await send('ben', 'POST', `/v1/policy-versions/${good}/publish`, { because: 'x' })).detail,
      /it was changed behind our back/);
    equal(engine.state.live?.policies[0]?.policy.version, 1);
    await stop();
  });
});

test('where the records are away, acts are refused with 503 and payments are decided', async () => {
  const { world, records, send, submit, stop } = await start();
  const hash = String((await submit('ann', DECLINES_EVERYONE)).json['hash']);
  records.broken = true;
  const { status, detail } = await send('ben', 'POST', `/v1/policy-versions/${hash}/approve`,
    { role: 'risk' });
  deepEqual([status, detail], [503, 'the records: the database is away; decisions go on']);
  equal((await world.decide()).kind, 'decided');
  await stop();
});

test('lists and snoozes go the same way; a broken line is named, and overlapping validity is refused',
  async () => {
  const { send, engine, stop } = await start();
  const csv = 'value,from,until\nc1,2026-01-01,\nc2,,2027-01-01T00:00:00Z\n';
  match((await send('ann', 'POST', '/v1/lists/trusted/changes?reason=known', csv)).detail,
    /^trusted\.csv:2: from is `2026-01-01`; write an instant/);
  const twice = [
    'value,from,until', 'c1,,2026-06-01T00:00:00Z', 'c1,2026-05-01T00:00:00Z,2026-07-01T00:00:00Z'];
  const overlap = twice.join('\n');
  match((await send('ann', 'POST', '/v1/lists/trusted/changes?reason=known', overlap)).detail,
    /"c1" is listed from 2026-05-01T00:00:00Z .* validity may not overlap/);
  const proposed = await send('ann', 'POST', '/v1/lists/trusted/changes?reason=known',
    'value,until\nc2,2027-01-01T00:00:00Z');
  const change = `/v1/list-changes/${String(proposed.json['id'])}`;
  match((await send('ann', 'POST', `${change}/publish`, { because: 'x' })).detail,
    /can let a payment through/);
  equal((await send('ben', 'POST', `${change}/approve`, { role: 'risk' })).status, 200);
  equal((await send('ann', 'POST', `${change}/publish`, { because: 'x' })).status, 200);
  deepEqual(engine.inForce().publication.lists.map(({ name, entries }) => [name, entries.length]),
    [['trusted', 1]]);
  const by = (list: string) => {
    const source = engine.inForce().publication.lists.find(({ name }) => name === list);
    return [source?.entries.map((entry) => source.changes?.find(({ id, kind }) =>
      (entry.change === undefined ? kind === 'replace' : id === entry.change))?.author),
      source?.changes?.map(({ approvers }) => approvers)];
  };
  deepEqual(by('trusted'), [['ann'], [['ben']]]);
  // Adding to a list that can only stop payments is one person's act.
  const blocked = await send('dev', 'POST', '/v1/lists/blocked/changes',
    { add: [{ value: 'c9' }], reason: 'stolen' });
  deepEqual([blocked.json['second_person'], blocked.json['lacking']], [false, []]);
  equal((await send('dev', 'POST', `/v1/list-changes/${String(blocked.json['id'])}/publish`,
    { because: 'x' })).status, 200);
  deepEqual((await send('dev', 'GET', '/v1/lists/blocked')).json, { object: 'list', data: [{ value: 'c9' }],
    after: null });
  deepEqual([by('trusted'), by('blocked')], [[['ann'], [['ben']]], [['dev'], [[]]]]);
  const removal = await send('dev', 'POST', '/v1/lists/blocked/changes', { remove: ['c9'], reason: 'found' });
  match(String(removal.json['lacking'][0]), /it takes entries away, so a second person approves it/);
  // A snooze.
  const snooze = { policy: 'small', rule: 'large', field: 'card.id', value: 'c1',
    until: '2026-03-01T00:00:00Z', reason: 'a known case' };
  match((await send('ann', 'POST', '/v1/snoozes', { ...snooze, rule: 'blocked-card' })).detail, /is final/);
  match((await send('ann', 'POST', '/v1/snoozes', { ...snooze, until: undefined })).detail,
    /`until` is an instant/);
  const asked = await send('ann', 'POST', '/v1/snoozes', snooze);
  const url = `/v1/snoozes/${String(asked.json['id'])}`;
  match((await send('ann', 'POST', `${url}/publish`, { because: 'x' })).detail, /no second person/);
  equal((await send('ben', 'POST', `${url}/approve`, { role: 'risk' })).status, 200);
  const live = await send('ann', 'POST', `${url}/publish`, { because: 'agreed' });
  equal(live.status, 200, live.detail);
  const [snoozed] = engine.inForce().amendment?.snoozes ?? [];
  deepEqual([snoozed?.by, snoozed?.approvals?.map(({ person }) => person)], ['ann', ['ben']]);
  equal((await send('dev', 'POST', `${url}/end`, { because: 'over' })).status, 200);
  equal(engine.inForce().amendment?.snoozes.length, 0);
  await stop();
});

describe('what tells of the AML axis (P7)', () => {
  test('no address of the life cycle answers a key without the scope aml', async () => {
    const { send } = await start();
    for (const { method, path } of Object.values(LIFECYCLE_ROUTES)) {
      const url = path.replace('{name}', 'small').replaceAll(/\{\w+\}/g, '1');
      const { status, detail } = await send('fraud', method, url, method === 'POST' ? {} : undefined);
      equal(status, 403, `${method} ${path}: ${detail}`);
      match(detail, /needs the scope aml/);
    }
  });
});
