/** The life of a policy where any node may be asked, and two of them at once. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryRecordStore } from '#adapters/memory/record-store.ts';
import type { Decision } from '#domain/decision.ts';
import type { Lifecycle } from '#lifecycle/lifecycle.ts';
import { RecordsUnavailable } from '#ports/records.ts';
import { claimSealKey, OtherSealKey } from '../../src/main/claim-seal-key.ts';
import { decided } from '../engine/engine-world.ts';
import {
  ANN, BEN, policySource, publicationOf, publishOrder, refusalOf, told,
} from '../lifecycle/lifecycle-world.ts';
import { approved, fleetLives, lifeOn, type FleetLives } from './fleet-lives.ts';

const FIRST = publicationOf(policySource({ version: 1 }));
const euros = (value: string) => ({ amount: { value, currency: 'EUR' } });

/** On every node, of the same payment under another id. */
async function decisionsOf({ world, nodes }: FleetLives, change: object): Promise<readonly Decision[]> {
  const decisions: Decision[] = [];
  for (const node of nodes) decisions.push(decided(await world.decide(node, change)));
  return decisions;
}

async function settled({ nodes }: FleetLives): Promise<void> {
  const newest = Math.max(...nodes.map(({ state }) => state.live?.position ?? 0));
  for (const node of nodes) await node.hasEnacted(newest);
}

const rows = async (life: Lifecycle) =>
  (await life.publications({ limit: 99, after: undefined })).toReversed();

test('submitted on one node, approved on another, published on a third way: all decide by it', async () => {
  const fleet = await fleetLives(FIRST);
  const { lives: [a, b], world } = fleet;
  const hash = await approved([a!, b!], { version: 2, limit: 10 });
  const { position } = told(await b!.publish(ANN, hash, publishOrder));
  await settled(fleet);
  for (const decision of await decisionsOf(fleet, euros('20.00'))) {
    deepEqual([decision.policy.version, decision.outcome], [2, 'review']);
  }
  deepEqual((await rows(a!)).map((row) => [row.position, row.kind, row.person]),
    [[1, 'bootstrap', 'assay'], [position, 'publish', 'ann']]);
  const back = told(await a!.rollBack(BEN, 1, publishOrder));
  await settled(fleet);
  for (const decision of await decisionsOf(fleet, euros('20.00'))) {
    deepEqual([decision.policy.version, decision.outcome], [1, 'approve']);
  }
  deepEqual((await rows(b!)).map((row) => row.position), [1, position, back.position]);
  await world.close();
});

test('published on two nodes at once: one is live, the other hears of a conflict, and retries', async () => {
  const fleet = await fleetLives(FIRST);
  const { lives: [a, b], world } = fleet;
  const [two, three] = [
    await approved([a!, b!], { version: 2 }), await approved([b!, a!], { version: 3 }),
  ];
  const answers = await Promise.all(
    [a!.publish(ANN, two, publishOrder), b!.publish(BEN, three, publishOrder)]);
  const lost = answers.findIndex((answer) => 'code' in answer);
  equal(answers.filter((answer) => 'code' in answer).length, 1);
  match(refusalOf(answers[lost]!), /^conflict: .*Nothing of yours went live/);
  await settled(fleet);
  const versions = (await decisionsOf(fleet, {})).map(({ policy }) => policy.version);
  deepEqual(versions, lost === 0 ? [3, 3] : [2, 2]);
  if (lost === 1) {
    told(await b!.publish(BEN, three, publishOrder));
    await settled(fleet);
    deepEqual((await decisionsOf(fleet, {})).map(({ policy }) => policy.version), [3, 3]);
  }
  await world.close();
});

test('what two nodes put into two lists at once is in both lists, or one of them goes again', async () => {
  const fleet = await fleetLives(FIRST);
  const { lives: [a, b], world } = fleet;
  const propose = async (life: Lifecycle, value: string): Promise<string> => told(
    await life.proposeListChange(ANN, {
      list: 'blocked', kind: 'amend', reason: 'stolen', remove: [], add: [{ value }],
    })).change.id;
  const ids = [await propose(a!, 'c1'), await propose(b!, 'c2')];
  const published = await Promise.all([
    a!.publishListChange(ANN, ids[0]!, publishOrder), b!.publishListChange(ANN, ids[1]!, publishOrder),
  ]);
  for (const [i, answer] of published.entries()) {
    if (!('code' in answer)) continue;
    match(refusalOf(answer), /^conflict/);
    await settled(fleet);
    told(await fleet.lives[i]!.publishListChange(ANN, ids[i]!, publishOrder));
  }
  await settled(fleet);
  for (const id of ['c1', 'c2']) {
    for (const { outcome } of await decisionsOf(fleet, { card: { id } })) equal(outcome, 'decline');
  }
  deepEqual((await fleet.records.listEntries('blocked')).map(({ value }) => value), ['c1', 'c2']);
  await world.close();
});

