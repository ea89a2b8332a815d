/** A topic that takes a record when the test says so: what is between append and answer is time. */
import type { Topic, TopicPlace, TopicRecord } from '#ports/topic.ts';

export class HeldTopic {
  /** Appends that wait, in the order in which they came. */
  readonly waiting: (() => void)[] = [];
  readonly #topic: Topic;

  constructor(topic: Topic) {
    this.#topic = topic;
  }

  get asTopic(): Topic {
    const shared = this.#topic;
    return {
      name: shared.name, partitionCount: shared.partitionCount,
      append: (record) => this.#append(record),
      starts: () => shared.starts(), ends: () => shared.ends(), read: (from) => shared.read(from),
      follow: (from, signal) => shared.follow(from, signal),
      close: async () => {},
    };
  }

  async #append(record: TopicRecord): Promise<TopicPlace> {
    await new Promise<void>((resolve) => { this.waiting.push(resolve); });
    return this.#topic.append(record);
  }
}
