/**
 * Which logs had their expiry renewed lately, by this process: to renew it with every append is a sixth of
 * what an append costs Redis (7 PEXPIRE of a payment: 8 of 45 us). Whoever renews once in a while gives as
 * much more.
 *
 * A table of one number for each of many logs, where the last one wins. What is not in it is renewed. That
 * two logs have both numbers the same is one chance in four billion; then one is not renewed for that while.
 */
const SLOTS = 1 << 20;

export class Renewals {
  readonly #everyMs: number;
  readonly #table = new Uint32Array(SLOTS);
  #sinceMs = -Infinity;

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  isDue(key: string, nowMs: number): boolean {
    if (nowMs - this.#sinceMs >= this.#everyMs) {
      this.#table.fill(0);
      this.#sinceMs = nowMs;
    }
    return this.#table[hashOf(key, 0x811c9dc5) % SLOTS] !== markOf(key);
  }

  done(key: string): void {
    this.#table[hashOf(key, 0x811c9dc5) % SLOTS] = markOf(key);
  }
}

/** Never 0. */
const markOf = (key: string): number => hashOf(key, 0x9e3779b1) || 1;

/** FNV-1a. */
function hashOf(key: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
