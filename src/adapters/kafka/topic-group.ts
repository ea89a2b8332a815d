/** A member of a group of consumers of Kafka. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClaimedRecord, PartitionClaim, TopicGroup } from '#ports/topic-group.ts';
import { GroupCoordinator, type GroupOptions, type Membership } from './group-coordinator.ts';
import { askedOfKafka, KafkaClient, type KafkaConnection } from './kafka-client.ts';
import { EARLIEST, LATEST, listOffsets, mustBeThere, TopicReader } from './topic-reader.ts';
import { troubleOf, unavailable } from './trouble.ts';

export interface KafkaGroupOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  readonly group: string;
  /** The same after a restart (Kafka's group.instance.id), and of one process at a time. */
  readonly member: string;
  /** Default 10,000. */
  readonly sessionMsMax?: number;
  /** Default 30,000. */
  readonly rebalanceMsMax?: number;
}

const SESSION_MS_MAX = 10_000;
const REBALANCE_MS_MAX = 30_000;
const HEARTBEATS_IN_SESSION = 5;
const COMMIT_MS_MAX = 5_000;
const RETRY_MS = 50;
const READING = {
  partitionBytesMax: 1_048_576, fetchBytesMax: 4_194_304, waitMsMax: 500, retryMs: RETRY_MS,
  gatherMs: () => 0, silenceMsMax: Infinity,
};

/** The generation is over, or is about to be: to join again is the way on. */
const JOIN_AGAIN: ReadonlySet<string> = new Set([
  'REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID',
]);

export class KafkaTopicGroup implements TopicGroup {
  readonly topic: string;
  readonly group: string;
  readonly member: string;
  readonly #options: GroupOptions;
  readonly #coordinator: GroupCoordinator;
  readonly #closing = new AbortController();
  #memberId = '';

  /** Reaches for Kafka when it consumes. */
  constructor(options: KafkaGroupOptions) {
    const { sessionMsMax = SESSION_MS_MAX, rebalanceMsMax = REBALANCE_MS_MAX, ...more } = options;
    this.topic = more.topic;
    this.group = more.group;
    this.member = more.member;
    this.#options = { ...more, sessionMsMax, rebalanceMsMax };
    this.#coordinator = new GroupCoordinator(this.#options);
  }

  async *consume(signal: AbortSignal): AsyncIterable<ClaimedRecord> {
    const stop = new AbortController();
    const end = (): void => { stop.abort(); };
    const signals = [signal, this.#closing.signal];
    if (signals.some(({ aborted }) => aborted)) return;
    for (const one of signals) one.addEventListener('abort', end);
    try {
      while (!stop.signal.aborted) {
        const membership = await this.#joined(stop.signal);
        if (membership !== undefined && !stop.signal.aborted) {
          yield* this.#generation(membership, stop.signal);
        }
      }
    } finally {
      for (const one of signals) one.removeEventListener('abort', end);
    }
  }

  committed(): Promise<readonly number[]> {
    return askedOfKafka(this.#name(), this.#committed());
  }

  async #committed(): Promise<readonly number[]> {
    const { client } = this.#coordinator;
    const partitions = [...(await client.leaders(this.topic)).keys()];
    const committed = await this.#coordinator.committed(partitions);
    return partitions.map((partition) => committed.get(partition) ?? 0);
  }

  /** It does not leave the group: a restart within the session finds all as it was. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#coordinator.close();
  }

  /** Undefined when it was ended meanwhile. */
  async #joined(signal: AbortSignal): Promise<Membership | undefined> {
    while (!signal.aborted) {
      try {
        const membership = await this.#coordinator.join(this.#memberId);
        this.#memberId = membership.memberId;
        return membership;
      } catch (error) {
        await this.#mayGoOn(error, signal);
      }
    }
    return undefined;
  }

