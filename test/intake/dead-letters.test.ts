import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryTopic } from '#adapters/memory/topic.ts';
import { LIMITS } from '#domain/limits.ts';
import { letterStates, replayDeadLetters } from '#intake/replay-dead-letters.ts';
import { TopicUnavailable } from '#ports/topic.ts';
import { decided, payment } from '../engine/engine-world.ts';
import { IntakeWorld, said } from './intake-world.ts';

const bytes = (text: string): Buffer => Buffer.from(text);

/** What can never be decided, and the code that says why. */
async function sendPoison(world: IntakeWorld): Promise<Readonly<Record<string, string>>> {
  const now = world.fleet.nowMs;
  await world.sendBytes(bytes('{ "transaction": '), 'malformed', { trace: bytes('t1') });
  await world.sendBytes(bytes('{ "transfer": {} }'), 'unknown schema');
  await world.send({ kind: 'barter' }, 'unknown kind');
  await world.send({ custom: { note: 'x'.repeat(LIMITS.requestBodyBytesMax) } }, 'oversize');
  await world.sendBytes(new Uint8Array(LIMITS.topicRecordBytesMax - 100), 'too large to be kept twice');
  await world.sendBytes(new Uint8Array(0), 'tombstone');
  await world.send({}, 'unknown type', { type: bytes('telegram') });
  await world.send({}, 'no tenant', { tenant: bytes('\u0007') });
  await world.send({}, 'no deadline', { 'decision-deadline-ms': bytes('soon') });
  await world.send({}, 'no name', { 'idempotency-key': bytes('') });
  await world.send({ id: 'twice', amount: { value: '11.00', currency: 'EUR' } }, 'another payload');
  await world.sendBytes(payment(now, { id: 'throws' }), 'throws in a rule');
  return {
    malformed: 'not_json', 'unknown schema': 'invalid', 'unknown kind': 'invalid', oversize: 'too_large',
    'too large to be kept twice': 'too_large', tombstone: 'not_json', 'unknown type': 'bad_request',
    'no tenant': 'bad_request', 'no deadline': 'bad_request', 'no name': 'bad_request',
    'another payload': 'id_conflict', 'throws in a rule': 'internal',
  };
}

describe('dead letters', () => {
  test('F27 poison of every kind is put aside with bytes and reason, and the partition goes on', async () => {
    const world = await IntakeWorld.make();
    await world.fleet.decide(world.node, { id: 'twice' });
    const codes = await sendPoison(world);
    await world.send({ id: 'good' }, 'malformed');
    const { intake } = world.join('a', world.node, {
      decide: async (call) => {
        if (said(call.bytes).includes('"throws"')) throw new RangeError('no such branch');
        return world.node.decide(call);
      },
    });
    await world.done();
    const letters = await world.letters();
    const found = letters.map(({ original, refusal }) => [original.key, refusal.code]);
    deepEqual(Object.fromEntries(found), codes);
    equal(intake.measurements.dead, Object.keys(codes).length);
    equal(intake.measurements.decided, 1, 'the one behind it was decided');
    const sent = new Map<string, { value: Uint8Array; headers: object; place: object }>();
    for await (const record of world.transactions.read([])) {
      if (!sent.has(record.key)) sent.set(record.key, record);
    }
    for (const { original, from, leftOutBytes } of letters) {
      const as = sent.get(original.key)!;
      deepEqual(from, as.place);
      const isLarge = original.key === 'too large to be kept twice';
      equal(leftOutBytes > LIMITS.topicRecordBytesMax - 200, isLarge);
      if (!isLarge) deepEqual([original.value, original.headers], [as.value, as.headers], original.key);
    }
    const thrown = letters.find(({ original }) => original.key === 'throws in a rule');
    match(thrown?.refusal.detail ?? '', /no such branch/);
    const invalid = letters.find(({ original }) => original.key === 'unknown kind');
    deepEqual(JSON.stringify(invalid?.refusal.errors).includes('/transaction/kind'), true);
    await world.close();
  });

  test('F28 the dead-letter topic is down: no commit passes the poison until it is back', async () => {
    const world = await IntakeWorld.make();
    await world.send({ id: 'before' });
    await world.sendBytes(bytes('no JSON'));
    await world.send({ id: 'behind' });
    let isDown = true;
    const told: string[] = [];
    const { intake } = world.join('a', world.node, {
      tell: (what) => { told.push(what); },
      dead: {
        async append(record) {
          if (isDown) throw new TopicUnavailable('unreachable', 'no broker leads it');
          return world.dead.append(record);
        },
      },
    });
    await world.until(() => intake.measurements.retried > 3);
    const partition = world.group.committed.findIndex((offset) => offset > 0);
    equal(world.group.committed[partition], 1, 'the one before it is committed');
    deepEqual([...await world.decisions()].length, 1, 'what has its key waits behind it');
    match(told[0] ?? '', /transactions\.dead: no broker leads it/);
    isDown = false;
    await world.done();
    deepEqual([(await world.letters()).length, (await world.decisions()).size], [1, 2]);
    await world.close();
  });

  test('F29 dead letters sent twice are decided once, and none goes behind its key unasked', async () => {
    const world = await IntakeWorld.make();
    let isBroken = true;
    world.join('a', world.node, {
      decide: async (call) => {
        if (isBroken && /"(d1|d2|d3)"/.test(said(call.bytes))) throw new RangeError('no such branch');
        return world.node.decide(call);
      },
    });
    for (const [id, key] of [['d1', 'quiet'], ['d2', 'quiet'], ['d3', 'busy'], ['later', 'busy']] as const) {
      await world.send({ id, card: { id: key } }, key, { trace: bytes(id) });
    }
    await world.done();
    const stateOf = async (): Promise<readonly string[]> =>
      (await letterStates(world.dead, world.transactions)).map(({ letter, state, later }) =>
        `${said(letter.original.headers['trace'])} ${state} ${later}`).toSorted();
    deepEqual(await stateOf(), ['d1 waiting 0', 'd2 waiting 0', 'd3 overtaken 1']);
    isBroken = false;
    equal((await replayDeadLetters(world.dead, world.transactions, { overtaken: false })).length, 2);
    await world.done();
    deepEqual(await stateOf(), ['d1 sent 0', 'd2 sent 0', 'd3 overtaken 1']);
    equal((await replayDeadLetters(world.dead, world.transactions, { overtaken: false })).length, 0);
    equal((await replayDeadLetters(world.dead, world.transactions, { overtaken: true })).length, 1);
    await world.done();
    // As one who died before it was noted that they are sent.
    const blind = new MemoryTopic('blind', 1, () => 0);
    for await (const { headers, ...record } of world.dead.read([])) {
      if (headers['replay-of'] === undefined) await blind.append({ ...record, headers });
    }
    equal((await replayDeadLetters(blind, world.transactions, { overtaken: true })).length, 3);
    await world.done();
    const decisions = await world.decisions();
    equal(decisions.size, 4);
    ok([...decisions.values()].every((texts) => texts.size === 1));
    for (const id of ['quiet', 'busy']) {
      const { features } = decided(await world.fleet.decide(world.node, { card: { id } }));
      equal(features['card_count_1h'], 3);
    }
    await world.close();
  });
});
