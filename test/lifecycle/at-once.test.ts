import { deepEqual, equal, match } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryRecordStore } from '#adapters/memory/record-store.ts';
import type { NewAuditEntry, RecordWrites } from '#ports/records.ts';
import { RecordConflict } from '#ports/records.ts';
import { ANN, BEN, CAS, LifecycleWorld, publishOrder, refusalOf, told } from './lifecycle-world.ts';

/** What goes live next is not live before it is released. */
function held(world: LifecycleWorld): { begun: Promise<void>; release: () => void } {
  const { engine } = world;
  const [begun, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const publish = engine.publish.bind(engine);
  engine.publish = async (...order) => {
    engine.publish = publish;
    begun.resolve();
    await released.promise;
    return publish(...order);
  };
  return { begun: begun.promise, release: released.resolve };
}

const proposedChange = async (world: LifecycleWorld): Promise<string> => told(
  await world.life.proposeListChange(ANN,
    { list: 'blocked', kind: 'amend', add: [{ value: 'c1' }], remove: [], reason: 'stolen' })).change.id;

describe('while something goes live', () => {
  test('it is not withdrawn: who withdraws comes after, and is told', async () => {
    const world = new LifecycleWorld();
    const hash = await world.submitted({ version: 2 });
    told(await world.life.approve(BEN, hash, 'risk'));
    const { begun, release } = held(world);
    const published = world.life.publish(ANN, hash, publishOrder);
    await begun;
    const withdrawn = world.life.withdraw(CAS, hash, 'no');
    release();
    told(await published);
    match(refusalOf(await withdrawn), /^conflict: it is live/);
    equal((await world.store.version(hash))?.withdrawnAtMs, undefined);
  });

  test('neither is a list change, and what comes after goes on', async () => {
    const world = new LifecycleWorld();
    const id = await proposedChange(world);
    const { begun, release } = held(world);
    const published = world.life.publishListChange(ANN, id, publishOrder);
    await begun;
    const withdrawn = world.life.withdrawListChange(CAS, id, 'no');
    release();
    equal(told(await published).recorded, true);
    match(refusalOf(await withdrawn), new RegExp(`^conflict: ${id} is published already`));
    const hash = await world.submitted({ version: 2 });
    told(await world.life.approve(BEN, hash, 'risk'));
    told(await world.life.publish(ANN, hash, publishOrder));
  });
});

test('what went live has its row also where somebody at the database forbids the rest of it', async () => {
  const records = new MemoryRecordStore();
  const world = new LifecycleWorld(undefined, records);
  const id = await proposedChange(world);
  const { begun, release } = held(world);
  const published = world.life.publishListChange(ANN, id, publishOrder);
  await begun;
  records.tables.listChanges.delete(id);
  release();
  const { position, recorded } = told(await published);
  equal(recorded, true);
  const [newest] = await world.life.publications({ limit: 1, after: undefined });
  equal(newest?.position, position);
  const [act] = await records.auditOf('list/blocked', { limit: 1, after: undefined });
  match(JSON.stringify(act?.detail), /"not_written":"there is no lch_/);
  told(await world.life.rollBack(BEN, 1, publishOrder).then((answer) =>
    ('errors' in answer ? { position: 0 } : answer)));
  const hash = await world.submitted({ version: 2 });
  told(await world.life.approve(BEN, hash, 'risk'));
  told(await world.life.publish(ANN, hash, publishOrder));
});

test('what judges beside the live version is not withdrawn before it is taken away from there', async () => {
  const world = new LifecycleWorld();
  const { life } = world;
  const hash = await world.submitted({ version: 2 });
  told(await life.approve(BEN, hash, 'risk'));
  told(await life.startShadow(ANN, hash, { share: 0.05, by: undefined }));
  match(refusalOf(await life.withdraw(CAS, hash, 'a slip')),
    /^conflict: it judges beside the live version and decides 5 % of its payments; .*assay policy unshadow/);
  told(await life.stopShadow(CAS, hash, 'a slip'));
  equal(told(await life.withdraw(CAS, hash, 'a slip')).stage, 'withdrawn');
});

class QuarrellingRecords extends MemoryRecordStore {
  conflicts = 0;
  override async change<Result>(
    entry: NewAuditEntry, act: (writes: RecordWrites) => Promise<Result>,
  ): Promise<Result> {
    if (this.conflicts > 0 && entry.action === 'version.publish') {
      this.conflicts -= 1;
      throw new RecordConflict('could not serialize access');
    }
    return super.change(entry, act);
  }
}

test('a row that two transactions quarrel about is written later, and not left out', async () => {
  const records = new QuarrellingRecords();
  const world = new LifecycleWorld(undefined, records);
  await world.life.catchUp();
  const hash = await world.submitted({ version: 2 });
  told(await world.life.approve(BEN, hash, 'risk'));
  records.conflicts = 1;
  equal(told(await world.life.publish(ANN, hash, publishOrder)).recorded, false);
  told(await world.life.rollBack(CAS, 1, publishOrder));
  const rows = await world.life.publications({ limit: 9, after: undefined });
  deepEqual(rows.map(({ kind }) => kind), ['roll_back', 'publish', 'bootstrap']);
});
