import { deepEqual, equal, notEqual } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryTopic } from '#adapters/memory/topic.ts';
import { MemoryWindowLog } from '#adapters/memory/window-log.ts';
import type { Decision } from '#domain/decision.ts';
import { TopicUnavailable } from '#ports/topic.ts';
import { WindowLogUnavailable, type WindowLog } from '#ports/window-log.ts';
import { code, decided, payment, POLICY, publicationOf } from '../engine/engine-world.ts';
import { FleetWorld, fleetOf } from './fleet-world.ts';

const card = (id: string) => ({ card: { id } });
const euros = (value: string) => ({ value, currency: 'EUR' });
const countOf = (decision: Decision): unknown => decision.features['card_count_1h'];

describe('a fleet counts as one', () => {
  test('F7 F39 a hundred payments on one card at once, over two nodes, see the counts 1 to 100', async () => {
    const { world, nodes } = await fleetOf(2);
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => world.decide(nodes[i % 2]!)));
    const counts = answers.map(decided).map(countOf).toSorted((a, b) => Number(a) - Number(b));
    deepEqual(counts, Array.from({ length: 100 }, (_, i) => i + 1));
    await world.close();
  });

  test('F5 a hundred copies of one payment at once, over three nodes, are one', async () => {
    const { world, nodes } = await fleetOf(3);
    const bytes = payment(world.nowMs, { id: 'one' });
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) =>
      nodes[i % 3]!.decide({ bytes, tenant: 'acme' })));
    equal(new Set(answers.map((answer) => JSON.stringify(decided(answer)))).size, 1);
    equal(answers.filter((answer) => answer.kind === 'decided' && !answer.replayed).length, 1);
    equal(countOf(decided(await world.decide(nodes[1]!))), 2, 'it counts once');
    await world.close();
  });

  test('F4 F8 a copy a while later, on the other node, has the same answer, whatever came', async () => {
    const { world, nodes: [a, b] } = await fleetOf(2);
    const bytes = payment(world.nowMs, { id: 'first' });
    const first = decided(await a!.decide({ bytes, tenant: 'acme' }));
    for (let i = 0; i < 5; i++) await world.decide(i % 2 === 0 ? a! : b!);
    await b!.publish(publicationOf(POLICY.replace('version: 1', 'version: 2')));
    world.nowMs += 60_000;
    for (const node of [b!, a!]) {
      const again = await node.decide({ bytes, tenant: 'acme' });
      deepEqual(decided(again), first);
      equal(again.kind === 'decided' && again.replayed, true);
    }
    equal(countOf(decided(await world.decide(a!))), 7);
    await world.close();
  });

  test('F6 the same id with another payload is refused on any node, and changes nothing', async () => {
    const { world, nodes: [a, b] } = await fleetOf(2);
    await world.decide(a!, { id: 'x' });
    for (const node of [a!, b!]) {
      equal(code(await world.decide(node, { id: 'x', amount: euros('11.00') })), 'id_conflict');
    }
    equal(countOf(decided(await world.decide(b!))), 2);
    await world.close();
  });

  test('a second name of a payment is its alone, on any node', async () => {
    const { world, nodes: [a, b] } = await fleetOf(2);
    const first = decided(await world.decide(a!, { id: 'p1' }, { idempotencyKey: 'k' }));
    equal(code(await world.decide(b!, { id: 'p2' }, { idempotencyKey: 'k' })), 'id_conflict');
    deepEqual(decided(await world.decide(b!, { id: 'p1' }, { idempotencyKey: 'k' })), first);
    equal(countOf(decided(await world.decide(b!, { id: 'p2' }))), 2, 'what was refused has not counted');
    await world.close();
  });

  test('what one node is told, the others know: labels, refunds, marks', async () => {
    const { world, nodes: [a, b] } = await fleetOf(2);
    const label = { id: 'e0', type: 'label', transaction_id: 'p', label: 'confirmed_fraud' };
    equal(code(await world.tell(b!, label)), 'recorded');
    await world.decide(a!, { id: 'p', ...card('c9') });
    world.nowMs += 1_000;
    equal(decided(await world.decide(b!, card('c9'))).features['card_frauds_30d'], 1, 'it had waited');
    const refund = { id: 'e1', type: 'refund', transaction_id: 'p', amount: euros('1') };
    for (const node of [b!, a!]) await world.tell(node, refund);
    equal(decided(await world.decide(a!, card('c9'))).features['refunds_30d'], 1, 'once');
    const large = { kind: 'transfer', debtor: { account_id: 'd1' }, amount: euros('2000.00') };
    await world.decide(a!, large);
    world.nowMs += 1_000;
    const after = decided(await world.decide(b!, { kind: 'transfer', debtor: { account_id: 'd1' } }));
    notEqual(after.aml.score, 0, 'the payer is being watched');
    await world.close();
  });

  test('a new node knows nothing, and is told all it needs', async () => {
    const { world, nodes: [a] } = await fleetOf(1);
    for (let i = 0; i < 10; i++) await world.decide(a!);
    const late = await world.join();
    equal(countOf(decided(await world.decide(late))), 11);
    await world.close();
  });
});

describe('what the nodes share fails', () => {
  test('the logs took the payment and did not answer: its copy has one answer, and counts once', async () => {
    const world = new FleetWorld();
    await fleetOf(1, publicationOf(POLICY), world, { index: world.fleetIndex });
    let isLost = true;
    const node = await world.join({ index: world.fleetIndex, log: {
      async call(...asked: Parameters<WindowLog['call']>) {
        const answers = await world.log.call(...asked);
        if (isLost) throw new WindowLogUnavailable('late', 'no answer');
        return answers;
      },
      close: async () => {},
    } });
    const bytes = payment(world.nowMs, { id: 'late' });
    const first = decided(await node.decide({ bytes, tenant: 'acme' }));
    equal(first.degraded[0]?.cause, 'late');
    isLost = false;
    await world.project();
    for (const one of world.nodes) deepEqual(decided(await one.decide({ bytes, tenant: 'acme' })), first);
    equal(countOf(decided(await world.decide(world.nodes[0]!))), 2, 'it has counted, once');
    await world.close();
  });

  test('the logs lost what a node knew: it sees what is left, and goes on', async () => {
    const { world } = await fleetOf(1);
    let log = new MemoryWindowLog();
    const node = await world.join({ log: { call: (calls) => log.call(calls), close: async () => {} } });
    for (let i = 0; i < 3; i++) await world.decide(node);
    log = new MemoryWindowLog();
    const answers = [await world.decide(node), await world.decide(node)];
    deepEqual(answers.map((answer) => countOf(decided(answer))), [1, 2]);
    deepEqual(answers.map((answer) => answer.kind === 'decided' && answer.replayed), [false, false]);
    await world.close();
  });

  test('the topic does not take the decision: its copy, on another node, is decided as it was', async () => {
    const { world, nodes: [first] } = await fleetOf(1);
    const node = await world.join({ decisions: new FullTopic() });
    const bytes = payment(world.nowMs, { id: 'full' });
    equal(code(await node.decide({ bytes, tenant: 'acme' })), 'log_unavailable');
    await world.decide(first!);
    const { log_position: { windows }, features } = decided(await first!.decide({ bytes, tenant: 'acme' }));
    deepEqual([windows, features['card_count_1h']], [{ 'card.id': 1 }, 1], 'as when it first came');
    await world.close();
  });
});

class FullTopic extends MemoryTopic {
  constructor() { super('full', 1, () => 0); }

  override async append(): Promise<never> {
    throw new TopicUnavailable('full', 'no room');
  }
}
