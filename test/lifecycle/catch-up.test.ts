import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryRecordStore } from '#adapters/memory/record-store.ts';
import type { RuleModeOverride } from '#decisioning/publication.ts';
import { RecordsUnavailable } from '#ports/records.ts';
import { EngineWorld } from '../engine/engine-world.ts';
import { liveEngine } from '../../src/main/lifecycle-parts.ts';
import { openLifecycle } from '../../src/main/open-lifecycle.ts';
import { settleFolder } from '../../src/main/bootstrap.ts';
import { LeavingRecords } from './leaving-records.ts';
import {
  ANN, BEN, LifecycleWorld, policySource, publicationOf, publishOrder, refusalOf, told,
} from './lifecycle-world.ts';

const approvedIn = async (world: LifecycleWorld): Promise<string> => {
  const hash = await world.submitted({ version: 2, limit: 3 });
  told(await world.life.approve(BEN, hash, 'risk'));
  return hash;
};

test('with the records gone in the middle it is live, and its row comes before the next act', async () => {
  const records = new LeavingRecords();
  const world = new LifecycleWorld(publicationOf(policySource({ version: 1 })), records);
  await world.life.catchUp();
  const hash = await approvedIn(world);
  records.away = true;
  const live = told(await world.life.publish(ANN, hash, publishOrder));
  deepEqual([live.recorded, world.liveHashes], [false, [hash]]);
  const refused = await world.life.rollBack(ANN, 1, publishOrder).catch((error: unknown) => error);
  equal(refused instanceof RecordsUnavailable, true);
  deepEqual(world.liveHashes, [hash]);
  records.away = false;
  told(await world.life.rollBack(ANN, 1, publishOrder));
  const rows = await world.life.publications({ limit: 9, after: undefined });
  deepEqual(rows.map(({ kind }) => kind), ['roll_back', 'publish', 'bootstrap']);
});

test('after a crash between the log and the records the log wins, and the row is there', async () => {
  const records = new LeavingRecords();
  const first = publicationOf(policySource({ version: 1 }));
  const world = new LifecycleWorld(first, records);
  await world.life.catchUp();
  const hash = await approvedIn(world);
  records.away = true;
  told(await world.life.publish(ANN, hash, publishOrder));
  records.away = false;
  const { position, publication } = world.engine.inForce();
  const after = new LifecycleWorld(publication, records);
  after.engine.all[0] = { position, publication, amendment: undefined };
  await after.life.catchUp();
  await after.life.catchUp();
  const [row] = await after.life.publications({ limit: 1, after: undefined });
  deepEqual([row?.position, row?.kind, row?.person], [position, 'publish', 'ann']);
  equal(told(await after.life.status(hash)).stage, 'live');
});

const braked = (rule: string): RuleModeOverride => ({
  policy: 'small', rule, segment: undefined, mode: 'shadow', since: '2026-11-24T12:00:00Z',
  because: 'a flood',
});
const byBrake = (...modes: readonly RuleModeOverride[]) => ({ modes, person: 'assay', because: 'a flood' });

test('after a crash all that went live meanwhile has its row, also what is past', async () => {
  const records = new LeavingRecords();
  const world = new LifecycleWorld(undefined, records);
  const { engine, life } = world;
  await life.catchUp();
  const hash = await approvedIn(world);
  const snoozed = told(await life.proposeSnooze(ANN, {
    policy: 'small', rule: 'large', field: 'card.id', value: 'c1', fromMs: world.nowMs,
    untilMs: world.nowMs + 86_400_000, reason: 'known',
  })).snooze;
  told(await life.approveSnooze(BEN, snoozed.id, 'risk'));
  records.away = true;
  await engine.amend(byBrake(braked('large')));
  await engine.amend(byBrake(braked('large'), braked('blocked-card')));
  const { policy, rule, field, value, reason } = snoozed;
  const snooze = { id: snoozed.id, policy, rule, field, value, from: '2026-11-24T12:00:00Z',
    until: '2026-11-25T12:00:00Z', by: 'ann', reason };
  await engine.amend({ snoozes: [snooze], person: 'ann', because: 'agreed' });
  await engine.amend({ modes: [], person: 'ben', because: 'looked at' });
  // Its amendment is kept, and stands directly behind it.
  told(await life.publish(ANN, hash, publishOrder).catch(() => {
    const { publication } = engine.inForce();
    const policies = [{ file: 'small.policy.yaml', source: policySource({ version: 2, limit: 3 }) }];
    return engine.publish({ ...publication, policies, person: 'ann', because: 'agreed', approvals: [] })
      .then((position) => ({ position }));
  }));
  await engine.amend({ snoozes: [], person: 'cas', because: 'over' });
  records.away = false;

  const after = new LifecycleWorld(undefined, records);
  after.engine.all.splice(0, 1, ...engine.all);
  await after.life.catchUp();
  await after.life.catchUp();
  const rows = (await after.life.publications({ limit: 99, after: undefined })).toReversed();
  deepEqual(rows.map(({ position }) => position), engine.all.map(({ position }) => position));
  deepEqual(rows.map(({ kind, person }) => `${kind} ${person}`), ['bootstrap assay', 'brake assay',
    'brake assay', 'snooze ann', 'release ben', 'roll_back ann', 'snooze assay', 'snooze cas']);
  const [first = ''] = rows[0]?.policies ?? [];
  deepEqual(rows.map(({ policies }) => policies[0] === first ? 1 : policies[0] === hash ? 2 : 0),
    [1, 1, 1, 1, 1, 2, 2, 2]);
  equal((await records.snooze(snoozed.id))?.state, 'published');
  const acts = (await after.life.audit(1, 99)).map(({ action }) => action);
  equal(acts.filter((action) => action === 'brake.engage').length, 2);
});

