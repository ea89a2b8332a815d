/**
 * Nodes of a fleet over logs and topics of one process, with a clock that stands still until a test moves it.
 */
import { MemoryDecisionIndex } from '#adapters/memory/decision-index.ts';
import { MemoryTopic } from '#adapters/memory/topic.ts';
import { MemoryWindowLog } from '#adapters/memory/window-log.ts';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import type { DecideAnswer, RecordAnswer } from '#decisioning/call.ts';
import type { Publication } from '#decisioning/publication.ts';
import { eventSchema } from '#domain/field.ts';
import { FleetNode, type FleetNodeParts } from '#fleet/fleet-node.ts';
import type { FleetIndex } from '#fleet/record-finder.ts';
import type { Topic } from '#ports/topic.ts';
import type { WindowLog } from '#ports/window-log.ts';
import { DecisionFinder } from '#projections/decision-finder.ts';
import { Projector } from '#projections/projector.ts';
import { payment, POLICY, publicationOf } from '../engine/engine-world.ts';

export class FleetWorld {
  nowMs = Date.UTC(2026, 0, 15, 12);
  readonly decisions: Topic = new MemoryTopic('decisions', 4, () => this.nowMs);
  readonly publications: Topic = new MemoryTopic('publications', 1, () => this.nowMs);
  readonly log: WindowLog;
  /** Of the decisions, as far as `project` has brought it. */
  readonly index = new MemoryDecisionIndex();
  readonly nodes: FleetNode[] = [];

  constructor(log: WindowLog = new MemoryWindowLog()) {
    this.log = log;
  }

  /** Sleeps are over in a turn of the loop. */
  readonly clock = {
    now: (): number => this.nowMs, sleep: () => new Promise<void>((resolve) => { setImmediate(resolve); }),
  };

  /** Another node; what is over the same logs and topics is the same fleet. */
  async join(more: Partial<FleetNodeParts> = {}): Promise<FleetNode> {
    const schema = eventSchema();
    const node = await FleetNode.open({
      schema, log: this.log, decisions: this.decisions, publications: this.publications,
      newWindowStore: () => new LocalWindowStore(schema),
      clock: this.clock,
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

  /** What a node asks for the record of a copy: to be given to `join`. */
  readonly fleetIndex: FleetIndex = {
    find: (key) => new DecisionFinder(this.index).find(key), reached: () => this.index.offsets(),
  };

  /** All that is decided now is in the index then. */
  async project(): Promise<void> {
    const stopping = new AbortController();
    const projector = new Projector({ topic: this.decisions, index: this.index, clock: this.clock });
    const running = projector.run(stopping.signal);
    while (await projector.lag() > 0) await this.clock.sleep();
    stopping.abort();
    await running;
  }

  async close(): Promise<void> {
    for (const node of this.nodes) await node.close();
  }
}

export async function fleetOf(
  count: number, publication: Publication = publicationOf(POLICY), world = new FleetWorld(),
  more: Partial<FleetNodeParts> = {},
): Promise<{ world: FleetWorld; nodes: readonly FleetNode[] }> {
  const first = await world.join(more);
  await first.publish(publication);
  while (world.nodes.length < count) await world.join(more);
  return { world, nodes: world.nodes };
}
