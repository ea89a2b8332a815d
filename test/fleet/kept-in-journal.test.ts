// The topic of decisions is away: what is answered, where it is kept, and that the topic gets all of it.
import { deepEqual, equal, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LocalJournal } from '#adapters/journal/local-journal.ts';
import { MemoryDisk } from '#adapters/memory/memory-disk.ts';
import { MemoryTopic } from '#adapters/memory/topic.ts';
import type { DecideAnswer } from '#decisioning/call.ts';
import type { FleetNode } from '#fleet/fleet-node.ts';
import { TopicUnavailable, type TopicPlace, type TopicRecord } from '#ports/topic.ts';
import { seededRandom } from '../../bench/random.ts';
import { decided, payment, POLICY, publicationOf } from '../engine/engine-world.ts';
import { FleetWorld } from './fleet-world.ts';

class AwayTopic extends MemoryTopic {
  isAway = false;

  override append(record: TopicRecord): Promise<TopicPlace> {
    if (this.isAway) return Promise.reject(new TopicUnavailable('unreachable', 'as the test says'));
    return super.append(record);
  }
}

const JOURNALED = [{ part: 'log', cause: 'late', fallback: 'local_journal' }];
const labelOf = (answer: DecideAnswer) => (answer.kind === 'decided' ? answer.degraded : undefined);

class JournaledWorld extends FleetWorld {
  readonly topic = new AwayTopic('decisions', 4, () => this.nowMs);
  override readonly decisions = this.topic;
  readonly disk = new MemoryDisk(seededRandom(1));

  async joinWithJournal(): Promise<FleetNode> {
    const journal = await LocalJournal.open(this.disk.boot(), { folder: 'journal', clock: this.clock });
    return this.join({ journal });
  }

  async written(): Promise<number> {
    const ends = await this.decisions.ends();
    return ends.reduce((sum, end) => sum + end, 0);
  }

  /** Until the journal is empty. */
  async shipped(node: FleetNode): Promise<void> {
    ok(node.waiting.records > 0);
    while (node.waiting.records > 0) await new Promise((resolve) => { setTimeout(resolve, 5); });
  }
}

describe('the topic of decisions is away', () => {
  test('F22 F50 decided with all windows, kept in the journal, labelled; copies agree', async () => {
    const world = new JournaledWorld();
    const node = await world.joinWithJournal();
    const other = await world.join();
    await world.publish(publicationOf(POLICY));
    world.topic.isAway = true;
    const bytes = payment(world.nowMs, { id: 'once' });
    const answer = await node.decide({ bytes, tenant: 'acme' });
    const first = decided(answer);
    deepEqual([first.degraded, labelOf(answer), first.features['card_count_1h']], [[], JOURNALED, 1]);
    const again = await node.decide({ bytes, tenant: 'acme' });
    deepEqual(decided(again), first, 'the stored decision');
    equal(await world.written(), 0);
    world.topic.isAway = false;
    await world.shipped(node);
    equal(await world.written(), 1);
    deepEqual(decided(await other.decide({ bytes, tenant: 'acme' })), first, 'judged again, as it was');
    const next = await world.decide(node);
    deepEqual([decided(next).features['card_count_1h'], labelOf(next)], [2, undefined]);
    await world.close();
  });

  test('P4 a node that is killed with answers in its journal has them when it is there again', async () => {
    const world = new JournaledWorld();
    const first = await world.joinWithJournal();
    await world.publish(publicationOf(POLICY));
    world.topic.isAway = true;
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) =>
      first.decide({ bytes: payment(world.nowMs, { id: `p${i}` }), tenant: 'acme' })));
    world.disk.kill();
    const node = await world.joinWithJournal();
    equal(node.waiting.records, 20);
    const again = await Promise.all(Array.from({ length: 20 }, (_, i) =>
      node.decide({ bytes: payment(world.nowMs, { id: `p${i}` }), tenant: 'acme' })));
    deepEqual(again.map(decided), answers.map(decided));
    world.topic.isAway = false;
    await world.shipped(node);
    equal(await world.written(), 20);
    await world.close();
  });
});
