/**
 * Brokers as Kafka says they behave towards an idempotent producer, small and plain, with seeded faults:
 * requests and answers that are lost, requests that arrive long after the connection was given up, leaders
 * that move, and batches that are refused.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Reader, readRecordsBatch } from '@platformatic/kafka';
import type { BatchAnswer } from '#adapters/kafka/partition-queue.ts';
import type { PartitionBatch } from '#adapters/kafka/record-batch.ts';
import type { ProducerWire } from '#adapters/kafka/topic-writer.ts';
import { troubleOfCode } from '#adapters/kafka/trouble.ts';
import type { SeededRandom } from '../simulation/seeded-random.ts';

export interface Fate {
  /** Probabilities. */
  readonly lostRequest: number;
  readonly lostAnswer: number;
  /** Of the lost requests, those that arrive later all the same. */
  readonly ghost: number;
  readonly moved: number;
  readonly notEnoughReplicas: number;
  /** What was acknowledged stays, but its author is forgotten, as after a truncation or a long silence. */
  readonly forgetful: number;
}

interface Author {
  readonly epoch: number;
  readonly next: number;
  readonly batches: { readonly sequence: number; readonly count: number; readonly base: number }[];
}

interface Log {
  readonly texts: string[];
  readonly keys: string[];
  readonly authors: Map<bigint, Author>;
}

const CODES = {
  messageTooLarge: 10, notLeader: 6, notEnoughReplicas: 19, outOfOrder: 45, staleEpoch: 47,
  unknownProducer: 59,
} as const;
const NODES = 3;

export class FakeBrokers implements ProducerWire {
  readonly logs: readonly Log[];
  readonly #random: SeededRandom;
  readonly #leaders: number[];
  #fate: Fate;
  #authors = 0n;

  constructor(partitionCount: number, random: SeededRandom, fate: Fate) {
    this.#random = random;
    this.#fate = fate;
    const empty = (): Log => ({ texts: [], keys: [], authors: new Map() });
    this.logs = Array.from({ length: partitionCount }, empty);
    this.#leaders = this.logs.map((_, partition) => partition % NODES);
  }

  /** From now on nothing goes wrong. */
  mend(): void {
    this.#fate = {
      lostRequest: 0, lostAnswer: 0, ghost: 0, moved: 0, notEnoughReplicas: 0, forgetful: 0,
    };
  }

  async newAuthor(): Promise<bigint> {
    await sleep(this.#random.between(0, 1));
    this.#mayFail(this.#fate.lostRequest / 2);
    return this.#authors++;
  }

  async leaders(): Promise<readonly number[]> {
    await sleep(this.#random.between(0, 1));
    this.#mayFail(this.#fate.lostRequest / 2);
    return this.#leaders.map((leader) => (this.#random.chance(this.#fate.moved / 4) ? -1 : leader));
  }

  async send(
    node: number, batches: readonly PartitionBatch[],
  ): Promise<ReadonlyMap<number, BatchAnswer>> {
    await sleep(this.#random.between(0, 2));
    if (this.#random.chance(this.#fate.lostRequest)) {
      const copies = batches.map(({ partition, bytes }) => ({ partition, bytes: Buffer.from(bytes) }));
      if (this.#random.chance(this.#fate.ghost)) {
        setTimeout(() => { this.#take(node, copies); }, this.#random.between(1, 12));
      }
      throw new Error('the request was lost');
    }
    const answers = this.#take(node, batches);
    await sleep(this.#random.between(0, 2));
    this.#mayFail(this.#fate.lostAnswer);
    for (const [partition, { kind }] of answers) {
      const isForgotten = kind === 'written' && this.#random.chance(this.#fate.forgetful);
      if (isForgotten) this.logs[partition]!.authors.clear();
    }
    return answers;
  }

  #mayFail(probability: number): void {
    if (this.#random.chance(probability)) throw new Error('the answer was lost');
  }

  #take(node: number, batches: readonly PartitionBatch[]): ReadonlyMap<number, BatchAnswer> {
    const answers = new Map<number, BatchAnswer>();
    for (const { partition, bytes } of batches) {
      if (this.#random.chance(this.#fate.moved)) {
        this.#leaders[partition] = this.#random.between(0, NODES - 1);
      }
      const said = this.#leaders[partition] === node ? this.#write(partition, bytes) : CODES.notLeader;
      answers.set(partition,
        typeof said === 'number' ? { kind: 'trouble', trouble: troubleOfCode(said)! } : said);
    }
    return answers;
  }

  /** An error code, or where it stands. */
  #write(partition: number, bytes: Buffer): number | BatchAnswer {
    const log = this.logs[partition]!;
    const { producerId, producerEpoch, firstSequence, records } = readRecordsBatch(Reader.from(bytes));
    const isPoison = records.some(({ value }) => value?.toString().startsWith('poison') ?? true);
    if (isPoison) return CODES.messageTooLarge;
    if (this.#random.chance(this.#fate.notEnoughReplicas)) return CODES.notEnoughReplicas;
    const author = log.authors.get(producerId);
    if (author !== undefined && producerEpoch < author.epoch) return CODES.staleEpoch;
    const known = author !== undefined && author.epoch === producerEpoch ? author : undefined;
    const again = known?.batches.find(({ sequence, count }) =>
      sequence === firstSequence && count === records.length);
    if (again !== undefined) return { kind: 'written', baseOffset: again.base };
    if (author !== undefined && firstSequence !== (known?.next ?? 0)) return CODES.outOfOrder;
    // A broker that knows nothing of an author takes any first number; ours says so, to see the harder case.
    if (author === undefined && firstSequence !== 0) return CODES.unknownProducer;
    const base = log.texts.length;
    for (const { key, value } of records) {
      log.keys.push(key?.toString() ?? '');
      log.texts.push(value?.toString() ?? '');
    }
    const kept = known?.batches ?? [];
    kept.push({ sequence: firstSequence, count: records.length, base });
    log.authors.set(producerId, {
      epoch: producerEpoch, next: (firstSequence + records.length) % 2 ** 31, batches: kept.slice(-5),
    });
    return { kind: 'written', baseOffset: base };
  }
}
