import { equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryRecordStore } from '#adapters/memory/record-store.ts';
import { ANN, BEN, CAS, LifecycleWorld, publishOrder, refusalOf, told } from './lifecycle-world.ts';

const MANY = 300;

/** Acts that say nothing of where it stands. */
async function manyActs({ store, nowMs: atMs }: LifecycleWorld, hash: string): Promise<void> {
  for (let count = 0; count < MANY; count++) {
    await store.change({ atMs, person: 'ann', action: 'version.unshadow', subject: `version/${hash}`,
      detail: {} }, () => Promise.resolve(undefined));
  }
}

test('a withdrawal counts behind three hundred later acts, also where its row forgets it', async () => {
  const records = new MemoryRecordStore();
  const world = new LifecycleWorld(undefined, records);
  const hash = await world.submitted({ version: 2 });
  told(await world.life.approve(BEN, hash, 'risk'));
  told(await world.life.withdraw(CAS, hash, 'a slip'));
  const row = records.tables.versions.get(hash);
  if (row !== undefined) records.tables.versions.set(hash, { ...row, withdrawnAtMs: undefined });
  await manyActs(world, hash);
  match(refusalOf(await world.life.publish(ANN, hash, publishOrder)), /^gate_closed: it was withdrawn/);
});

test('what was live is retired behind three hundred later acts', async () => {
  const world = new LifecycleWorld();
  for (const version of [2, 3]) {
    const hash = await world.submitted({ version });
    told(await world.life.approve(BEN, hash, 'risk'));
    told(await world.life.publish(ANN, hash, publishOrder));
    if (version === 2) await manyActs(world, hash);
  }
  const { rows } = told(await world.life.versions('small', undefined));
  const older = rows.find(({ version }) => version === 2)?.hash ?? '';
  equal(told(await world.life.status(older)).stage, 'retired');
});

test('of two with one number the later stays the later behind three hundred acts', async () => {
  const world = new LifecycleWorld();
  const older = await world.submitted({ version: 2 });
  const newer = await world.submitted({ version: 2, limit: 7 });
  await manyActs(world, newer);
  match(refusalOf(await world.life.approve(BEN, older, 'risk')), new RegExp(`^conflict: .*${newer}`));
});

test('a newer version is seen behind three hundred others, whatever the clock said of it', async () => {
  const world = new LifecycleWorld();
  const newer = await world.submitted({ version: 3 });
  for (let count = 0; count < MANY; count++) {
    world.nowMs += 1;
    await world.submitted({ version: 2, limit: 5_000 + count });
  }
  const last = await world.submitted({ version: 2, limit: 1 });
  match(refusalOf(await world.life.approve(BEN, last, 'risk')),
    new RegExp(`^conflict: .* submitted version 3 since: ${newer}`));
});
