// Payments from a real Kafka into two nodes over it and a real Redis: poison, copies, members that come, a
// broker that dies.
import { deepEqual, equal, ok } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTopic } from '#adapters/kafka/check-topic.ts';
import { KafkaTopic } from '#adapters/kafka/topic.ts';
import { KafkaTopicGroup } from '#adapters/kafka/topic-group.ts';
import type { FleetNode } from '#fleet/fleet-node.ts';
import { readDeadLetter } from '#intake/dead-letter.ts';
import { Intake } from '#intake/intake.ts';
import { letterStates, replayDeadLetters } from '#intake/replay-dead-letters.ts';
import type { Topic, WrittenRecord } from '#ports/topic.ts';
import { decided, payment, POLICY, publicationOf } from '../engine/engine-world.ts';
import type { FleetWorld } from '../fleet/fleet-world.ts';
import { said } from '../intake/intake-world.ts';
import { RealFleet } from './real-fleet.ts';

const PARTITIONS = 4;
const DONE_MS_MAX = 90_000;
const ENDLESS_APPEND_MS = 60_000;
const clock = { now: Date.now, sleep: (ms: number) => sleep(ms) };

async function all(topic: Topic): Promise<readonly WrittenRecord[]> {
  const found: WrittenRecord[] = [];
  for await (const record of topic.read([])) found.push(record);
  return found;
}

/** Topics of one test, and members of its groups. */
class Door {
  readonly transactions: Topic;
  readonly dead: Topic;
  readonly decisions: Topic;
  readonly #real: RealFleet;
  readonly #stops: (() => Promise<void>)[] = [];

  private constructor(real: RealFleet, transactions: Topic, dead: Topic, decisions: Topic) {
    this.#real = real;
    this.transactions = transactions;
    this.dead = dead;
    this.decisions = decisions;
  }

  static async open(real: RealFleet, number: number): Promise<Door> {
    const connection = { brokers: [real.kafka.address], clientId: 'assay' };
    const open = (topic: string): Promise<Topic> =>
      KafkaTopic.open({ connection, topic, appendMsMax: ENDLESS_APPEND_MS });
    for (const [name, partitionCount] of [['transactions', PARTITIONS], ['dead', 1]] as const) {
      await createTopic(connection, {
        name: `${name}-${number}`, partitionCount, replicas: 1, inSyncMin: 1, retentionMs: 'for ever',
      });
    }
    return new Door(real, await open(`transactions-${number}`), await open(`dead-${number}`),
      await open(`decisions-${number}`));
  }

  join(name: string, node: FleetNode, { group = '', decide = node.decide.bind(node) } = {}): Intake {
    const connection = { brokers: [this.#real.kafka.address], clientId: 'assay' };
    const member = new KafkaTopicGroup({
      connection, topic: this.transactions.name, member: name,
      group: `deciders-of-${this.transactions.name}${group}`,
    });
    const intake = new Intake({
      group: member, transactions: this.transactions, dead: this.dead, decide, clock, tenant: 'acme',
      record: (call) => node.record(call),
    });
    const stopping = new AbortController();
    const running = intake.run(stopping.signal);
    this.#stops.push(async () => {
      stopping.abort();
      await running;
      await member.close();
    });
    return intake;
  }

  async send(value: Uint8Array, key: string): Promise<void> {
    await this.transactions.append({ key, value, headers: { trace: Buffer.from(key) } });
  }

  async done(intake: Intake): Promise<void> {
    const startedAt = performance.now();
    while (await intake.lag().catch(() => 1) > 0) {
      ok(performance.now() - startedAt < DONE_MS_MAX, 'not all is done');
      await sleep(50);
    }
  }

  /** By key: how many answers that differ. */
  async answers(): Promise<ReadonlyMap<string, number>> {
    const byKey = Map.groupBy(await all(this.decisions), ({ key }) => key);
    return new Map([...byKey].map(([key, records]) =>
      [key, new Set(records.map(({ value }) => said(value))).size]));
  }

