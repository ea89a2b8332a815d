/**
 * The window logs of a cluster of Redis or Valkey. Each log is whole in one process; all logs of a payment
 * are asked at once, each by a script of its own, so that they arrive together and not as one. What a gate
 * guards is asked when its answer is there: one round trip more for each gate.
 *
 * The cluster is whole where each of its processes is, in one epoch. Where one is lost, all are made whole
 * again together: nearly every payment needs them all.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  WindowLogUnavailable, type CallOptions, type Flight, type LogAnswer, type LogCall,
} from '#ports/window-log.ts';
import type {
  LogCondition, LogHealth, RepairableLog, RestoreEntry, Restored,
} from '#ports/window-repair.ts';
import { ClusterMap, type Shard } from './cluster-map.ts';
import { keyOf } from './keys.ts';
import { slotOf } from './key-slot.ts';
import { answeredWithin } from './redis-line.ts';
import type { RedisWindowLogOptions } from './window-log.ts';

const FLIGHTS_KEPT_MAX = 16_384;
const MOVED = /^(MOVED|ASK) \d+ (\S+)$/;
/** A slot is of two processes for as long as it moves; a key of it is somewhere all the time. */
const ASKED_MAX = 4;
const AGAIN_MS = 5;

export class RedisClusterLog implements RepairableLog {
  readonly #options: RedisWindowLogOptions;
  readonly #map: ClusterMap;
  /** Where this node's flights were begun, the oldest first; others are looked for everywhere. */
  readonly #flights = new Map<string, Shard>();

  private constructor(options: RedisWindowLogOptions, map: ClusterMap) {
    this.#options = options;
    this.#map = map;
  }

  /** Undefined where it is no cluster. Rejects with WindowLogUnavailable where not all of it answers. */
  static async open(options: RedisWindowLogOptions): Promise<RedisClusterLog | undefined> {
    const map = await ClusterMap.open(options);
    return map && new RedisClusterLog(options, map);
  }