test('a list change that went live in the moment of a crash is published, with its entries', async () => {
  const records = new LeavingRecords();
  const world = new LifecycleWorld(undefined, records);
  const { life } = world;
  await life.catchUp();
  const { change: { id } } = told(await life.proposeListChange(ANN,
    { list: 'blocked', kind: 'amend', add: [{ value: 'c1' }], remove: [], reason: 'stolen' }));
  records.away = true;
  equal(told(await life.publishListChange(ANN, id, publishOrder)).recorded, false);
  records.away = false;
  const after = new LifecycleWorld(undefined, records);
  after.engine.all.splice(0, 1, ...world.engine.all);
  equal(told(await after.life.listChange(id)).change.state, 'proposed');
  await after.life.catchUp();
  equal(told(await after.life.listChange(id)).change.state, 'published');
  const [row] = await after.life.publications({ limit: 1, after: undefined });
  deepEqual([row?.kind, row?.person], ['list', 'ann']);
  deepEqual((await records.listEntries('blocked')).map(({ value }) => value), ['c1']);
  match(refusalOf(await after.life.publishListChange(ANN, id, publishOrder)), /is published already/);
});

test('of a real log every publication and amendment has its row, also those of the run itself', async () => {
  const world = new EngineWorld();
  world.publication = publicationOf(policySource({ version: 1 }));
  const first = await world.open();
  const held = await first.amend(byBrake(braked('large')));
  await world.decide();
  const second = await first.publish(publicationOf(policySource({ version: 2 })));
  const last = await first.amend(byBrake());
  await first.close();
  world.publication = publicationOf(policySource({ version: 2 }));

  const engine = await world.open();
  const records = new MemoryRecordStore();
  const clock = { now: () => world.nowMs, sleep: () => Promise.resolve() };
  const running = openLifecycle({
    engine: liveEngine(engine), records, sealKey: Buffer.alloc(32, 1), clock, tell: () => undefined,
    keys: () => [],
  });
  await running.caughtUp;
  const braking = await engine.amend(byBrake(braked('large')));
  const third = await engine.publish(publicationOf(policySource({ version: 3 })));
  running.life.braked();
  told(await running.life.releaseBrake(BEN,
    { policy: 'small', rule: 'large', segment: undefined, because: 'looked at' }));
  const rows = (await running.life.publications({ limit: 99, after: undefined })).toReversed();
  deepEqual(rows.map(({ position }) => position),
    [1, held, second, second + 1, last, braking, third, third + 1, engine.inForce().position]);
  deepEqual(rows.map(({ kind }) => kind), ['bootstrap', 'brake', 'bootstrap', 'brake', 'brake', 'brake',
    'bootstrap', 'brake', 'release']);
  await running.stop();
  await engine.close();
});

test('a folder that differs from what is live is told, and only its rates are taken', async () => {
  const world = new EngineWorld();
  world.publication = publicationOf(policySource({ version: 1 }));
  const engine = await world.open();
  const changed = {
    ...publicationOf(policySource({ version: 2 })), lists: [{ name: 'trusted', entries: [{ value: 'c1' }] }],
    rates: { version: 'new', base: 'EUR', rates: {} },
  };
  const notes = await settleFolder(engine, changed);
  deepEqual(notes.map((note) => note.split(' ').slice(0, 4).join(' ')),
    ['policies: small.policy.yaml differs from', 'lists: trusted.csv differs from',
      'rates: new, with the']);
  const { publication } = engine.inForce();
  deepEqual([publication.rates.version, publication.lists.length, publication.person], ['new', 0, 'assay']);
  match(publication.policies[0]?.source ?? '', /version: 1/);
  deepEqual(await settleFolder(engine, { ...changed, policies: publication.policies, lists: [] }), []);
  await engine.close();
});

test('a version whose very content is unknown is said to be so', async () => {
  const { life } = new LifecycleWorld();
  match(refusalOf(await life.status('sha256:00')), /^not_found: no version has the hash sha256:00/);
});
