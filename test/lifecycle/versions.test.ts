import { deepEqual, equal, match } from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  ANN, BEN, CAS, LifecycleWorld, policySource, publicationOf, publishOrder, refusalOf, told,
} from './lifecycle-world.ts';

describe('a version', () => {
  test('goes from a submission to the log by two people, and its stages say where it is', async () => {
    const world = new LifecycleWorld();
    const { life } = world;
    await life.catchUp();
    const hash = await world.submitted({ version: 2, limit: 2_000 });
    equal(told(await life.status(hash)).stage, 'tested');
    const approved = told(await life.approve(BEN, hash, 'risk'));
    deepEqual([approved.stage, approved.gate.lacking], ['approved', []]);
    const live = told(await life.publish(ANN, hash, publishOrder));
    equal(live.recorded, true);
    match(live.notes[0] ?? '', /^no_history: .* only 5 records/);
    deepEqual([world.liveHashes, told(await life.status(hash)).stage], [[hash], 'live']);
    const { author, person, because, approvals } = world.engine.inForce().publication;
    deepEqual([author, person, because, approvals?.map((one) => `${one.person}/${one.role}`)],
      ['ann', 'ann', 'agreed', ['ben/risk']]);
    const third = await world.submitted({ version: 3 });
    told(await life.approve(BEN, third, 'risk'));
    told(await life.publish(BEN, third, publishOrder));
    equal(told(await life.status(hash)).stage, 'retired');
    const acts = (await life.audit(1, 100)).map(({ action, person: who }) => `${who} ${action}`);
    deepEqual(acts, [
      'assay publication.found', 'assay version.bootstrap', 'ann version.submit', 'ben version.approve',
      'ann version.publish', 'ann version.submit', 'ben version.approve', 'ben version.publish',
    ]);
  });

  test('that does not compile is refused with every mistake, and nothing is stored', async () => {
    const { life, store } = new LifecycleWorld();
    const source = policySource({ version: 2 })
      .replace('amount as EUR', 'amuont as EUR').replace('[card]', '[cart]');
    const refused = refusalOf(
      await life.submit(ANN, { policy: 'small', file: 'a.policy.yaml', source, note: '' }));
    match(refused, /^invalid: a\.policy\.yaml:5:9 error\[P104\]/);
    match(refused, /\/source a\.policy\.yaml:16:11 error\[E201\]/);
    deepEqual([await store.policyNames(), await store.audit(1, 10)], [[], []]);
  });

  test('whose test fails is stored with what failed, and cannot go live', async () => {
    const world = new LifecycleWorld();
    const hash = await world.submitted({ version: 2, expect: 'miss' });
    const status = told(await world.life.status(hash));
    equal(status.stage, 'checked');
    match(JSON.stringify(status.evidence[1]?.found), /expected large to be miss, got hit/);
    equal(told(await world.life.approve(BEN, hash, 'risk')).stage, 'checked');
    match(refusalOf(await world.life.publish(ANN, hash, publishOrder)),
      /^gate_closed: 1 of its own tests fail/);
  });

  test('is submitted once, under its own name', async () => {
    const world = new LifecycleWorld();
    await world.submitted({ version: 2 });
    const source = policySource({ version: 2 });
    match(refusalOf(await world.life.submit(BEN, { policy: 'small', file: undefined, source, note: '' })),
      /^conflict: this very content was submitted by ann already/);
    match(refusalOf(await world.life.submit(BEN, { policy: 'other', file: undefined, source, note: '' })),
      /^invalid: the document is policy `small`, and was sent as `other`/);
  });
});

