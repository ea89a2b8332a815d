import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryRecordStore } from '#adapters/memory/record-store.ts';
import type { ListSource } from '#policy/lists.ts';
import { seededRandom } from '../../bench/random.ts';
import { scaled } from '../test-scale.ts';
import {
  ANN, BEN, LifecycleWorld, policySource, publicationOf, publishOrder, refusalOf, told,
} from './lifecycle-world.ts';

const UNTIL = '2027-01-01T00:00:00Z';
const worldWith = (lists: readonly ListSource[], store?: MemoryRecordStore): LifecycleWorld =>
  new LifecycleWorld({ ...publicationOf(policySource({ version: 1 })), lists }, store);
const FOLDER: readonly ListSource[] = [
  { name: 'blocked', entries: [{ value: 'b1' }, { value: 'b2', until: UNTIL, note: 'case 7' }] },
  { name: 'trusted', entries: [] },
];
const valuesIn = async (world: LifecycleWorld, list: string): Promise<readonly (string | number)[]> =>
  (await world.store.listEntries(list)).map(({ value }) => value);

test('a list of the first publication is in the records, once, and is changed as any other', async () => {
  const world = worldWith(FOLDER);
  const { life, store } = world;
  await life.catchUp();
  await life.catchUp();
  deepEqual(await store.listEntries('blocked'), [
    { value: 'b1', fromMs: undefined, untilMs: undefined, note: '' },
    { value: 'b2', fromMs: undefined, untilMs: Date.parse(UNTIL), note: 'case 7' },
  ]);
  const acts = (await life.audit(1, 99))
    .map(({ action, subject, person }) => `${person} ${action} ${subject}`);
  deepEqual(acts.filter((act) => act.includes('list/')), ['assay list.found list/blocked']);
  const { change: { id } } = told(await life.proposeListChange(ANN,
    { list: 'blocked', kind: 'amend', add: [{ value: 'b3' }], remove: ['b1'], reason: 'found again' }));
  told(await life.approveListChange(BEN, id, 'risk'));
  told(await life.publishListChange(ANN, id, publishOrder));
  deepEqual(await valuesIn(world, 'blocked'), ['b2', 'b3']);
  const view = told(life.list('blocked', 0));
  deepEqual([view.entries.map(({ value }) => value), view.after], [['b2', 'b3'], undefined]);
  deepEqual(told(life.list('trusted', 0)).entries, []);
  match(refusalOf(life.list('blokced', 0)), /^not_found: .* did you mean blocked\?/);
});

test('a long list is shown in pages', () => {
  const entries = Array.from({ length: 1_001 }, (_, i) => ({ value: `c${i}` }));
  const { life } = worldWith([{ name: 'blocked', entries }]);
  const first = told(life.list('blocked', 0));
  deepEqual([first.entries.length, first.after], [1_000, 1_000]);
  const last = told(life.list('blocked', 1_000));
  deepEqual([last.entries, last.after], [[{ value: 'c1000' }], undefined]);
});

test('whatever was changed by whom before which crash, the records hold what is live', async () => {
  let changes = 0;
  for (let seed = 1; seed <= scaled(20); seed++) {
    const random = seededRandom(seed);
    const upTo = (limit: number): number => Math.floor(random() * limit);
    const store = new MemoryRecordStore();
    let world = worldWith(FOLDER, store);
    if (random() < 0.8) await world.life.catchUp();
    for (let step = 0; step < 12; step++) {
      const live = world.engine.inForce().publication.lists.find(({ name }) => name === 'blocked');
      const known = (live?.entries ?? []).map(({ value }) => value);
      const { change: { id } } = told(await world.life.proposeListChange(ANN, {
        list: 'blocked', kind: random() < 0.2 ? 'replace' : 'amend', add: [{ value: `n${step}` }],
        remove: known.slice(0, upTo(3)), reason: `${step}`,
      }));
      told(await world.life.approveListChange(BEN, id, 'risk'));
      if (random() < 0.3) {
        // It is in the log, and the process ends before the records hear of it.
        const { publication } = world.engine.inForce();
        const lists = [{ name: 'blocked', entries: [{ value: `x${step}` }] }];
        await world.engine.publish({ ...publication, lists, person: 'ann', because: 'x', approvals: [] });
        const after = worldWith([], store);
        after.engine.all.splice(0, 1, ...world.engine.all);
        after.engine.records = world.engine.records;
        world = after;
        await world.life.catchUp();
      } else told(await world.life.publishListChange(ANN, id, publishOrder));
      changes += 1;
    }
    await world.life.catchUp();
    const live = world.engine.inForce().publication.lists.find(({ name }) => name === 'blocked');
    const values = new Set((live?.entries ?? []).map(({ value }) => value));
    deepEqual(new Set(await valuesIn(world, 'blocked')), values,
      `seed ${seed}`);
  }
  equal(changes, scaled(20) * 12);
});
