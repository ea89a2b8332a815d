import { PassingMap } from '#domain/passing-map.ts';
import type { LogRecord } from '#ports/decision-log.ts';

/** Some ten megabytes of records. */
const RECORDS_MAX = 2_000;

/** What this node has kept lately: most copies come soon, and to the same node. */
export class RecentRecords {
  readonly #records = new PassingMap<LogRecord>();
  readonly #keys: string[] = [];
  #next = 0;

  add(record: LogRecord): void {
    if (this.#records.has(record.key)) return;
    const oldest = this.#keys[this.#next];
    if (oldest !== undefined) this.#records.delete(oldest);
    this.#keys[this.#next] = record.key;
    this.#next = (this.#next + 1) % RECORDS_MAX;
    this.#records.set(record.key, record);
  }

  find(key: string): LogRecord | undefined {
    return this.#records.get(key);
  }
}
