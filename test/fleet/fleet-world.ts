/**
 * Nodes of a fleet over logs and topics of one process, with a clock that stands still until a test moves it.
 */
import { MemoryTopic } from '#adapters/memory/topic.ts';
import { MemoryWindowLog } from '#adapters/memory/window-log.ts';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import type { DecideAnswer, RecordAnswer } from '#decisioning/call.ts';
import type { Publication } from '#decisioning/publication.ts';
import { eventSchema } from '#domain/field.ts';
import { FleetNode, type FleetNodeParts } from '#fleet/fleet-node.ts';
import type { Topic } from '#ports/topic.ts';
import type { WindowLog } from '#ports/window-log.ts';
import { payment, POLICY, publicationOf } from '../engine/engine-world.ts';

export class FleetWorld {
  nowMs = Date.UTC(2026, 0, 15, 12);
  readonly decisions: Topic = new MemoryTopic('decisions', 4, () => this.nowMs);
  readonly publications: Topic = new MemoryTopic('publications', 1, () => this.nowMs);
  readonly log: WindowLog = new MemoryWindowLog();
  readonly nodes: FleetNode[] = [];

  /** Another node; what is over the same logs and topics is the same fleet. */
  async join(more: Partial<FleetNodeParts> = {}): Promise<FleetNode> {
    const schema = eventSchema();
    const node = await FleetNode.open({
      schema, log: this.log, decisions: this.decisions, publications: this.publications,
      newWindowStore: () => new LocalWindowStore(schema),
      clock: { now: () => this.nowMs, sleep: () => new Promise((resolve) => { setImmediate(resolve); }) },
      ...more,
    });
    this.nodes.push(node);
    return node;
  }

  /** In force on all of them. */
  async publish(publication: Publication): Promise<void> {
    const position = await this.nodes[0]?.publish(publication) ?? 0;
    for (const node of this.nodes) await node.hasEnacted(position);
  }

  decide(
    node: FleetNode, change: object = {}, more: { idempotencyKey?: string } = {},
  ): Promise<DecideAnswer> {
    return node.decide({ bytes: payment(this.nowMs, change), tenant: 'acme', ...more });
  }

  tell(node: FleetNode, event: object): Promise<RecordAnswer> {
    const occurredAt = new Date(this.nowMs).toISOString();
    const bytes = Buffer.from(JSON.stringify({ event: { occurred_at: occurredAt, ...event } }));
    return node.record({ bytes, tenant: 'acme' });
  }

  async close(): Promise<void> {
    for (const node of this.nodes) await node.close();
  }
}

export async function fleetOf(
  count: number, publication: Publication = publicationOf(POLICY),
): Promise<{ world: FleetWorld; nodes: readonly FleetNode[] }> {
  const world = new FleetWorld();
  const first = await world.join();
  await first.publish(publication);
  while (world.nodes.length < count) await world.join();
  return { world, nodes: world.nodes };
}