  async close(): Promise<void> {
    await Promise.all(this.#stops.map((stop) => stop()));
    await Promise.all([this.transactions, this.dead, this.decisions].map((topic) => topic.close()));
  }
}

describe('payments from a real Kafka', () => {
  let real: RealFleet;
  let fleets = 0;
  before(async () => { real = await RealFleet.make(); });
  after(() => real.close());

  async function open(): Promise<{
    world: FleetWorld; door: Door; nodes: readonly [FleetNode, FleetNode];
  }> {
    const world = await real.fleet(2);
    // The topic says when a payment arrived, by the broker's clock.
    world.nowMs = Date.now();
    await world.publish(publicationOf(POLICY));
    const [one, two] = world.nodes;
    return { world, door: await Door.open(real, ++fleets), nodes: [one!, two!] };
  }

  const countOf = async (world: FleetWorld, node: FleetNode, card: string): Promise<unknown> =>
    decided(await world.decide(node, { card: { id: card } })).features['card_count_1h'];

  test('F27 F29 poison goes aside, the rest goes on, and what is mended is sent again', async () => {
    const { world, door, nodes: [node] } = await open();
    let isBroken = true;
    const intake = door.join('a', node, { decide: async (call) => {
      if (isBroken && said(call.bytes).includes('"broken')) throw new RangeError('no such branch');
      return node.decide(call);
    } });
    const now = world.nowMs;
    await door.send(Buffer.from('{ no JSON'), 'k1');
    await door.send(Buffer.from('{ "transfer": 1 }'), 'k2');
    await door.send(payment(now, { id: 'broken-1', card: { id: 'k3' } }), 'k3');
    await door.send(payment(now, { id: 'broken-2', card: { id: 'k4' } }), 'k4');
    await door.send(new Uint8Array(80_000), 'k5');
    for (const key of ['k1', 'k2', 'k4', 'k5']) {
      await door.send(payment(now, { id: `good-${key}`, card: { id: key } }), key);
    }
    await door.done(intake);
    const letters = (await all(door.dead)).map(readDeadLetter);
    deepEqual(Object.fromEntries(letters.map(({ original: { key }, refusal: { code } }) => [key, code])),
      { k1: 'not_json', k2: 'invalid', k3: 'internal', k4: 'internal', k5: 'too_large' });
    const [first] = letters.filter(({ original }) => original.key === 'k1');
    deepEqual([said(first?.original.value), said(first?.original.headers['trace'])], ['{ no JSON', 'k1']);
    isBroken = false;
    equal((await replayDeadLetters(door.dead, door.transactions, { overtaken: false })).length, 1);
    equal((await replayDeadLetters(door.dead, door.transactions, { overtaken: true })).length, 4);
    await door.done(intake);
    equal((await door.answers()).size, 6);
    deepEqual([await countOf(world, node, 'k3'), await countOf(world, node, 'k4')], [2, 3]);
    const states = await letterStates(door.dead, door.transactions);
    equal(states.filter(({ state }) => state === 'sent').length, 5);
    await door.close();
  });

  test('F19 F20 F28 members join, the broker is killed, copies by HTTP: one answer, one count', async () => {
    const { world, door, nodes: [one, two] } = await open();
    const intake = door.join('a', one);
    const sending: Promise<unknown>[] = [];
    for (let i = 0; i < 400; i++) {
      const key = `c${i % 10}`;
      const bytes = payment(world.nowMs, { id: `p${i}`, card: { id: key } });
      sending.push(door.send(i % 50 === 7 ? Buffer.from(`{ ${i}`) : bytes, key));
      // The same payment by HTTP at once; where Kafka is away it is refused, and that is all.
      if (i % 4 === 0 && i % 50 !== 7) sending.push(two.decide({ bytes, tenant: 'acme' }));
      if (i === 100) door.join('b', two);
      if (i === 200) await real.kafka.kill();
      if (i === 250) await real.kafka.start();
      if (i === 300) door.join('c', two);
      await sleep(3);
    }
    await Promise.all(sending);
    await door.done(intake);
    const answers = await door.answers();
    equal(answers.size, 392);
    ok([...answers.values()].every((differing) => differing === 1), 'one answer for each');
    const places = (await all(door.dead)).map(readDeadLetter).map(({ from }) => JSON.stringify(from));
    equal(new Set(places).size, 8);
    let counted = 0;
    for (let card = 0; card < 10; card++) counted += Number(await countOf(world, one, `c${card}`)) - 1;
    equal(counted, 392, 'each counts once');
    await door.close();
  });

  test('F23 a group that begins at the first record again decides nothing anew', async () => {
    const { world, door, nodes: [one, two] } = await open();
    for (let i = 0; i < 100; i++) await door.send(payment(world.nowMs, { id: `p${i}` }), `k${i % 7}`);
    await door.done(door.join('a', one));
    const first = await door.answers();
    const again = door.join('a', two, { group: 'set-back' });
    await door.done(again);
    deepEqual(await door.answers(), first);
    const { decided: anew, replayed } = again.measurements;
    deepEqual({ anew, replayed }, { anew: 0, replayed: 100 });
    equal(await countOf(world, one, 'c1'), 101);
    await door.close();
  });
});
