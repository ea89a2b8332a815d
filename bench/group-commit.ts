import { fdatasync, openSync, write } from 'node:fs';

/**
 * The least a durable answer costs: bytes are appended and synced, and all that arrive during one sync
 * share the next. No framing, no checksums, no index. What the engine's log does more is what it costs
 * more.
 */
export class GroupCommit {
  readonly #file: number;
  #waiting: { bytes: Buffer; settle: (error: Error | null) => void }[] = [];
  #busy = false;

  constructor(path: string) {
    this.#file = openSync(path, 'a');
  }

  append(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ bytes, settle: (error) => (error === null ? resolve() : reject(error)) });
      if (!this.#busy) this.#commit();
    });
  }

  #commit(): void {
    const batch = this.#waiting;
    this.#waiting = [];
    this.#busy = true;
    const end = (error: Error | null): void => {
      for (const { settle } of batch) settle(error);
      this.#busy = false;
      if (this.#waiting.length > 0) this.#commit();
    };
    const bytes = Buffer.concat(batch.map((entry) => entry.bytes));
    write(this.#file, bytes, (error, written) => {
      if (error !== null) end(error);
      else if (written !== bytes.length) end(new Error(`wrote ${written} of ${bytes.length} bytes`));
      else fdatasync(this.#file, end);
    });
  }
}

/** What stands in for a record: the call and an answer, padded to what a decision takes in a log. */
export const RECORD_BYTES = 2_048;

export function recordOf(call: Buffer): Buffer {
  const record = Buffer.alloc(Math.max(RECORD_BYTES, call.length), 0x20);
  call.copy(record);
  return record;
}
