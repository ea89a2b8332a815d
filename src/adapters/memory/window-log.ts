/**
 * The shared logs of one process: what a fleet of nodes in a test appends to, and the oracle for the others.
 */
import {
  logKey, NOTHING_SAID, WindowLogUnavailable, type CallOptions, type LogAnswer, type LogCall, type LogName,
  type WindowEntry,
} from '#ports/window-log.ts';
import type {
  LogCondition, LogHealth, RepairableLog, RestoreEntry, Restored,
} from '#ports/window-repair.ts';

const FILLER_ID = '0'.repeat(32);

export class MemoryWindowLog implements RepairableLog {
  readonly #logs = new Map<string, WindowEntry[]>();
  readonly #flights = new Map<string, Uint8Array>();
  readonly #keptMax: number;
  #isOpen = true;
  #epoch = 1;
  #condition: LogCondition = 'whole';
  #holder: string | undefined;
  #checkpoint: readonly number[] | undefined;

  constructor(keptMax = Infinity) {
    this.#keptMax = keptMax;
  }

  async call(
    calls: readonly LogCall[], { flight, landed = [] }: CallOptions = {},
  ): Promise<readonly LogAnswer[]> {
    this.#mustBe('whole');
    let isShut = false;
    const answers = calls.map((call) => {
      const before = this.entries(call.name).filter(({ seq }) => seq > call.known.seq);
      const answer = this.#answer(isShut ? { ...call, bytes: undefined } : call);
      const { gate } = call;
      isShut ||= gate !== undefined && answer.kind === 'read'
        && before.some(({ id }) => (id === call.id) === (gate === 'same'));
      const isFlying = gate === 'same' && answer.kind === 'read' && answer.isNew;
      if (isFlying && flight !== undefined) this.#flights.set(flight.id, flight.bytes.slice());
      return answer;
    });
    for (const id of landed) this.#flights.delete(id);
    return answers;
  }

  async close(): Promise<void> {
    this.#isOpen = false;
  }

  /** All that is kept of a log. */
  entries(name: LogName): readonly WindowEntry[] {
    return this.#logs.get(logKey(name)) ?? [];
  }