describe('an approval', () => {
  test('is by another person, in a role that is held and asked for', async () => {
    const world = new LifecycleWorld();
    const { life } = world;
    const hash = await world.submitted({ version: 2 });
    match(refusalOf(await life.approve(ANN, hash, 'risk')), /^not_allowed: ann wrote it/);
    match(refusalOf(await life.approve(CAS, hash, 'risk')),
      /^not_allowed: cas does not hold the role risk; .* no role/);
    match(refusalOf(await life.approve(BEN, hash, 'compliance')),
      /^invalid: nobody asks for the role compliance/);
    match(refusalOf(await life.publish(ANN, hash, publishOrder)),
      /^gate_closed: nobody has approved it as risk; .* than ann .*`assay policy approve sha256:\w+ --role/);
  });

  test('is given once by one person in one role, and the second time says so', async () => {
    const world = new LifecycleWorld();
    const hash = await world.submitted({ version: 2 });
    told(await world.life.approve(BEN, hash, 'risk'));
    match(refusalOf(await world.life.approve(BEN, hash, 'risk')),
      /^conflict: ben has approved it as risk already/);
  });

  test('of an older content is refused, naming the newer, whatever the clock says', async () => {
    const world = new LifecycleWorld();
    const { life } = world;
    const older = await world.submitted({ version: 2 });
    world.nowMs -= 86_400_000;
    const newer = await world.submitted({ version: 2, limit: 5_000 });
    match(refusalOf(await life.approve(BEN, older, 'risk')),
      new RegExp(`^conflict: ${older} is version 2; ann has submitted version 2 since: ${newer}`));
    told(await life.approve(BEN, newer, 'risk'));
    told(await life.withdraw(CAS, newer, 'a slip'));
    told(await life.approve(BEN, older, 'risk'));
    match(refusalOf(await life.publish(ANN, newer, publishOrder)), /^gate_closed: it was withdrawn/);
  });

  test('needs every role that the document names', async () => {
    const world = new LifecycleWorld();
    const hash = await world.submitted({ version: 2, reviewers: '[risk, compliance]' });
    told(await world.life.approve(BEN, hash, 'risk'));
    match(refusalOf(await world.life.publish(ANN, hash, publishOrder)),
      /nobody has approved it as compliance/);
    told(await world.life.approve(BEN, hash, 'compliance'));
    told(await world.life.publish(ANN, hash, publishOrder));
  });

  test('is needed where the document names no role', async () => {
    const world = new LifecycleWorld();
    const hash = await world.submitted({ version: 2, reviewers: '[]' });
    match(refusalOf(await world.life.publish(ANN, hash, publishOrder)), /no second person has approved it/);
    told(await world.life.approve(BEN, hash, 'compliance'));
    told(await world.life.publish(ANN, hash, publishOrder));
  });
});

test('a version lower than the live one, or outside its dates, does not go live', async () => {
  const world = new LifecycleWorld(publicationOf(policySource({ version: 7 })));
  for (const [shape, why] of [
    [{ version: 7, limit: 3 }, /version 7, and version 7 is live/],
    [{ version: 8, head: 'effective: { from: 2027-01-01 }\n' }, /from 2027-01-01 on/],
    [{ version: 9, head: 'effective: { until: 2026-11-24 }\n' }, /hold until 2026-11-24/],
  ] as const) {
    const hash = await world.submitted(shape);
    told(await world.life.approve(BEN, hash, 'risk'));
    match(refusalOf(await world.life.publish(ANN, hash, publishOrder)), why);
  }
});

test('of two who publish at once one wins, and the other is told what changed', async () => {
  const world = new LifecycleWorld();
  const { life } = world;
  const second = await world.submitted({ version: 2 });
  const third = await world.submitted({ version: 3, limit: 9 });
  told(await life.approve(BEN, third, 'risk'));
  told(await life.withdraw(CAS, third, 'so that the older is the newest'));
  told(await life.approve(BEN, second, 'risk'));
  const fourth = await world.submitted({ version: 4, limit: 10 });
  told(await life.approve(BEN, fourth, 'risk'));
  const [one, other] = await Promise.all(
    [life.publish(ANN, second, publishOrder), life.publish(BEN, fourth, publishOrder)]);
  told(one);
  match(refusalOf(other),
    /^conflict: since position 1, .* ann has published at position 15: small 2 \(agreed\)/);
  deepEqual(world.liveHashes, [second]);
});

test('a roll-back is one call by one person, to what had been live', async () => {
  const world = new LifecycleWorld();
  const { life } = world;
  await life.catchUp();
  const [first] = world.liveHashes;
  const hash = await world.submitted({ version: 2, limit: 0 });
  told(await life.approve(BEN, hash, 'risk'));
  const { position } = told(await life.publish(ANN, hash, publishOrder));
  match(refusalOf(await life.rollBack(CAS, position, publishOrder)),
    /^not_found: no publication before the live one/);
  told(await life.rollBack(CAS, 1, { because: 'it stops everybody', expected: undefined }));
  deepEqual(world.liveHashes, [first]);
  match(refusalOf(await life.rollBack(CAS, 1, publishOrder)),
    /^conflict: what was live from position 1 on is what is live/);
  const rows = await life.publications({ limit: 9, after: undefined });
  deepEqual(rows.map(({ kind, person }) => `${kind} ${person}`),
    ['roll_back cas', 'publish ann', 'bootstrap assay']);
});
