import { deepEqual, equal, match } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryRecordStore } from '#adapters/memory/record-store.ts';
import { coverageChanges } from '#lifecycle/coverage.ts';
import { LogUnavailable } from '#ports/decision-log.ts';
import { LeavingRecords } from './leaving-records.ts';
import {
  ANN, BEN, CAS, LifecycleWorld, person, policySource, publicationOf, publishOrder, refusalOf, told,
} from './lifecycle-world.ts';

const DAY_MS = 86_400_000;
const twoPolicies = (reviewers = '[risk]', store = new MemoryRecordStore()): LifecycleWorld =>
  new LifecycleWorld(publicationOf(policySource({ version: 1, reviewers }),
    policySource({ version: 3, name: 'wires', kinds: '[transfer]' }).replace('kind: card', 'kind: transfer'),
  ), store);
const because = 'the product is closed';
const ask = { because, role: undefined };
const as = (role: string) => ({ because, role });

describe('a policy', () => {
  test('is out of force when two have agreed, and who decides its payments then is said', async () => {
    const world = twoPolicies();
    const { life, engine } = world;
    await life.catchUp();
    const [small, wires] = world.liveHashes;
    const asked = told(await life.retire(ANN, 'small', ask));
    const undecided = /^card: no policy decides these payments from then on; they are answered review/;
    match(asked.notes[0] ?? '', undecided);
    match(asked.lacking[0] ?? '', /^nobody has approved it as risk; somebody other than ann runs/);
    deepEqual(world.liveHashes, [small, wires]);
    match(refusalOf(await life.retire(ANN, 'small', as('risk'))), /^not_allowed: ann has asked for it/);
    match(refusalOf(await life.retire(CAS, 'small', as('risk'))), /^not_allowed: cas does not hold/);
    match(refusalOf(await life.retire(BEN, 'small', as('compliance'))), /^invalid: nobody asks for the role/);
    match(refusalOf(await life.retire(BEN, 'small', ask)), /^conflict: ann has asked to retire small/);
    equal(told(await life.retirement('small')).askedBy, 'ann');
    const done = told(await life.retire(BEN, 'small', as('risk')));
    deepEqual([done.live?.recorded, done.lacking, world.liveHashes], [true, [], [wires]]);
    match(done.live?.notes[0] ?? '', undecided);
    const { author, person: by, approvals } = engine.inForce().publication;
    deepEqual([author, by, approvals?.map((one) => `${one.subject} ${one.person}/${one.role}`)],
      ['ann', 'ben', ['retirement ben/risk']]);
    const [row] = await life.publications({ limit: 1, after: undefined });
    deepEqual([row?.kind, row?.person, row?.policies], ['retire', 'ben', [wires]]);
    equal(told(await life.status(small ?? '')).stage, 'retired');
    // Going back is one call by one person, and says that its payments are decided again by nobody else.
    const back = told(await life.rollBack(CAS, 1, publishOrder));
    deepEqual([world.liveHashes, back.notes], [[small, wires], []]);
    // What was agreed on was done, and is not done again.
    match(refusalOf(await life.retire(person('dan', 'risk'), 'small', as('risk'))),
      /^not_found: nobody has asked/);
  });

  test('goes with each role of its reviewers; an asking of old, or by hand, is none', async () => {
    const world = twoPolicies('[risk, compliance]');
    const { life, store } = world;
    told(await life.retire(ANN, 'small', ask));
    world.nowMs += 31 * DAY_MS;
    match(refusalOf(await life.retire(BEN, 'small', as('risk'))), /^not_found: nobody has asked/);
    const [{ hash } = { hash: '' }] = world.engine.inForce().policies;
    const detail = { hash, version: 1, because, at_ms: world.nowMs, seal: 'f'.repeat(64) };
    await store.change({ atMs: 1, person: 'cas', action: 'policy.ask_to_retire', subject: 'retirement/small',
      detail }, () => Promise.resolve());
    match(refusalOf(await life.retire(BEN, 'small', as('risk'))), /^not_found: nobody has asked/);
    told(await life.retire(ANN, 'small', ask));
    const half = told(await life.retire(BEN, 'small', as('risk')));
    match(half.lacking.join(), /^nobody has approved it as compliance/);
    match(refusalOf(await life.retire(BEN, 'small', as('risk'))), /^conflict: ben has approved it as risk/);
    await store.change({ atMs: 1, person: 'cas', action: 'policy.approve_retirement',
      subject: 'retirement/small', detail: { ...detail, role: 'compliance' } }, () => Promise.resolve());
    equal(told(await life.retirement('small')).lacking.length, 1);
    equal(told(await life.retire(BEN, 'small', as('compliance'))).live?.recorded, true);
    match(refusalOf(await life.retire(ANN, 'wires', ask)), /^conflict: wires is the only policy in force/);
    match(refusalOf(await life.retire(ANN, 'small', ask)), /^not_found: no live policy is called small/);
  });
});

