import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LIMITS } from '#domain/limits.ts';
import { TopicUnavailable } from '#ports/topic.ts';
import { refused } from '#decisioning/call.ts';
import { code, decided, payment } from '../engine/engine-world.ts';
import { IntakeWorld } from './intake-world.ts';

const away = () => refused('log_unavailable', 'what the nodes share cannot be asked now');

describe('payments from the topic', () => {
  test('each is decided once, in the order of its key, and then committed', async () => {
    const world = await IntakeWorld.make();
    for (let i = 0; i < 60; i++) await world.send({ id: `p${i}`, card: { id: `c${i % 4}` } }, `c${i % 4}`);
    const member = world.join('a');
    await world.done();
    const answers = [...(await world.decisions()).values()].map((texts) => JSON.parse([...texts].join('')));
    equal(answers.length, 60);
    for (let i = 0; i < 60; i++) {
      const { features } = answers.find((one) => one.transaction_id === `p${i}`);
      equal(features.card_count_1h, Math.floor(i / 4) + 1, `p${i}, in its order`);
    }
    deepEqual(member.intake.measurements, {
      decided: 60, recorded: 0, replayed: 0, dead: 0, retried: 0, isRunning: true, inFlight: 0,
    });
    equal(await member.intake.lag(), 0);
    await world.close();
    equal(member.intake.measurements.isRunning, false);
  });

  test('the same payment by HTTP and by the topic at once: one decision, one count', async () => {
    const world = await IntakeWorld.make(2);
    const [a, b] = world.fleet.nodes;
    world.join('a', a);
    world.join('b', b);
    const calls = Array.from({ length: 40 }, (_, i) => payment(world.fleet.nowMs, { id: `p${i}` }));
    const answers = await Promise.all(calls.map(async (bytes, i) => {
      await world.sendBytes(bytes, `k${i}`);
      return world.fleet.nodes[i % 2]!.decide({ bytes, tenant: 'acme' });
    }));
    await world.done();
    const kept = await world.decisions();
    deepEqual([...kept.values()].map((texts) => texts.size), Array.from(calls, () => 1));
    for (const answer of answers) {
      const decision = decided(answer);
      ok([...kept.values()].some((texts) => texts.has(JSON.stringify(decision))), decision.id);
    }
    equal(decided(await world.fleet.decide(a!)).features['card_count_1h'], 41);
    await world.close();
  });

  test('a record says what it is, whose it is and by what name: events, tenants, keys', async () => {
    const world = await IntakeWorld.make();
    const header = (text: string) => Buffer.from(text);
    await world.send({ id: 'p', card: { id: 'c9' } }, 'c9', { 'idempotency-key': header('k') });
    const occurredAt = new Date(world.fleet.nowMs).toISOString();
    const event = {
      id: 'e', type: 'label', transaction_id: 'p', label: 'confirmed_fraud', occurred_at: occurredAt,
    };
    await world.sendBytes(Buffer.from(JSON.stringify({ event })), 'c9', { type: header('event') });
    await world.send({ id: 'p', card: { id: 'c9' } }, 'c9', { tenant: header('other') });
    const { intake } = world.join('a');
    await world.done();
    const { decided: payments, recorded, dead } = intake.measurements;
    deepEqual({ payments, recorded, dead }, { payments: 2, recorded: 1, dead: 0 });
    world.fleet.nowMs += 1_000;
    const { features } = decided(await world.fleet.decide(world.node, { card: { id: 'c9' } }));
    deepEqual([features['card_frauds_30d'], features['card_count_1h']], [1, 2], 'the other tenant is apart');
    equal(code(await world.fleet.decide(world.node, { id: 'z' }, { idempotencyKey: 'k' })), 'id_conflict');
    await world.close();
  });

  test('no more is held than may be, and the rest waits in the topic', async () => {
    const world = await IntakeWorld.make();
    for (let i = 0; i < LIMITS.intakeInFlightMax + 100; i++) await world.send({ id: `p${i}` }, `k${i}`);
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => { open = resolve; });
    const begun = new Set<Uint8Array>();
    const { intake } = world.join('a', world.node, {
      decide: async (call) => {
        begun.add(call.bytes);
        await gate;
        return world.node.decide(call);
      },
    });
    await world.until(() => begun.size >= LIMITS.intakeInFlightMax);
    for (let turns = 0; turns < 50; turns++) await world.fleet.clock.sleep();
    deepEqual([begun.size, intake.measurements.inFlight], [256, 256]);
    equal(await intake.lag(), LIMITS.intakeInFlightMax + 100);
    open();
    await world.done();
    await world.close();
  });

  test('what the nodes share is away: nothing is put aside or committed; then all is decided', async () => {
    const world = await IntakeWorld.make();
    for (let i = 0; i < 20; i++) await world.send({ id: `p${i}` });
    let isAway = true;
    const order: string[] = [];
    const { intake } = world.join('a', world.node, {
      decide: async (call) => {
        if (isAway) return away();
        const answer = await world.node.decide(call);
        order.push(decided(answer).transaction_id);
        return answer;
      },
    });
    await world.until(() => intake.measurements.retried > 20);
    deepEqual(world.group.committed, [0, 0, 0]);
    isAway = false;
    await world.done();
    deepEqual(order, Array.from({ length: 20 }, (_, i) => `p${i}`), 'in the order of the key');
    deepEqual([intake.measurements.dead, intake.measurements.decided], [0, 20]);
    await world.close();
  });

  test('a decision that only this node has keeps its record in the topic until all have it', async () => {
    const world = await IntakeWorld.make();
    await world.send({ id: 'p' });
    let isLocal = true;
    const { intake } = world.join('a', world.node, {
      decide: async (call) => {
        const answer = await world.node.decide(call);
        if (answer.kind === 'refused' || !isLocal) return answer;
        return { ...answer, degraded: [{ part: 'log', cause: 'late', fallback: 'local_journal' }] };
      },
    });
    await world.until(() => intake.measurements.retried > 3);
    deepEqual(world.group.committed, [0, 0, 0]);
    isLocal = false;
    await world.done();
    await world.close();
  });

  test('it stops when what is at work is done and committed', async () => {
    const world = await IntakeWorld.make();
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => { open = resolve; });
    let begun = 0;
    const member = world.join('a', world.node, {
      decide: async (call) => {
        begun += 1;
        await gate;
        return world.node.decide(call);
      },
    });
    await world.send({ id: 'p' });
    await world.until(() => begun === 1);
    const stopped = member.stop();
    open();
    await stopped;
    equal(await member.intake.lag(), 0);
    await world.close();
  });

  test('another with its name ends it, and it says so', async () => {
    const world = await IntakeWorld.make();
    const first = world.join('a');
    await world.send({ id: 'p' });
    await world.done();
    world.join('a');
    const error = await first.ended;
    ok(error instanceof TopicUnavailable && error.code === 'refused', String(error));
    match(error.message, /another has joined deciders as a/);
    await world.close();
  });
});
