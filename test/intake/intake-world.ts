/** A fleet whose nodes take payments from a topic, over logs and topics of one process. */
import { setImmediate as turn } from 'node:timers/promises';
import { MemoryGroup } from '#adapters/memory/topic-group.ts';
import { MemoryTopic } from '#adapters/memory/topic.ts';
import type { FleetNode } from '#fleet/fleet-node.ts';
import { readDeadLetter, type DeadLetter } from '#intake/dead-letter.ts';
import { Intake, type IntakeParts } from '#intake/intake.ts';
import type { Topic, WrittenRecord } from '#ports/topic.ts';
import { payment, POLICY, publicationOf } from '../engine/engine-world.ts';
import { fleetOf, type FleetWorld } from '../fleet/fleet-world.ts';

const PARTITIONS = 3;
const TURNS_MAX = 200_000;

export const said = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

/** One that runs, until it is stopped. */
export interface Member {
  readonly intake: Intake;
  /** With what went wrong, if anything did. */
  readonly ended: Promise<unknown>;
  stop(): Promise<void>;
}

export class IntakeWorld {
  readonly fleet: FleetWorld;
  readonly transactions: MemoryTopic;
  readonly dead: MemoryTopic;
  readonly group: MemoryGroup;
  readonly #members: Member[] = [];

  private constructor(fleet: FleetWorld) {
    this.fleet = fleet;
    const now = (): number => fleet.nowMs;
    this.transactions = new MemoryTopic('transactions', PARTITIONS, now);
    this.dead = new MemoryTopic('transactions.dead', PARTITIONS, now);
    this.group = new MemoryGroup('deciders', this.transactions);
  }

  static async make(nodes = 1): Promise<IntakeWorld> {
    const { world } = await fleetOf(nodes, publicationOf(POLICY));
    return new IntakeWorld(world);
  }

  get node(): FleetNode {
    return this.fleet.nodes[0]!;
  }

  join(name: string, node = this.node, more: Partial<IntakeParts> = {}): Member {
    const intake = new Intake({
      group: this.group.member(name), transactions: this.transactions, dead: this.dead,
      decide: (call) => node.decide(call), record: (call) => node.record(call),
      clock: this.fleet.clock, tenant: 'acme', ...more,
    });
    const stopping = new AbortController();
    const ended = intake.run(stopping.signal).then(() => undefined, (error: unknown) => error);
    const member: Member = {
      intake, ended,
      async stop() {
        stopping.abort();
        await ended;
      },
    };
    this.#members.push(member);
    return member;
  }

  /** Under its card, unless a key is given. */
  async send(
    change: object, key = 'card_1', headers: Readonly<Record<string, Uint8Array>> = {},
  ): Promise<void> {
    await this.sendBytes(payment(this.fleet.nowMs, change), key, headers);
  }

  async sendBytes(
    value: Uint8Array, key = 'card_1', headers: Readonly<Record<string, Uint8Array>> = {},
  ): Promise<void> {
    await this.transactions.append({ key, value, headers });
  }

  /** All that was sent is committed. */
  async done(): Promise<void> {
    const ends = await this.transactions.ends();
    await this.until(() => ends.every((end, partition) => (this.group.committed[partition] ?? 0) >= end));
  }

  async until(isSo: () => boolean): Promise<void> {
    for (let turns = 0; !isSo(); turns++) {
      if (turns > TURNS_MAX) throw new Error('it did not come to that');
      await turn();
    }
  }

  async letters(): Promise<readonly DeadLetter[]> {
    return (await all(this.dead)).map(readDeadLetter);
  }

  /** Answers in the topic of decisions, by the id of the payment: more than one where they differ. */
  async decisions(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
    const found = new Map<string, Set<string>>();
    for (const { key, value } of await all(this.fleet.decisions)) {
      found.set(key, (found.get(key) ?? new Set()).add(said(value)));
    }
    return found;
  }

  async close(): Promise<void> {
    for (const member of this.#members) await member.stop();
    await this.fleet.close();
  }
}

async function all(topic: Pick<Topic, 'read'>): Promise<readonly WrittenRecord[]> {
  const found: WrittenRecord[] = [];
  for await (const record of topic.read([])) found.push(record);
  return found;
}