test('a roll-back that leaves payments undecided says so, and so does a version of fewer kinds', async () => {
  const world = new LifecycleWorld(publicationOf(policySource({ version: 1, kinds: '[card]' })));
  const { life } = world;
  const wide = await world.submitted({ version: 2, kinds: '[card, cash]' });
  told(await life.approve(BEN, wide, 'risk'));
  told(await life.publish(ANN, wide, publishOrder));
  match(told(await life.rollBack(ANN, 1, publishOrder)).notes[0] ?? '', /^cash: no policy decides/);
  const narrow = await world.submitted({ version: 3, kinds: '[cash]' });
  told(await life.approve(BEN, narrow, 'risk'));
  const { notes } = told(await life.publish(ANN, narrow, publishOrder));
  match(notes.at(-1) ?? '', /^card: no policy decides these payments from then on/);
});

test('who decides what before and after, by kind', () => {
  const cards = { name: 'cards', kinds: ['card'] };
  const rest = { name: 'rest', kinds: [] };
  deepEqual(coverageChanges([cards, rest], [rest]), ['card: decided by rest from then on, not by cards']);
  deepEqual(coverageChanges([cards, rest], [cards]).map((one) => one.split(' ', 3).join(' ')),
    ['transfer: no policy', 'cash: no policy', 'wallet: no policy', 'crypto: no policy']);
  deepEqual(coverageChanges([cards], [cards, rest]), []);
});

test('a retirement that all agreed on and the log did not take is done when one of them says it again',
  async () => {
  const world = twoPolicies();
  const { life, engine } = world;
  const [, wires] = world.liveHashes;
  told(await life.retire(ANN, 'small', ask));
  const publish = engine.publish.bind(engine);
  engine.publish = () => Promise.reject(new LogUnavailable('disk_full', 'the disk is full'));
  match(refusalOf(await life.retire(BEN, 'small', as('risk'))), /^log_unavailable/);
  engine.publish = publish;
  match(refusalOf(await life.retire(CAS, 'small', as('risk'))), /^not_allowed: cas does not hold/);
  told(await life.retire(BEN, 'small', as('risk')));
  deepEqual(world.liveHashes, [wires]);
});

test('what was agreed on is done once, also where a crash was between the log and the records', async () => {
  const records = new LeavingRecords();
  const world = twoPolicies('[risk]', records);
  const [small, wires] = world.liveHashes;
  await world.life.catchUp();
  told(await world.life.retire(ANN, 'small', ask));
  const publish = world.engine.publish.bind(world.engine);
  world.engine.publish = (...order) => {
    records.away = true;
    return publish(...order);
  };
  equal(told(await world.life.retire(BEN, 'small', as('risk'))).live?.recorded, false);
  records.away = false;
  const after = twoPolicies('[risk]', records);
  after.engine.all.splice(0, 1, ...world.engine.all);
  await after.life.catchUp();
  const [row] = await after.life.publications({ limit: 1, after: undefined });
  deepEqual([row?.kind, after.liveHashes], ['retire', [wires]]);
  told(await after.life.rollBack(CAS, 1, publishOrder));
  match(refusalOf(await after.life.retirement('small')), /^not_found: nobody has asked/);
  match(refusalOf(await after.life.retire(person('dan', 'risk'), 'small', as('risk'))),
    /^not_found: nobody has asked/);
  deepEqual(after.liveHashes, [small, wires]);
});
