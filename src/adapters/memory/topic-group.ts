/** A group of one process: for tests, and the oracle of the others. */
import type { ClaimedRecord, PartitionClaim, TopicGroup } from '#ports/topic-group.ts';
import { TopicUnavailable } from '#ports/topic.ts';
import type { MemoryTopic } from './topic.ts';

/** What the members share: who is there, and what is committed. */
export class MemoryGroup {
  readonly name: string;
  readonly topic: MemoryTopic;
  readonly #committed: number[];
  readonly #present = new Map<string, MemoryTopicGroup>();

  constructor(name: string, topic: MemoryTopic) {
    this.name = name;
    this.topic = topic;
    this.#committed = Array.from({ length: topic.partitionCount }, () => 0);
  }

  get committed(): readonly number[] {
    return this.#committed;
  }

  commit(partition: number, nextOffset: number): void {
    this.#committed[partition] = nextOffset;
  }

  member(name: string): TopicGroup {
    return new MemoryTopicGroup(this, name);
  }

  enter(member: MemoryTopicGroup): void {
    const former = this.#present.get(member.member);
    this.#present.set(member.member, member);
    former?.replaced();
    this.#share();
  }

  leave(member: MemoryTopicGroup): void {
    if (this.#present.get(member.member) !== member) return;
    this.#present.delete(member.member);
    this.#share();
  }

  /** In turns, by the order of the names. */
  #share(): void {
    const members = [...this.#present.keys()].sort().map((name) => this.#present.get(name)!);
    for (const [index, member] of members.entries()) {
      const all = [...this.#committed.keys()];
      member.assigned(all.filter((partition) => partition % members.length === index));
    }
  }
}

class MemoryTopicGroup implements TopicGroup {
  readonly member: string;
  readonly #group: MemoryGroup;
  #claims = new Map<number, { readonly claim: PartitionClaim; readonly lost: AbortController }>();
  #change = new AbortController();
  #isReplaced = false;
  #isOpen = true;

  constructor(group: MemoryGroup, member: string) {
    this.#group = group;
    this.member = member;
  }

  get topic(): string {
    return this.#group.topic.name;
  }

  get group(): string {
    return this.#group.name;
  }

  async *consume(signal: AbortSignal): AsyncIterable<ClaimedRecord> {
    const wake = (): void => { this.#change.abort(); };
    signal.addEventListener('abort', wake);
    this.#isReplaced = false;
    this.#group.enter(this);
    try {
      while (!signal.aborted && this.#isOpen) {
        this.#change = new AbortController();
        const claims = this.#claims;
        for await (const record of this.#group.topic.follow(this.#group.committed, this.#change.signal)) {
          const held = claims.get(record.place.partition);
          if (held === undefined || held.lost.signal.aborted) continue;
          yield { record, claim: held.claim };
          if (signal.aborted || this.#change.signal.aborted) break;
        }
        if (this.#isReplaced) {
          throw new TopicUnavailable('refused', `another has joined ${this.group} as ${this.member}`);
        }
      }
    } finally {
      signal.removeEventListener('abort', wake);
      this.#lose();
      this.#group.leave(this);
    }
  }

  async committed(): Promise<readonly number[]> {
    return [...this.#group.committed];
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    this.#change.abort();
    this.#lose();
    this.#group.leave(this);
  }

  assigned(partitions: readonly number[]): void {
    this.#lose();
    this.#claims = new Map(partitions.map((partition) => {
      const lost = new AbortController();
      const commit = async (nextOffset: number): Promise<boolean> => {
        if (lost.signal.aborted) return false;
        this.#group.commit(partition, nextOffset);
        return true;
      };
      return [partition, { lost, claim: { partition, lost: lost.signal, wanted: lost.signal, commit } }];
    }));
    this.#change.abort();
  }

  replaced(): void {
    this.#isReplaced = true;
    this.#lose();
    this.#change.abort();
  }

  #lose(): void {
    for (const { lost } of this.#claims.values()) lost.abort();
    this.#claims = new Map();
  }
}