test('what was agreed on while another node published is not put over it', async () => {
  class Held extends MemoryRecordStore {
    reached = Promise.withResolvers<void>();
    held: Promise<void> | undefined;
    override async listChange(id: string) {
      const { held } = this;
      this.held = undefined;
      this.reached.resolve();
      await held;
      return super.listChange(id);
    }
  }
  const records = new Held();
  const fleet = await fleetLives(FIRST, records);
  const { lives: [a, b], world } = fleet;
  const amend = { list: 'blocked', kind: 'amend', reason: 'stolen', remove: [] } as const;
  const [one, two] = [
    told(await a!.proposeListChange(ANN, { ...amend, add: [{ value: 'c1' }] })).change.id,
    told(await b!.proposeListChange(ANN, { ...amend, add: [{ value: 'c2' }] })).change.id,
  ];
  const hold = Promise.withResolvers<void>();
  records.reached = Promise.withResolvers<void>();
  records.held = hold.promise;
  const late = b!.publishListChange(ANN, two, publishOrder);
  await records.reached.promise;
  told(await a!.publishListChange(ANN, one, publishOrder));
  await settled(fleet);
  hold.resolve();
  match(refusalOf(await late), /^conflict: since position 1, .* ann has published/);
  for (const { outcome } of await decisionsOf(fleet, { card: { id: 'c1' } })) equal(outcome, 'decline');
  await world.close();
});

test('a node that dies behind its publication: another writes its row', async () => {
  class Failing extends MemoryRecordStore {
    isAway = false;
    override async change(...change: Parameters<MemoryRecordStore['change']>): Promise<never> {
      if (this.isAway) throw new RecordsUnavailable('unreachable', 'away');
      return await super.change(...change) as never;
    }
  }
  const records = new Failing();
  const fleet = await fleetLives(FIRST, records);
  const { lives: [a, b], world } = fleet;
  const hash = await approved([a!, b!], { version: 2 });
  records.isAway = true;
  const { position, recorded } = told(await a!.publish(ANN, hash, publishOrder));
  equal(recorded, false);
  records.isAway = false;
  await settled(fleet);
  b!.braked();
  const next = told(await b!.rollBack(BEN, 1, publishOrder));
  deepEqual((await rows(b!)).map((row) => [row.position, row.kind, row.person]),
    [[1, 'bootstrap', 'assay'], [position, 'publish', 'ann'], [next.position, 'roll_back', 'ben']]);
  await world.close();
});

test('the brake of a node holds a rule on all of them, and any node releases it', async () => {
  const fleet = await fleetLives(publicationOf(policySource({ version: 1, limit: 1 })));
  const { world, nodes: [a, b], lives } = fleet;
  for (let second = 0; second < 40 && a!.state.live?.amendment === undefined; second++) {
    for (let i = 0; i < 5; i++) await world.decide(a!, euros('20.00'));
    world.nowMs += 1_000;
    await a!.brake.look();
  }
  deepEqual(a!.brake.measurements().engaged, { fraud: 1, aml: 0 });
  await settled(fleet);
  const [, onB] = await decisionsOf(fleet, euros('20.00'));
  deepEqual(onB?.reasons.map(({ rule, effect }) => [rule, effect]), [['large', 'shadow']]);
  deepEqual(lives[1]!.brakes().map(({ rule }) => rule), ['large']);
  const release = { policy: 'small', rule: 'large', segment: undefined, because: 'looked at' };
  told(await lives[1]!.releaseBrake(BEN, release));
  await settled(fleet);
  for (const { outcome } of await decisionsOf(fleet, euros('20.00'))) equal(outcome, 'review');
  deepEqual((await rows(lives[0]!)).map(({ kind }) => kind), ['bootstrap', 'brake', 'release']);
  equal(b!.brake.measurements().held.fraud, 0);
  await world.close();
});

test('what is sealed with another key approves nothing; a node with another key does not begin', async () => {
  const fleet = await fleetLives(FIRST);
  const { lives: [a], nodes: [, other], records, world } = fleet;
  const b = lifeOn(other!, records, world, 8);
  const { version: { hash } } = told(await a!.submit(ANN,
    { policy: 'small', file: undefined, source: policySource({ version: 2 }), note: 'why' }));
  match(refusalOf(await b.approve(BEN, hash, 'risk')), /seal/);
  const claim = (byte: number, replaces?: string) => claimSealKey(
    { records, key: Buffer.alloc(32, byte), replaces, clock: world.clock });
  await claim(7);
  await claim(7);
  const why = await claim(8).then(() => 'claimed', (error: unknown) => {
    if (!(error instanceof OtherSealKey)) throw error;
    return error.message;
  });
  match(why, /ASSAY_KEYS/);
  const [, fingerprint = ''] = /ASSAY_SEAL_KEY_REPLACES=(\w+)/.exec(why) ?? [];
  await claim(8, fingerprint);
  await claim(8);
  equal(await claim(7).then(() => 'claimed', () => 'refused'), 'refused');
  const named = await records.auditOf('seal_key', { limit: 9, after: undefined });
  equal(named.length, 2, 'once each');
  await world.close();
});
