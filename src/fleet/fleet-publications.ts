/**
 * What is live, for all nodes: a topic of one partition, whose order is the order of publications and
 * amendments.
 */
import type { LogRecord } from '#ports/decision-log.ts';
import type { Topic } from '#ports/topic.ts';
import { logRecordOf } from './topic-record.ts';

/** Position of a record: 1 for the first of the topic, as in a log. */
const positionOf = (offset: number): number => offset + 1;

export class FleetPublications {
  readonly #topic: Topic;
  readonly #records: LogRecord[] = [];
  readonly #stopping = new AbortController();
  #following: Promise<void> = Promise.resolve();

  constructor(topic: Topic) {
    if (topic.partitionCount !== 1) {
      throw new RangeError(`topic ${topic.name} has ${topic.partitionCount} partitions; one is needed`);
    }
    this.#topic = topic;
  }

  /** Reads what is there, and tells of each; then of what comes, one after the other, until `close`. */
  async open(tell: (record: LogRecord) => Promise<void>, onFailure: (error: unknown) => void): Promise<void> {
    const [end = 0] = await this.#topic.ends();
    let opened: () => void = () => {};
    const isOpen = new Promise<void>((resolve) => { opened = resolve; });
    if (end === 0) opened();
    const follow = async (): Promise<void> => {
      for await (const written of this.#topic.follow([0], this.#stopping.signal)) {
        const position = positionOf(written.place.offset);
        const record = { ...logRecordOf(written).record, position };
        this.#records[position] = record;
        await tell(record);
        if (position >= end) opened();
      }
    };
    this.#following = follow().catch(onFailure);
    await isOpen;
  }

  async get(position: number): Promise<LogRecord | undefined> {
    return this.#records[position];
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#following;
  }
}