  /** Throws where no retry helps; else waits a moment. */
  async #mayGoOn(error: unknown, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const trouble = troubleOf(error);
    if (trouble.id === 'UNKNOWN_MEMBER_ID') this.#memberId = '';
    if (trouble.id === 'FENCED_INSTANCE_ID') {
      this.#memberId = '';
      throw unavailable({ ...trouble, text: `another process has joined as ${this.member}` }, this.#name());
    }
    if (!trouble.mayPass && !JOIN_AGAIN.has(trouble.id)) throw unavailable(trouble, this.#name());
    await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
  }

  /** As long as the partitions stay where they are. */
  async *#generation(membership: Membership, signal: AbortSignal): AsyncIterable<ClaimedRecord> {
    const generation = new Generation(this.#coordinator, membership, this.#options);
    const end = (): void => { generation.end(); };
    signal.addEventListener('abort', end);
    const beating = generation.beat();
    const client = new KafkaClient(this.#options.connection);
    try {
      const from = await this.#offsets(membership.partitions);
      const reader = new TopicReader(client, this.topic, READING, from, undefined, generation.over);
      for await (const record of reader.records()) {
        yield { record, claim: generation.claim(record.place.partition) };
        if (generation.over.aborted) break;
      }
      if (membership.partitions.length === 0) await generation.ended();
    } catch (error) {
      await this.#mayGoOn(error, signal);
    } finally {
      signal.removeEventListener('abort', end);
      generation.end();
      generation.lose();
      await client.close();
    }
    // Why the heartbeat stopped: another with this name ends it all.
    const error = await beating;
    if (error !== undefined) await this.#mayGoOn(error, signal);
  }

  async #offsets(partitions: readonly number[]): Promise<ReadonlyMap<number, number>> {
    if (partitions.length === 0) return new Map();
    const { client } = this.#coordinator;
    const [committed, starts, ends] = await Promise.all([
      this.#coordinator.committed(partitions), listOffsets(client, this.topic, EARLIEST),
      listOffsets(client, this.topic, LATEST),
    ]);
    const from = starts.map((start, partition) => committed.get(partition) ?? start);
    const all = mustBeThere(`${this.topic} as ${this.#name()} has committed it`, from, starts, ends);
    return new Map(partitions.map((partition) => [partition, all.get(partition) ?? 0]));
  }

  #name(): string {
    return `group ${this.group}`;
  }
}

/** A membership for as long as it holds. */
class Generation {
  readonly #coordinator: GroupCoordinator;
  readonly #membership: Membership;
  readonly #sessionMsMax: number;
  readonly #lost = new AbortController();
  readonly #over = new AbortController();
  readonly #claims = new Map<number, PartitionClaim>();
  #heardAtMs = performance.now();

  constructor(coordinator: GroupCoordinator, membership: Membership, { sessionMsMax }: GroupOptions) {
    this.#coordinator = coordinator;
    this.#membership = membership;
    this.#sessionMsMax = sessionMsMax;
  }

  /** Nothing more is read; what is being done may still be committed, until it is lost. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  end(): void {
    this.#over.abort();
  }

  lose(): void {
    this.#lost.abort();
  }

  async ended(): Promise<void> {
    if (this.#over.signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#over.signal.addEventListener('abort', () => { resolve(); }, { once: true });
    });
  }

  /** Until it is lost. Returns the error that ended it, where it was one. */
  async beat(): Promise<unknown> {
    const { signal } = this.#lost;
    let failure: unknown;
    while (!signal.aborted) {
      await sleep(this.#sessionMsMax / HEARTBEATS_IN_SESSION, undefined, { signal }).catch(() => {});
      if (signal.aborted) break;
      try {
        await this.#coordinator.heartbeat(this.#membership);
        this.#heardAtMs = performance.now();
      } catch (error) {
        failure = this.#judged(error) ?? failure;
      }
    }
    return failure;
  }

  claim(partition: number): PartitionClaim {
    const known = this.#claims.get(partition);
    if (known !== undefined) return known;
    const claim: PartitionClaim = {
      partition, lost: this.#lost.signal, wanted: this.#over.signal,
      commit: (nextOffset) => this.#commit(partition, nextOffset),
    };
    this.#claims.set(partition, claim);
    return claim;
  }

  /** Returns the error where it ends the membership. */
  #judged(error: unknown): unknown {
    const trouble = troubleOf(error);
    const isForgotten = performance.now() - this.#heardAtMs > this.#sessionMsMax;
    if (trouble.mayPass && !isForgotten) return undefined;
    this.end();
    // While others are waited for, what is being done still counts.
    if (trouble.id !== 'REBALANCE_IN_PROGRESS' || isForgotten) this.lose();
    return trouble.id === 'REBALANCE_IN_PROGRESS' || trouble.mayPass ? undefined : error;
  }

  async #commit(partition: number, nextOffset: number): Promise<boolean> {
    for (const startedAtMs = performance.now(); !this.#lost.signal.aborted;) {
      try {
        await this.#coordinator.commit(this.#membership, partition, nextOffset);
        return true;
      } catch (error) {
        const trouble = troubleOf(error);
        if (JOIN_AGAIN.has(trouble.id) || trouble.id === 'FENCED_INSTANCE_ID') {
          this.end();
          this.lose();
          return false;
        }
        const isLate = performance.now() - startedAtMs > COMMIT_MS_MAX;
        if (!trouble.mayPass || isLate) throw unavailable(trouble, `the commit of partition ${partition}`);
        await sleep(RETRY_MS);
      }
    }
    return false;
  }
}