  async call(calls: readonly LogCall[], options: CallOptions = {}): Promise<readonly LogAnswer[]> {
    const withinMs = Math.min(options.withinMs ?? Infinity, this.#options.answerMsMax);
    const answers = answeredWithin(withinMs, this.#answers(calls, { ...options, withinMs }));
    this.#land(options.landed ?? []);
    return answers;
  }

  close(): Promise<void> {
    return this.#map.close();
  }

  async health(): Promise<LogHealth> {
    const all = await this.#ofAll(({ log }) => log.health());
    const epoch = Math.max(...all.map((one) => one.epoch));
    const isWhole = all.every((one) => one.condition === 'whole' && one.epoch === epoch);
    return { condition: isWhole ? 'whole' : 'lost', epoch };
  }

  lease(holder: string, forMs: number): Promise<boolean> {
    return this.#map.at(0).log.lease(holder, forMs);
  }

  async restore(entries: readonly RestoreEntry[], condition: LogCondition): Promise<readonly Restored[]> {
    if (condition === 'lost') {
      if ((await this.health()).condition === 'whole') {
        throw new WindowLogUnavailable('recovering', 'the window logs are whole');
      }
      await this.#loseAll();
    }
    const bySlot = Map.groupBy(entries.keys(), (i) => slotOf(keyOf(entries[i]!.name)));
    const restored: Restored[] = [];
    await Promise.all([...bySlot].map(async ([slot, places]) => {
      const some = places.map((place) => entries[place]!);
      const answers = await this.#tried(slot, ({ log }) => log.restore(some, condition));
      for (const [i, place] of places.entries()) restored[place] = answers[i]!;
    }));
    return restored;
  }

  async begin(epoch: number): Promise<void> {
    if ((await this.health()).condition === 'whole') return;
    await this.#loseAll();
    await this.#ofAll(({ log }) => log.begin(epoch));
  }

  /** What each of them knows to be in it: a process that lost its last writes lost its last notes too. */
  async checkpoint(): Promise<readonly number[] | undefined> {
    const [first, ...others] = await this.#ofAll(({ log }) => log.checkpoint());
    return others.reduce((known, one) => (known === undefined || one === undefined ? undefined
      : known.map((offset, partition) => Math.min(offset, one[partition] ?? 0))), first);
  }

  async advance(offsets: readonly number[]): Promise<void> {
    await this.#ofAll(({ log }) => log.advance(offsets));
  }

  async flights(): Promise<readonly string[]> {
    return (await this.#ofAll(({ log }) => log.flights())).flat();
  }

  async flight(id: string): Promise<Uint8Array | undefined> {
    return (await this.#ofAll(({ log }) => log.flight(id))).find((bytes) => bytes !== undefined);
  }

  async landed(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#flights.delete(id);
    await this.#ofAll(({ log }) => log.landed(ids));
  }

  async #answers(
    calls: readonly LogCall[], { flight, withinMs = Infinity }: CallOptions,
  ): Promise<readonly LogAnswer[]> {
    const endsAt = performance.now() + withinMs;
    const answers: LogAnswer[] = [];
    let isShut = false;
    while (answers.length < calls.length) {
      const from = answers.length;
      const gateAt: number = isShut ? -1
        : calls.findIndex(({ gate }, i) => i >= from && gate !== undefined);
      const some = calls.slice(from, gateAt < 0 ? undefined : gateAt + 1);
      const asked = isShut ? some.map((call) => ({ ...call, bytes: undefined })) : some;
      answers.push(...await Promise.all(asked.map((call) => this.#answer(call, flight, endsAt))));
      isShut ||= gateAt >= 0 && isClosing(calls[gateAt]!, answers[gateAt]!);
    }
    return answers;
  }

  /** The flight goes with the call that has the gate `same`: it is begun where its own log is. */
  #answer(call: LogCall, flight: Flight | undefined, endsAt: number): Promise<LogAnswer> {
    const own = call.gate === 'same' ? flight : undefined;
    return this.#tried(slotOf(keyOf(call.name)), async (shard, isMoving) => {
      if (own !== undefined) this.#fly(own.id, shard);
      const options = { withinMs: Math.max(1, endsAt - performance.now()), ...(own && { flight: own }) };
      const { log } = shard;
      const [answer] = await (isMoving ? log.callMoving([call], options) : log.call([call], options));
      return answer!;
    });
  }

  /** Where the slot is elsewhere now, it is asked there: by the first, nothing was done. */
  async #tried<Answer>(
    slot: number, ask: (shard: Shard, isMoving: boolean) => Promise<Answer>,
  ): Promise<Answer> {
    let shard = this.#map.at(slot);
    let isMoving = false;
    for (let asked = 1; ; asked++) {
      try {
        return await ask(shard, isMoving);
      } catch (error) {
        if (!(error instanceof WindowLogUnavailable)) throw error;
        const moved = MOVED.exec(error.message);
        if (error.code === 'unreachable' || error.message.includes('non local key')) this.#map.refreshSoon();
        if (moved === null || asked >= ASKED_MAX) throw error;
        if (asked > 1) await sleep(AGAIN_MS);
        isMoving = moved[1] === 'ASK';
        shard = await this.#map.found(moved[2]!);
        if (!isMoving) this.#map.moved(slot, shard);
      }
    }
  }

  #fly(id: string, shard: Shard): void {
    this.#flights.set(id, shard);
    for (const oldest of this.#flights.keys()) {
      if (this.#flights.size <= FLIGHTS_KEPT_MAX) return;
      this.#flights.delete(oldest);
    }
  }

  /** What does not arrive is looked at as if its node had died, which changes nothing. */
  #land(ids: readonly string[]): void {
    for (const [shard, some] of Map.groupBy(ids, (id) => this.#flights.get(id))) {
      for (const id of some) this.#flights.delete(id);
      const landing = shard === undefined ? this.landed(some) : shard.log.landed(some);
      landing.catch(() => {});
    }
  }

  async #loseAll(): Promise<void> {
    await this.#ofAll(async ({ log }) => {
      if ((await log.health()).condition === 'whole') await log.lose();
    });
  }

  async #ofAll<Answer>(ask: (shard: Shard) => Promise<Answer>): Promise<readonly Answer[]> {
    try {
      return await Promise.all(this.#map.all().map(ask));
    } catch (error) {
      this.#map.refreshSoon();
      throw error;
    }
  }
}

/** Whether the log had, behind what was known, an entry of the same id; or any of another. */
function isClosing({ id, gate }: LogCall, answer: LogAnswer): boolean {
  if (answer.kind !== 'read') return false;
  if (gate === 'same') return answer.seq > 0 && !answer.isNew;
  return answer.behind.some((entry) => entry.id !== id);
}
