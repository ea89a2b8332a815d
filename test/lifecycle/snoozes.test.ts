import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryRecordStore } from '#adapters/memory/record-store.ts';
import { ANN, BEN, CAS, LifecycleWorld, refusalOf, told } from './lifecycle-world.ts';

async function snoozedIn(world: LifecycleWorld): Promise<string> {
  const { life } = world;
  const { snooze: { id } } = told(await life.proposeSnooze(ANN, {
    policy: 'small', rule: 'large', field: 'card.id', value: 'c1', fromMs: world.nowMs,
    untilMs: world.nowMs + 86_400_000, reason: 'known',
  }));
  told(await life.approveSnooze(BEN, id, 'risk'));
  told(await life.publishSnooze(ANN, id, 'agreed'));
  return id;
}
const inForce = ({ engine }: LifecycleWorld): readonly string[] =>
  (engine.inForce().amendment?.snoozes ?? []).map(({ id }) => id);

test('a snooze ends once', async () => {
  const world = new LifecycleWorld();
  const id = await snoozedIn(world);
  told(await world.life.endSnooze(CAS, id, 'over'));
  deepEqual(inForce(world), []);
  const acts = (await world.life.audit(1, 99)).length;
  match(refusalOf(await world.life.endSnooze(CAS, id, 'over')),
    new RegExp(`^conflict: ${id} is ended already`));
  equal((await world.life.audit(1, 99)).length, acts);
});

test('one that is in force ends, whatever was done to its row', async () => {
  for (const spoil of ['changed', 'taken away'] as const) {
    const records = new MemoryRecordStore();
    const world = new LifecycleWorld(undefined, records);
    const id = await snoozedIn(world);
    const row = records.tables.snoozes.get(id);
    if (spoil === 'taken away') records.tables.snoozes.delete(id);
    else if (row !== undefined) records.tables.snoozes.set(id, { ...row, value: 'c2' });
    deepEqual(inForce(world), [id]);
    equal(told(await world.life.endSnooze(CAS, id, 'over')).recorded, true, spoil);
    deepEqual(inForce(world), [], spoil);
  }
});

test('a snooze of a field that names nobody is refused before two have agreed on it', async () => {
  const world = new LifecycleWorld();
  const order = { policy: 'small', rule: 'large', field: 'card.id', value: 'c1', fromMs: world.nowMs,
    untilMs: world.nowMs + 86_400_000, reason: 'known' };
  for (const [field, why] of [
    ['crad.id', /^invalid: there is no field crad\.id; did you mean card\.id\?\n\/field/],
    ['creditor.added_at',
      /^invalid: field creditor\.added_at is not a text, so it names nobody; .*\n\/field/],
  ] as const) {
    match(refusalOf(await world.life.proposeSnooze(ANN, { ...order, field })), why);
  }
  told(await world.life.proposeSnooze(ANN, order));
});
