// Clients that do not wait, and what they send again.
import { deepEqual, equal, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FleetNode } from '#fleet/fleet-node.ts';
import { seededRandom } from '../../bench/random.ts';
import { decided, opened, payment } from '../engine/engine-world.ts';
import { fleetOf, type FleetWorld } from '../fleet/fleet-world.ts';
import { streamOf } from '../fleet/stream.ts';
import { scaled } from '../test-scale.ts';
import { HeldTopic } from './held-topic.ts';

const turn = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

async function keysIn(world: FleetWorld): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>();
  for await (const { key, value } of world.decisions.read([])) {
    found.set(key, [...found.get(key) ?? [], Buffer.from(value).toString()]);
  }
  return found;
}

describe('a client does not wait', () => {
  test('F10 a node is not done when another is asked: both say the same, it counts once', async () => {
    const { world, nodes: [second] } = await fleetOf(1);
    const held = new HeldTopic(world.decisions);
    const first = await world.join({ decisions: held.asTopic });
    const bytes = payment(world.nowMs, { id: 'impatient' });
    const late = first.decide({ bytes, tenant: 'acme' });
    while (held.waiting.length === 0) await turn();
    const answer = decided(await second!.decide({ bytes, tenant: 'acme' }));
    equal(answer.features['card_count_1h'], 1);
    equal(decided(await world.decide(second!)).features['card_count_1h'], 2);
    held.waiting.shift()?.();
    deepEqual(decided(await late), answer);
    equal(decided(await world.decide(second!)).features['card_count_1h'], 3);
    const texts = [...(await keysIn(world)).values()].find((all) => all[0]?.includes('impatient'));
    equal(new Set(texts).size, 1, 'the topic has one answer, however often');
  });

  test('F10 a client that is gone is decided all the same, alone and in a fleet', async () => {
    const alone = await opened();
    const { world, nodes: [node] } = await fleetOf(1);
    const bytes = payment(world.nowMs, { id: 'gone' });
    for (const one of [alone.running, node!]) {
      void one.decide({ bytes, tenant: 'acme' });
      const again = await one.decide({ bytes, tenant: 'acme' });
      equal(again.kind === 'decided' && again.replayed, true);
      equal(decided(again).features['card_count_1h'], 1);
    }
    await alone.running.close();
  });
});

describe('a storm', () => {
  const PAYMENTS = 30;
  const SENDINGS = 12;

  for (let seed = 1; seed <= scaled(3); seed++) {
    test(`F5 F49 sent over and over, the topic slow: each has one answer, seed ${seed}`, async () => {
      const random = seededRandom(seed);
      const { world } = await fleetOf(1);
      const held = new HeldTopic(world.decisions);
      const nodes = await Promise.all([1, 2, 3].map(() => world.join({ decisions: held.asTopic })));
      const texts = Array.from({ length: PAYMENTS }, (_, at) => payment(world.nowMs, { id: `storm-${at}` }));
      const sendings = Array.from({ length: PAYMENTS * SENDINGS }, (_, at) => (
        { at: at % PAYMENTS, by: random() })).toSorted((a, b) => a.by - b.by);
      const answers: Promise<readonly [number, string, number]>[] = [];
      let isOver = false;
      const release = async (): Promise<void> => {
        while (!isOver) {
          await turn();
          if (random() < 0.5) held.waiting.splice(Math.floor(random() * held.waiting.length), 1)[0]?.();
        }
      };
      const releasing = release();
      for (const { at } of sendings) {
        const node: FleetNode = nodes[Math.floor(random() * nodes.length)]!;
        answers.push(node.decide({ bytes: texts[at]!, tenant: 'acme' }).then((answer) => {
          const decision = decided(answer);
          return [at, JSON.stringify(decision), Number(decision.features['card_count_1h'])] as const;
        }));
        if (random() < 0.2) await turn();
      }
      const heard = await Promise.all(answers);
      isOver = true;
      await releasing;
      equal(new Set(heard.map(([at, text]) => `${at} ${text}`)).size, PAYMENTS, 'one answer each');
      const counts = [...new Map(heard.map(([at, , count]) => [at, count])).values()];
      deepEqual(counts.toSorted((a, b) => a - b), texts.map((_, at) => at + 1));
      const kept = [...(await keysIn(world)).values()];
      equal(kept.length, PAYMENTS);
      for (const copies of kept) {
        equal(new Set(copies).size, 1);
        ok(copies.length <= nodes.length, `${copies.length} records of one payment by ${nodes.length} nodes`);
      }
    });
  }
});

interface Seen { readonly bytes: Buffer; readonly isPayment: boolean; readonly answer: string }

describe('duplicates', () => {
  const STREAM = 300;
  const COPIES_SHARE = 0.5;
  const REMEMBERED = 40;

  for (let seed = 1; seed <= scaled(3); seed++) {
    test(`F56 sent again at any time and any node, they change nothing, seed ${seed}`, async () => {
      const random = seededRandom(seed);
      const [plain, noisy] = [await fleetOf(1), await fleetOf(3)];
      const seen: Seen[] = [];
      const ask = async (
        node: FleetNode, isPayment: boolean, bytes: Buffer, receivedAtMs: number,
      ): Promise<string> => {
        const call = { bytes, tenant: 'acme', receivedAtMs };
        const answer = isPayment ? await node.decide(call) : await node.record(call);
        if (answer.kind === 'decided') return JSON.stringify(answer.decision);
        return JSON.stringify(answer.kind === 'recorded' ? answer.recorded : answer.refusal);
      };
      const anyNode = (): FleetNode => noisy.nodes[Math.floor(random() * noisy.nodes.length)]!;
      let copies = 0;
      for (const { kind, bytes, atMs } of streamOf(seed, STREAM, plain.world.nowMs)) {
        const [isPayment, at] = [kind === 'payment', Math.floor(atMs)];
        const expected = await ask(plain.nodes[0]!, isPayment, bytes, at);
        // Copies of this one at the same instant, and of earlier ones beside it.
        const asked = [ask(anyNode(), isPayment, bytes, at).then((answer) => { equal(answer, expected); })];
        while (random() < COPIES_SHARE) {
          copies++;
          const earlier = seen[Math.floor(random() * seen.length)];
          const { answer, ...again } = random() < 0.5 || earlier === undefined
            ? { bytes, isPayment, answer: expected } : earlier;
          asked.push(ask(anyNode(), again.isPayment, again.bytes, at).then((one) => { equal(one, answer); }));
        }
        await Promise.all(asked);
        seen[copies % REMEMBERED] = { bytes, isPayment, answer: expected };
      }
      ok(copies > STREAM / 2, `${copies} copies`);
    });
  }
});
