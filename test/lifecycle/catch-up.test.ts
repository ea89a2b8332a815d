import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryRecordStore } from '#adapters/memory/record-store.ts';
import { RecordsUnavailable, type NewAuditEntry, type RecordWrites } from '#ports/records.ts';
import { EngineWorld } from '../engine/engine-world.ts';
import { settleFolder } from '../../src/main/bootstrap.ts';
import {
  ANN, BEN, LifecycleWorld, policySource, publicationOf, publishOrder, refusalOf, told,
} from './lifecycle-world.ts';

class LeavingRecords extends MemoryRecordStore {
  away = false;
  override async change<Result>(
    entry: NewAuditEntry, act: (writes: RecordWrites) => Promise<Result>,
  ): Promise<Result> {
    if (this.away) throw new RecordsUnavailable('unreachable', 'away');
    return super.change(entry, act);
  }
}

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
