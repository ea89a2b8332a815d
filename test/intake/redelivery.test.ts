import { deepEqual, equal, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { refused } from '#decisioning/call.ts';
import { TopicUnavailable } from '#ports/topic.ts';
import { decided, payment, POLICY, publicationOf } from '../engine/engine-world.ts';
import { SeededRandom } from '../simulation/seeded-random.ts';
import { scaled } from '../test-scale.ts';
import { IntakeWorld, said, type Member } from './intake-world.ts';

const idOf = (bytes: Uint8Array): string => /"id":"([^"]+)"/.exec(said(bytes))?.[1] ?? '';

describe('records that come again', () => {
  test('F19 decided and not committed when its member died: its copy is no second payment', async () => {
    const world = await IntakeWorld.make(2);
    const [a, b] = world.fleet.nodes;
    for (let i = 0; i < 10; i++) await world.send({ id: `p${i}` });
    // It dies after the decision: nothing of it is ever committed.
    const dying = world.group.member('a');
    const begun: string[] = [];
    for await (const { record } of dying.consume(new AbortController().signal)) {
      decided(await a!.decide({ bytes: record.value, tenant: 'acme' }));
      begun.push(idOf(record.value));
      if (begun.length === 7) break;
    }
    const { intake } = world.join('b', b);
    await world.done();
    deepEqual([intake.measurements.replayed, intake.measurements.decided], [7, 3]);
    equal(decided(await world.fleet.decide(b!)).features['card_count_1h'], 11);
    await world.close();
  });

  test('F20 partitions change hands in the middle of the work: who lost one commits nothing', async () => {
    const world = await IntakeWorld.make(2);
    const [a, b] = world.fleet.nodes;
    for (let i = 0; i < 60; i++) await world.send({ id: `p${i}`, card: { id: `c${i % 6}` } }, `c${i % 6}`);
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => { open = resolve; });
    let held = 0;
    const slow = world.join('a', a, {
      decide: async (call) => {
        held += 1;
        await gate;
        return a!.decide(call);
      },
    });
    await world.until(() => held === 6);
    const quick = world.join('b', b);
    await world.until(() =>
      quick.intake.measurements.decided > 0 && world.group.committed.some((one) => one > 0));
    const taken = [...world.group.committed];
    open();
    await world.done();
    ok(taken.some((offset) => offset > 0) && taken.some((offset) => offset === 0), `${taken.join()}`);
    const { decided: bySlow, replayed } = slow.intake.measurements;
    ok(bySlow + replayed > 0, 'the zombie had its answers');
    const decisions = [...(await world.decisions()).values()];
    deepEqual(decisions.map((texts) => texts.size), Array.from({ length: 60 }, () => 1));
    for (let i = 0; i < 6; i++) {
      const { features } = decided(await world.fleet.decide(a!, { card: { id: `c${i}` } }));
      equal(features['card_count_1h'], 11);
    }
    await world.close();
  });

  test('F23 all offsets set back to the first record: all comes again, and nothing happens', async () => {
    const world = await IntakeWorld.make(1);
    for (let i = 0; i < 30; i++) await world.send({ id: `p${i}` }, `k${i % 5}`);
    await world.sendBytes(Buffer.from('no JSON'), 'k0');
    const first = world.join('a');
    await world.done();
    await first.stop();
    const before = await world.decisions();
    for (const partition of world.group.committed.keys()) world.group.commit(partition, 0);
    world.fleet.nowMs += 3_600_000;
    const late = await world.fleet.join();
    await world.fleet.publish(publicationOf(POLICY.replace('version: 1', 'version: 2')));
    const { intake } = world.join('b', late);
    await world.done();
    deepEqual(await world.decisions(), before);
    const { decided: again, replayed, dead } = intake.measurements;
    deepEqual({ again, replayed, dead }, { again: 0, replayed: 30, dead: 1 });
    await world.close();
  });
});

/** What may go wrong, drawn anew for each call. */
function faults(random: SeededRandom, world: IntakeWorld, node = world.node) {
  const order: string[] = [];
  return {
    order,
    parts: {
      decide: async (call: Parameters<typeof node.decide>[0]) => {
        if (random.chance(0.15)) return refused('log_unavailable', 'away');
        // An answer that is lost is not known to be decided.
        const answer = await node.decide(call);
        if (random.chance(0.1)) return refused('log_unavailable', 'late');
        if (random.chance(0.02)) throw new TopicUnavailable('late', 'no answer');
        if (answer.kind === 'decided') order.push(idOf(call.bytes));
        return answer;
      },
      dead: {
        append: async (record: Parameters<typeof world.dead.append>[0]) => {
          if (random.chance(0.3)) throw new TopicUnavailable('late', 'no answer');
          return world.dead.append(record);
        },
      },
    },
  };
}

/** `key: ids`, each the first time that it was decided by one member. */
function firsts(order: readonly string[]): readonly string[] {
  return [...new Set(order)];
}

for (let seed = 1; seed <= scaled(12); seed++) {
  test(`members that come and go over a stream with poison, faults and copies: seed ${seed}`, async () => {
    const random = new SeededRandom(seed);
    const world = await IntakeWorld.make(2);
    const members: Member[] = [];
    const orders: (readonly string[])[] = [];
    const expected = { decided: new Set<string>(), dead: 0 };
    const join = (): void => {
      const node = world.fleet.nodes[random.between(0, 1)]!;
      const { order, parts } = faults(random, world, node);
      orders.push(order);
      members.push(world.join(`m${members.length}`, node, parts));
    };
    join();
    for (let i = 0; i < 150; i++) {
      const key = `k${random.between(0, 6)}`;
      if (random.chance(0.05)) {
        await world.sendBytes(Buffer.from(`{ "no": ${i} }`), key);
        expected.dead += 1;
      } else {
        const bytes = payment(world.fleet.nowMs, { id: `${key}-p${i}`, card: { id: key } });
        for (let copies = random.chance(0.1) ? 2 : 1; copies > 0; copies--) await world.sendBytes(bytes, key);
        expected.decided.add(`${key}-p${i}`);
      }
      if (random.chance(0.03)) join();
      if (random.chance(0.03)) await members[random.between(0, members.length - 1)]!.stop();
      if (random.chance(0.2)) await world.fleet.clock.sleep();
    }
    join();
    await world.done();
    const decisions = await world.decisions();
    equal(decisions.size, expected.decided.size);
    ok([...decisions.values()].every((texts) => texts.size === 1), 'one answer for each');
    const letters = (await world.letters()).map(({ from }) => `${from.partition}:${from.offset}`);
    equal(new Set(letters).size, expected.dead);
    // Each card has its own key: that each was decided in its turn is what its counts say.
    for (const text of [...decisions.values()].flatMap((texts) => [...texts])) {
      const { transaction_id: id, features } = JSON.parse(text);
      const [key] = id.split('-');
      const sent = [...expected.decided].filter((one) => one.startsWith(`${key}-`));
      equal(features.card_count_1h, sent.indexOf(id) + 1, id);
    }
    for (const order of orders.map(firsts)) {
      for (const key of ['k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6']) {
        const own = order.filter((id) => id.startsWith(`${key}-`)).map((id) => Number(id.split('-p')[1]));
        deepEqual(own, own.toSorted((one, other) => one - other), key);
      }
    }
    await world.close();
  });
}
