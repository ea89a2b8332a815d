/**
 * The shared logs of one process: what a fleet of nodes in a test appends to, and the oracle for the others.
 */
import {
  logKey, WindowLogUnavailable, type LogAnswer, type LogCall, type LogName, type WindowEntry, type WindowLog,
} from '#ports/window-log.ts';

const EPOCH = 1;

export class MemoryWindowLog implements WindowLog {
  readonly #logs = new Map<string, WindowEntry[]>();
  readonly #keptMax: number;
  #isOpen = true;

  constructor(keptMax = Infinity) {
    this.#keptMax = keptMax;
  }

  async call(calls: readonly LogCall[]): Promise<readonly LogAnswer[]> {
    if (!this.#isOpen) throw new WindowLogUnavailable('unreachable', 'the window log is closed');
    let isShut = false;
    return calls.map((call) => {
      const before = this.entries(call.name).filter(({ seq }) => seq > call.known.seq);
      const answer = this.#answer(isShut ? { ...call, bytes: undefined } : call);
      const { gate } = call;
      isShut ||= gate !== undefined && answer.kind === 'read'
        && before.some(({ id }) => (id === call.id) === (gate === 'same'));
      return answer;
    });
  }

  async close(): Promise<void> {
    this.#isOpen = false;
  }

  /** All that is kept of a log. */
  entries(name: LogName): readonly WindowEntry[] {
    return this.#logs.get(logKey(name)) ?? [];
  }

  #answer({ name, known, id, bytes }: LogCall): LogAnswer {
    const key = logKey(name);
    const entries = this.#logs.get(key) ?? [];
    const last = entries.at(-1)?.seq ?? 0;
    const knownEntry = entries.find(({ seq }) => seq === known.seq);
    if (known.seq > last || (knownEntry !== undefined && knownEntry.id !== known.id)) {
      return { kind: 'diverged', seq: last };
    }
    const behind = entries.filter(({ seq }) => seq > known.seq);
    const there = behind.find((entry) => entry.id === id);
    if (there !== undefined || bytes === undefined) {
      return { kind: 'read', seq: there?.seq ?? 0, isNew: false, epoch: EPOCH, behind };
    }
    const entry = { seq: last + 1, id, bytes: Uint8Array.from(bytes) };
    this.#logs.set(key, [...entries, entry].slice(-this.#keptMax));
    return { kind: 'read', seq: entry.seq, isNew: true, epoch: EPOCH, behind: [...behind, entry] };
  }
}
