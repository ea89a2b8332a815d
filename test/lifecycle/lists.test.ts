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
  deepEqual([view.rows.map(({ value }) => value), view.after], [['b2', 'b3'], undefined]);
  deepEqual(told(life.list('trusted', 0)).rows, []);
  match(refusalOf(life.list('blokced', 0)), /^not_found: .* did you mean blocked\?/);
});

test('a long list is shown in pages', () => {
  const entries = Array.from({ length: 1_001 }, (_, i) => ({ value: `c${i}` }));
  const { life } = worldWith([{ name: 'blocked', entries }]);
  const first = told(life.list('blocked', 0));
  deepEqual([first.rows.length, first.after], [1_000, 1_000]);
  const last = told(life.list('blocked', 1_000));
  deepEqual([last.rows, last.after], [[{ value: 'c1000' }], undefined]);
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

test('one person fills a list that stops payments up to a thousand entries, and two go on', async () => {
  const world = worldWith([]);
  const { life } = world;
  const propose = async (from: number, count: number) => told(await life.proposeListChange(ANN, {
    list: 'blocked', kind: 'amend', remove: [], reason: 'stolen',
    add: Array.from({ length: count }, (_, i) => ({ value: `c${from + i}` })),
  }));
  for (let part = 0; part < 10; part++) {
    const { change, secondPerson } = await propose(part * 100, 100);
    equal(secondPerson, false);
    told(await life.publishListChange(ANN, change.id, publishOrder));
  }
  const { change: { id }, secondPerson } = await propose(1_000, 1);
  equal(secondPerson, true);
  match(refusalOf(await life.publishListChange(ANN, id, publishOrder)),
    /^gate_closed: more than 1000 of its entries would be there by one person's word, so a second person/);
  told(await life.approveListChange(BEN, id, 'risk'));
  told(await life.publishListChange(ANN, id, publishOrder));
});

test('one person does not block a country: its values stand for the payments of many', async () => {
  const source = policySource({ version: 1 }).replace('blocked: { of: card,', 'blocked: { of: merchant,')
    .replace('card in list("blocked")', 'merchant in list("blocked")');
  const { life } = new LifecycleWorld(publicationOf(source));
  const { change: { id } } = told(await life.proposeListChange(ANN,
    { list: 'blocked', kind: 'amend', add: [{ value: 'shop_1' }], remove: [], reason: 'x' }));
  match(refusalOf(await life.publishListChange(ANN, id, publishOrder)),
    /^gate_closed: its values stand for the payments of many, so a second person approves it/);
});

test('a value that is listed more often than anybody needs is refused', async () => {
  const { life } = worldWith([]);
  const add = Array.from({ length: 101 }, (_, i) => {
    const at = (day: number): string => new Date(Date.UTC(2027, 0, 1 + day)).toISOString();
    return { value: 'c1', from: at(i), until: at(i + 1) };
  });
  match(refusalOf(await life.proposeListChange(ANN,
    { list: 'blocked', kind: 'replace', add, remove: [], reason: 'x' })),
  /^invalid: "c1" is listed 101 times; a value has at most 100 stays[^]*\/add\/100/);
});

/** An entry takes one person while that version judges in shadow, and two once it decides a share. */
async function takesTwoBeside(life: LifecycleWorld['life'], source: string, value: string) {
  const { version: { hash } } = told(
    await life.submit(ANN, { policy: 'small', file: undefined, source, note: 'a try' }));
  told(await life.approve(BEN, hash, 'risk'));
  const { change: { id } } = told(await life.proposeListChange(ANN,
    { list: 'blocked', kind: 'amend', add: [{ value }], remove: [], reason: 'x' }));
  for (const [share, second] of [[0, false], [0.1, true]] as const) {
    told(await life.startShadow(ANN, hash, { share, by: undefined }));
    equal(told(await life.listChange(id)).secondPerson, second);
  }
  return { hash, id };
}

test('a list by which a challenger lets payments through takes two, while it decides a share', async () => {
  const world = worldWith([]);
  const { life } = world;
  const source = policySource({ version: 2 }).replace('unless: card in list("trusted")',
    'unless: card in list("trusted") or card in list("blocked")');
  const { hash, id } = await takesTwoBeside(life, source, 'c1');
  match(refusalOf(await life.publishListChange(ANN, id, publishOrder)),
    /^gate_closed: the list can let a payment through/);
  told(await life.stopShadow(ANN, hash, 'enough'));
  told(await life.publishListChange(ANN, id, publishOrder));
});

test('one person does not stop everybody who pays a payee, whoever reads the list so', async () => {
  const byPayer = policySource({ version: 1 }).replace('blocked: { of: card,', 'blocked: { of: account,')
    .replace('card in list("blocked")', 'debtor in list("blocked")');
  const byPayee = byPayer.replace('version: 1', 'version: 2')
    .replace('debtor in list("blocked")', 'debtor in list("blocked") or creditor in list("blocked")');
  const { life } = new LifecycleWorld(publicationOf(byPayer));
  const { hash, id } = await takesTwoBeside(life, byPayee, 'acc_1');
  told(await life.publish(ANN, hash, publishOrder));
  match(refusalOf(await life.publishListChange(ANN, id, publishOrder)),
    /^gate_closed: its values stand for the payments of many, so a second person approves it/);
  told(await life.approveListChange(BEN, id, 'risk'));
  told(await life.publishListChange(ANN, id, publishOrder));
});

class CountingRecords extends MemoryRecordStore {
  reads = 0;
  override async listChange(id: string) {
    this.reads += 1;
    return super.listChange(id);
  }
}

test('whoever looks at a change again does not have all its entries read; whoever acts does', async () => {
  const records = new CountingRecords();
  const world = worldWith([], records);
  const { life } = world;
  const { change: { id } } = told(await life.proposeListChange(ANN,
    { list: 'blocked', kind: 'replace', add: [{ value: 'c1' }], remove: [], reason: 'x' }));
  for (let look = 0; look < 5; look++) equal(told(await life.listChange(id)).change.added, 1);
  equal(records.reads, 1);
  const row = records.tables.listChanges.get(id);
  if (row !== undefined) records.tables.listChanges.set(id, { ...row, author: 'eve' });
  match(refusalOf(await life.listChange(id)), /^gate_closed: lch_\w+ does not carry our seal of eve/);
  const add = [{ value: 'c2', fromMs: undefined, untilMs: undefined, note: '' }];
  if (row !== undefined) records.tables.listChanges.set(id, { ...row, add });
  match(refusalOf(await life.approveListChange(BEN, id, 'risk')),
    /^gate_closed: lch_\w+ is not what was proposed/);
});
