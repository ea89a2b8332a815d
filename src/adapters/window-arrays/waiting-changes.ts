import { LIMITS } from '#domain/limits.ts';
import type { Change } from './status-changes.ts';

interface Waiting { readonly sinceMs: number; readonly changes: Change[] }

/**
 * Changes of transactions that have not arrived. They wait as long as an event is retained, then they are
 * dropped; beyond the limit the ones that have waited longest go first.
 */
export class WaitingChanges {
  /** By tenant, NUL, transaction id; the longest waiting first. */
  readonly #waiting = new Map<string, Waiting>();
  #count = 0;

  get size(): number {
    return this.#count;
  }

  add(tenant: string, id: string, change: Change, nowMs: number): void {
    const key = `${tenant}\0${id}`;
    const known = this.#waiting.get(key);
    if (known === undefined) this.#waiting.set(key, { sinceMs: nowMs, changes: [change] });
    else known.changes.push(change);
    this.#count++;
    while (this.#count > LIMITS.waitingChangeCountMax) this.#dropOldest();
  }

  /** The changes that waited for this transaction, in arrival order; they wait no more. */
  take(tenant: string, id: string): readonly Change[] {
    if (this.#waiting.size === 0) return [];
    const key = `${tenant}\0${id}`;
    const changes = this.#waiting.get(key)?.changes ?? [];
    this.#waiting.delete(key);
    this.#count -= changes.length;
    return changes;
  }

  /** Drops a few of those that began to wait before `beforeMs`. */
  trim(beforeMs: number): void {
    for (let few = 0; few < 4 && this.#waiting.size > 0; few++) {
      const [first] = this.#waiting.values();
      if (first === undefined || first.sinceMs > beforeMs) return;
      this.#dropOldest();
    }
  }

  save(): readonly (readonly [string, Waiting])[] {
    return [...this.#waiting];
  }

  load(entries: readonly (readonly [string, Waiting])[]): void {
    for (const [key, waiting] of entries) {
      this.#waiting.set(key, waiting);
      this.#count += waiting.changes.length;
    }
  }

  #dropOldest(): void {
    for (const [key, { changes }] of this.#waiting) {
      this.#waiting.delete(key);
      this.#count -= changes.length;
      return;
    }
  }
}
