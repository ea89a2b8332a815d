import { MemoryTopic } from '#adapters/memory/topic.ts';
import type { VirtualTime } from '../simulation/virtual-time.ts';
import {
  TopicUnavailable, type Topic, type TopicPlace, type TopicRecord, type WrittenRecord,
} from '#ports/topic.ts';

/**
 * `well`: takes records in a moment. `slow`: in `slowMs`. `silent`: takes them, and nobody hears of it until
 * it is well again. `away`: rejects at once. `flaky`: each time one of these.
 */
export type TopicMood = 'well' | 'slow' | 'silent' | 'away' | 'flaky';

const WELL_MS = 3;
const SLOW_MS = 60;

/** A topic in memory that takes records when and as it likes, in virtual time. */
export class FaultyTopic implements Topic {
  readonly name = 'decisions';
  readonly partitionCount = 4;
  readonly inside: MemoryTopic;
  readonly #time: VirtualTime;
  readonly #random: () => number;
  readonly #appendMsMax: number;
  #mood: TopicMood = 'well';
  /** What nobody heard of yet. */
  #held: (() => void)[] = [];
  /** Appends that are not settled, and the most there were. */
  out = 0;
  outMax = 0;
  /** Records that were rejected and came to be there after all. */
  readonly lateTexts = new Set<string>();

  constructor(time: VirtualTime, random: () => number, appendMsMax = 2_000) {
    this.#time = time;
    this.#random = random;
    this.#appendMsMax = appendMsMax;
    this.inside = new MemoryTopic(this.name, this.partitionCount, () => time.nowMs);
  }

  get mood(): TopicMood {
    return this.#mood;
  }

  set mood(mood: TopicMood) {
    this.#mood = mood;
    if (mood === 'silent') return;
    for (const held of this.#held.splice(0)) held();
  }

  append(record: TopicRecord): Promise<TopicPlace> {
    const { promise, resolve, reject } = Promise.withResolvers<TopicPlace>();
    const mood = this.#mood === 'flaky' ? this.#oneOf(['well', 'slow', 'away'] as const) : this.#mood;
    let isSettled = false;
    const settled = (): void => {
      isSettled = true;
      this.out -= 1;
    };
    this.out += 1;
    this.outMax = Math.max(this.outMax, this.out);
    const take = (): void => {
      void this.inside.append(record).then((place) => {
        if (isSettled) this.lateTexts.add(Buffer.from(record.value).toString());
        else settled();
        resolve(place);
      });
    };
    const refuse = (code: 'late' | 'unreachable'): void => {
      if (isSettled) return;
      settled();
      reject(new TopicUnavailable(code, `append to topic ${this.name}: ${code}`));
    };
    if (mood === 'away') this.#time.after(1, () => { refuse('unreachable'); });
    else if (mood === 'silent') {
      this.#held.push(take);
      this.#time.after(this.#appendMsMax, () => { refuse('late'); });
    } else this.#time.after(mood === 'slow' ? SLOW_MS : WELL_MS, take);
    return promise;
  }

  starts(): Promise<readonly number[]> { return this.inside.starts(); }
  ends(): Promise<readonly number[]> { return this.inside.ends(); }
  read(from: readonly number[]): AsyncIterable<WrittenRecord> { return this.inside.read(from); }

  follow(from: readonly number[], signal: AbortSignal): AsyncIterable<WrittenRecord> {
    return this.inside.follow(from, signal);
  }

  close(): Promise<void> { return this.inside.close(); }

  #oneOf(moods: readonly TopicMood[]): TopicMood {
    return moods[Math.floor(this.#random() * moods.length)] ?? 'well';
  }
}
