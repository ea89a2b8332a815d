import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '#domain/message-of.ts';
import { WindowLogUnavailable } from '#ports/window-log.ts';
import { readMark, readTopology, type ServedSlots } from './cluster-topology.ts';
import { SLOT_COUNT } from './key-slot.ts';
import { RedisWindowLog, type RedisWindowLogOptions } from './window-log.ts';

/** One primary, and its logs. */
export interface Shard {
  readonly address: string;
  readonly mark: string;
  readonly log: RedisWindowLog;
}

/** Who serves what is not asked more often than this. */
const REFRESH_MS_MIN = 500;

/** Who serves each slot, as it was heard last. */
export class ClusterMap {
  readonly #options: RedisWindowLogOptions;
  #shards: readonly Shard[] = [];
  #bySlot: readonly (Shard | undefined)[] = [];
  #urls: readonly string[];
  #refreshing: Promise<void> | undefined;
  #refreshedAt = -Infinity;
  #isClosed = false;

  private constructor(options: RedisWindowLogOptions) {
    this.#options = options;
    this.#urls = [options.url];
  }

  /** Undefined where it is no cluster. Rejects with WindowLogUnavailable where not all of it answers. */
  static async open(options: RedisWindowLogOptions): Promise<ClusterMap | undefined> {
    const served = await readTopology(options.url);
    if (served === undefined) return undefined;
    const map = new ClusterMap(options);
    try {
      await map.#take(served);
      map.all();
      return map;
    } catch (error) {
      await map.close();
      throw error;
    }
  }

  /** Throws WindowLogUnavailable where nobody serves the slot. */
  at(slot: number): Shard {
    const shard = this.#bySlot[slot];
    if (shard !== undefined) return shard;
    this.refreshSoon();
    throw new WindowLogUnavailable('unreachable', `nobody who answers serves slot ${slot} of Redis now`);
  }

  /** Throws WindowLogUnavailable where a slot is not served. */
  all(): readonly Shard[] {
    if (this.#isClosed) throw new WindowLogUnavailable('unreachable', 'the window logs are closed');
    const missing = this.#bySlot.length < SLOT_COUNT ? 0 : this.#bySlot.indexOf(undefined);
    if (missing >= 0) this.at(missing);
    return this.#shards;
  }

  /** Throws WindowLogUnavailable where nobody at this address is known, or answers. */
  async found(address: string): Promise<Shard> {
    const known = this.#of(address);
    if (known !== undefined) return known;
    await this.refresh();
    const shard = this.#of(address);
    if (shard !== undefined) return shard;
    throw new WindowLogUnavailable('unreachable', `${address} has slots and does not answer`);
  }

  /** Heard of the one who served the slot before; the rest is asked for. */
  moved(slot: number, shard: Shard): void {
    const bySlot = [...this.#bySlot];
    bySlot[slot] = shard;
    this.#bySlot = bySlot;
    this.refreshSoon();
  }

  refreshSoon(): void {
    this.refresh().catch((error: unknown) => {
      this.#options.tell?.(`redis: who serves what is not known: ${messageOf(error)}`);
    });
  }

  /** Who asks meanwhile hears the same. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => { this.#refreshing = undefined; });
    return this.#refreshing;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { log } of this.#shards) await log.close();
    this.#shards = [];
    this.#bySlot = [];
  }

  #of(address: string): Shard | undefined {
    return this.#shards.find((shard) => shard.address === address);
  }

  async #refresh(): Promise<void> {
    const waitMs = REFRESH_MS_MIN - (performance.now() - this.#refreshedAt);
    if (waitMs > 0) await sleep(waitMs);
    this.#refreshedAt = performance.now();
    let why: unknown;
    for (const url of this.#urls) {
      if (this.#isClosed) return;
      try {
        const served = await readTopology(url);
        if (served !== undefined) return await this.#take(served);
      } catch (error) {
        why = error;
      }
    }
    throw why;
  }

  /** Those that stay go on with their connections; one that does not answer has no slots for now. */
  async #take(served: readonly ServedSlots[]): Promise<void> {
    const bySlot = Array.from<Shard | undefined>({ length: SLOT_COUNT });
    const shards: Shard[] = [];
    await Promise.all(served.map(async (one) => {
      const shard = await this.#shard(one).catch((error: unknown) => {
        this.#options.tell?.(`redis: ${one.address} has slots and does not answer: ${messageOf(error)}`);
      });
      if (shard === undefined) return;
      shards.push(shard);
      for (const [from, to] of one.ranges) bySlot.fill(shard, from, to + 1);
    }));
    const gone = this.#shards.filter((shard) => !shards.includes(shard));
    if (this.#isClosed) gone.push(...shards);
    else {
      this.#shards = shards;
      this.#bySlot = bySlot;
      this.#urls = [this.#options.url, ...served.map(({ url }) => url)];
    }
    for (const { log } of gone) await log.close();
  }

  async #shard(served: ServedSlots): Promise<Shard> {
    const { address, url } = served;
    const known = this.#of(address);
    const mark = await readMark(served);
    if (known?.mark === mark) return known;
    return { address, mark, log: await RedisWindowLog.open({ ...this.#options, url, mark }) };
  }
}