  /** All logs by their keys. */
  get all(): ReadonlyMap<string, readonly WindowEntry[]> { return this.#logs; }

  /** As when the last entries are lost: of each log those behind `keptOf`; default: everything is. */
  lose(keptOf?: (key: string, entries: readonly WindowEntry[]) => number): void {
    this.#condition = 'lost';
    if (keptOf === undefined) {
      this.#logs.clear();
      this.#flights.clear();
      this.#checkpoint = undefined;
      this.#epoch = 0;
      return;
    }
    for (const [key, entries] of this.#logs) {
      const kept = entries.slice(0, keptOf(key, entries));
      if (kept.length === 0) this.#logs.delete(key);
      else this.#logs.set(key, kept);
    }
  }

  /** A replica that is behind from now on; the function makes it the primary. */
  fork(): () => void {
    const logs = new Map(this.#logs);
    const flights = new Map(this.#flights);
    const [checkpoint, epoch] = [this.#checkpoint, this.#epoch];
    return () => {
      this.#condition = 'lost';
      this.#logs.clear();
      for (const [key, entries] of logs) this.#logs.set(key, entries);
      this.#flights.clear();
      for (const [id, bytes] of flights) this.#flights.set(id, bytes);
      this.#checkpoint = checkpoint;
      this.#epoch = epoch;
    };
  }

  async health(): Promise<LogHealth> {
    this.#mustBeOpen();
    return { condition: this.#condition, epoch: this.#epoch };
  }

  /** A clock is not kept: who holds it has it until it is let go. */
  async lease(holder: string, forMs: number): Promise<boolean> {
    this.#mustBeOpen();
    this.#holder ??= holder;
    const isHeld = this.#holder === holder;
    if (isHeld && forMs <= 0) this.#holder = undefined;
    return isHeld;
  }

  async restore(
    entries: readonly RestoreEntry[], condition: LogCondition,
  ): Promise<readonly Restored[]> {
    this.#mustBe(condition);
    return entries.map((entry) => this.#restore(entry, condition));
  }

  async begin(epoch: number): Promise<void> {
    this.#mustBeOpen();
    if (this.#condition === 'whole') return;
    this.#condition = 'whole';
    this.#epoch = epoch;
  }

  async checkpoint(): Promise<readonly number[] | undefined> {
    this.#mustBeOpen();
    return this.#checkpoint;
  }

  async advance(offsets: readonly number[]): Promise<void> {
    this.#mustBeOpen();
    this.#checkpoint = [...offsets];
  }

  async flights(): Promise<readonly string[]> {
    this.#mustBeOpen();
    return [...this.#flights.keys()];
  }

  async flight(id: string): Promise<Uint8Array | undefined> {
    this.#mustBeOpen();
    return this.#flights.get(id);
  }

  async landed(ids: readonly string[]): Promise<void> {
    this.#mustBeOpen();
    for (const id of ids) this.#flights.delete(id);
  }

  #restore({ name, seq, id, bytes, leftSeq = 0 }: RestoreEntry, condition: LogCondition): Restored {
    const key = logKey(name);
    const before = this.#logs.get(key) ?? [];
    const isLost = condition === 'lost';
    const entries = before.map((entry) =>
      (isLost && entry.seq === leftSeq && entry.id === id ? fillerAt(leftSeq) : entry));
    const last = entries.at(-1)?.seq ?? 0;
    const put = (kind: Restored['kind'], at: number): Restored => {
      const filled = Array.from({ length: at - last - 1 }, (_, i) => fillerAt(last + 1 + i));
      const entry = { seq: at, id, bytes: Uint8Array.from(bytes) };
      const rest = at > last ? [...entries, ...filled, entry]
        : entries.map((one) => (one.seq === at ? entry : one));
      this.#logs.set(key, rest.slice(-this.#keptMax));
      return { kind, seq: at };
    };
    if (leftSeq > 0) this.#logs.set(key, entries);
    if (seq > last) return put('placed', seq);
    const there = entries.find((entry) => entry.seq === seq);
    if (seq > 0 && there === undefined) return { kind: 'old', seq };
    if (there?.id === id) return { kind: 'there', seq };
    if (isLost && there?.id === FILLER_ID) return put('placed', seq);
    if (isLost && there !== undefined) return { kind: 'taken', seq };
    const behind = entries.find((entry) => entry.seq > seq && entry.id === id);
    if (behind !== undefined) return { kind: seq === 0 ? 'there' : 'moved', seq: behind.seq };
    return put(seq === 0 ? 'placed' : 'moved', last + 1);
  }

  #mustBeOpen(): void {
    if (!this.#isOpen) throw new WindowLogUnavailable('unreachable', 'the window log is closed');
  }

  #mustBe(condition: LogCondition): void {
    this.#mustBeOpen();
    if (condition !== this.#condition) {
      throw new WindowLogUnavailable('recovering', `the window logs are ${this.#condition}`);
    }
  }

  #answer({ name, known, id, bytes }: LogCall): LogAnswer {
    const key = logKey(name);
    const entries = this.#logs.get(key) ?? [];
    const epoch = this.#epoch;
    const last = entries.at(-1)?.seq ?? 0;
    const knownEntry = entries.find(({ seq }) => seq === known.seq);
    if (known.seq > last || (knownEntry !== undefined && knownEntry.id !== known.id)) {
      return { kind: 'diverged', seq: last };
    }
    const behind = entries.filter(({ seq }) => seq > known.seq);
    const there = behind.find((entry) => entry.id === id);
    if (there !== undefined || bytes === undefined) {
      return { kind: 'read', seq: there?.seq ?? 0, isNew: false, epoch, behind };
    }
    const entry = { seq: last + 1, id, bytes: Uint8Array.from(bytes) };
    this.#logs.set(key, [...entries, entry].slice(-this.#keptMax));
    return { kind: 'read', seq: entry.seq, isNew: true, epoch, behind: [...behind, entry] };
  }
}

const fillerAt = (seq: number): WindowEntry => ({ seq, id: FILLER_ID, bytes: NOTHING_SAID });
