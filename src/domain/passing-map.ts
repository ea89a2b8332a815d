/**
 * A map for entries that come and soon go, thousands a second: what is in flight.
 *
 * V8's Map takes a new table whenever the old one is used up, by removals too, and the old table refers to
 * the new one, and so on. Once one of them is in the old generation, all later ones with whatever stood in
 * them live as long: a tenth of all payments did, and cost three of four collections of the whole heap (Node
 * 26; measured in docs/performance.md). Here an entry that goes leaves nothing behind.
 */
export class PassingMap<Value> {
  /** Open addressing, at most half full; an undefined key ends a chain. Sizes are powers of two. */
  #keys: (string | undefined)[];
  #values: (Value | undefined)[];
  #size = 0;

  constructor(capacity = 64) {
    this.#keys = places(capacity);
    this.#values = places(capacity);
  }

  get size(): number { return this.#size; }

  get(key: string): Value | undefined { return this.#values[this.#placeOf(key)]; }

  has(key: string): boolean { return this.#keys[this.#placeOf(key)] !== undefined; }

  set(key: string, value: Value): void {
    const place = this.#placeOf(key);
    this.#values[place] = value;
    if (this.#keys[place] !== undefined) return;
    this.#keys[place] = key;
    this.#size++;
    if (this.#size * 2 > this.#keys.length) this.#grow();
  }

  delete(key: string): boolean {
    let gap = this.#placeOf(key);
    if (this.#keys[gap] === undefined) return false;
    const mask = this.#keys.length - 1;
    // Whoever was pushed on by the one that goes moves up, so that no chain is broken.
    for (let at = (gap + 1) & mask; this.#keys[at] !== undefined; at = (at + 1) & mask) {
      const home = hash(this.#keys[at]!) & mask;
      if (((at - home) & mask) < ((at - gap) & mask)) continue;
      this.#keys[gap] = this.#keys[at];
      this.#values[gap] = this.#values[at];
      gap = at;
    }
    this.#keys[gap] = undefined;
    this.#values[gap] = undefined;
    this.#size--;
    return true;
  }

  clear(): void {
    this.#keys.fill(undefined);
    this.#values.fill(undefined);
    this.#size = 0;
  }

  /** Where the key is, or would be. */
  #placeOf(key: string): number {
    const mask = this.#keys.length - 1;
    let place = hash(key) & mask;
    while (this.#keys[place] !== undefined && this.#keys[place] !== key) place = (place + 1) & mask;
    return place;
  }

  #grow(): void {
    const [keys, values] = [this.#keys, this.#values];
    this.#keys = places(keys.length * 2);
    this.#values = places(keys.length * 2);
    keys.forEach((key, from) => {
      if (key === undefined) return;
      const place = this.#placeOf(key);
      this.#keys[place] = key;
      this.#values[place] = values[from];
    });
  }
}

const places = <Item>(count: number): (Item | undefined)[] => Array.from({ length: count }, () => undefined);

/** FNV-1a over the code units. */
function hash(text: string): number {
  let sum = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
  return sum ^ (sum >>> 15);
}
