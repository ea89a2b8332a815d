/**
 * What a member asks the coordinator of its group: the classic protocol, with a name of the member that stays
 * (static membership), and committed (offsets) that carry the generation in which they were made.
 */
import {
  decodeConsumerProtocolAssignment, encodeConsumerProtocolAssignment, encodeConsumerProtocolSubscription,
  findCoordinatorV4, heartbeatV4, joinGroupV9, offsetCommitV8, offsetFetchV8, syncGroupV5, type Connection,
} from '@platformatic/kafka';
import { KafkaClient, type KafkaConnection } from './kafka-client.ts';
import { mustBeWell, troubleOf } from './trouble.ts';

export interface GroupOptions {
  readonly connection: KafkaConnection;
  readonly group: string;
  readonly topic: string;
  readonly member: string;
  /** Who is not heard of for so long has left. */
  readonly sessionMsMax: number;
  /** What the others wait for one who is at work when partitions are to change hands. */
  readonly rebalanceMsMax: number;
}

/** Of one generation of the group. */
export interface Membership {
  readonly memberId: string;
  readonly generation: number;
  readonly partitions: readonly number[];
}

const GROUP_KIND = 0;
/** All members of a group must offer it. */
const PROTOCOL = 'turns';
const PROTOCOL_TYPE = 'consumer';
/** Above what the broker itself waits before it answers a join. */
const JOIN_MS_MORE = 5_000;

/** Codes after which the coordinator is to be looked up again. */
const MOVED: ReadonlySet<string> = new Set([
  'NOT_COORDINATOR', 'COORDINATOR_NOT_AVAILABLE', 'COORDINATOR_LOAD_IN_PROGRESS',
]);

export class GroupCoordinator {
  readonly #options: GroupOptions;
  readonly #client: KafkaClient;
  /** For joins, which wait for the others. */
  readonly #patient: KafkaClient;
  #node: number | undefined;

  constructor(options: GroupOptions) {
    this.#options = options;
    this.#client = new KafkaClient(options.connection);
    const requestMsMax = options.rebalanceMsMax + JOIN_MS_MORE;
    this.#patient = new KafkaClient({ ...options.connection, requestMsMax });
  }

  get client(): KafkaClient {
    return this.#client;
  }

  /**
   * Joins under `memberId` ('' at first). Rejects with Troubled, or what the client threw; and so do the
   * others.
   */
  async join(memberId: string): Promise<Membership> {
    const { group, topic, member, sessionMsMax, rebalanceMsMax } = this.#options;
    const metadata = encodeConsumerProtocolSubscription({ version: 0, topics: [topic] });
    const joined = await this.#ask(this.#patient, (wire) => joinGroupV9.api.async(wire, group, sessionMsMax,
      rebalanceMsMax, memberId, member, PROTOCOL_TYPE, [{ name: PROTOCOL, metadata }], null));
    this.#mustBeWell(joined.errorCode);
    const { generationId, members, leader } = joined;
    const isLeader = leader === joined.memberId && !joined.skipAssignment;
    const shares = isLeader ? await this.#shares(members) : [];
    const synced = await this.#ask(this.#patient, (wire) => syncGroupV5.api.async(wire, group, generationId,
      joined.memberId, member, PROTOCOL_TYPE, PROTOCOL, shares));
    this.#mustBeWell(synced.errorCode);
    const assigned = synced.assignment.length === 0 ? []
      : decodeConsumerProtocolAssignment(synced.assignment).assignedPartitions;
    const partitions = assigned.filter((one) => one.topic === topic).flatMap((one) => one.partitions);
    return { memberId: joined.memberId, generation: generationId, partitions };
  }

  async heartbeat({ generation, memberId }: Membership): Promise<void> {
    const { group, member } = this.#options;
    const { errorCode } = await this.#ask(this.#client, (wire) =>
      heartbeatV4.api.async(wire, group, generation, memberId, member));
    this.#mustBeWell(errorCode);
  }

  /** Where each of these partitions is to go on; absent where nothing is committed. */
  async committed(partitions: readonly number[]): Promise<ReadonlyMap<number, number>> {
    const { group, topic } = this.#options;
    const topics = [{ name: topic, partitionIndexes: [...partitions] }];
    const { groups } = await this.#ask(this.#client, (wire) =>
      offsetFetchV8.api.async(wire, [{ groupId: group, memberEpoch: -1, topics }], true));
    const committed = new Map<number, number>();
    for (const answer of groups) {
      this.#mustBeWell(answer.errorCode);
      for (const part of answer.topics.flatMap((one) => one.partitions)) {
        this.#mustBeWell(part.errorCode);
        if (part.committedOffset >= 0n) committed.set(part.partitionIndex, Number(part.committedOffset));
      }
    }
    return committed;
  }

  async commit({ generation, memberId }: Membership, partition: number, nextOffset: number): Promise<void> {
    const { group, topic, member } = this.#options;
    const partitions = [
      { partitionIndex: partition, committedOffset: BigInt(nextOffset), committedLeaderEpoch: -1 },
    ];
    const { topics } = await this.#ask(this.#client, (wire) =>
      offsetCommitV8.api.async(wire, group, generation, memberId, member, [{ name: topic, partitions }]));
    for (const part of topics.flatMap((one) => one.partitions)) this.#mustBeWell(part.errorCode);
  }

  async close(): Promise<void> {
    await Promise.all([this.#client.close(), this.#patient.close()]);
  }

  /** In turns, by the order of the names: the same members get the same. */
  async #shares(
    members: readonly { readonly memberId: string; readonly groupInstanceId?: string | null | undefined }[],
  ): Promise<{ memberId: string; assignment: Buffer }[]> {
    const { topic } = this.#options;
    const partitions = (await this.#client.leaders(topic)).map((_, partition) => partition);
    const named = members.map(({ memberId, groupInstanceId }) =>
      ({ memberId, name: groupInstanceId ?? memberId }));
    return named.toSorted((left, right) => (left.name < right.name ? -1 : 1)).map(({ memberId }, index) => ({
      memberId,
      assignment: encodeConsumerProtocolAssignment({
        version: 0,
        assignedPartitions: [{ topic, partitions: partitions.filter((one) => one % named.length === index) }],
      }),
    }));
  }

  async #ask<Answer>(client: KafkaClient, ask: (wire: Connection) => Promise<Answer>): Promise<Answer> {
    try {
      const node = this.#node ?? await this.#find();
      return await client.on(node, ask);
    } catch (error) {
      this.#node = undefined;
      throw error;
    }
  }

  async #find(): Promise<number> {
    const { coordinators } = await this.#client.anywhere((wire) =>
      findCoordinatorV4.api.async(wire, GROUP_KIND, [this.#options.group]));
    const [found] = coordinators;
    mustBeWell(found?.errorCode ?? -1);
    const { nodeId, host, port } = found!;
    for (const client of [this.#client, this.#patient]) client.learn(nodeId, host, port);
    this.#node = nodeId;
    return nodeId;
  }

  #mustBeWell(code: number): void {
    try {
      mustBeWell(code);
    } catch (error) {
      if (MOVED.has(troubleOf(error).id)) this.#node = undefined;
      throw error;
    }
  }
}
