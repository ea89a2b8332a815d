/**
 * The bytes of one file as a program sees them, and what has been done to them since they were last
 * durable. A crash keeps, tears or drops each of those writes; a failed flush makes them look written and
 * never be.
 */
type Change =
  | { readonly kind: 'write'; readonly at: number; readonly bytes: Uint8Array; lost: boolean }
  | { readonly kind: 'truncate'; readonly bytes: number; lost: boolean };

/** What a disk writes as one. */
const SECTOR_BYTES = 512;

export class MemoryFile {
  #seen: Uint8Array = new Uint8Array(0);
  #seenLength = 0;
  #durable: Uint8Array = new Uint8Array(0);
  #changes: Change[] = [];
  /** Something seen has been lost, so what is seen is not what will be durable. */
  #isLossy = false;

  get size(): number {
    return this.#seenLength;
  }

  get isDirty(): boolean {
    return this.#changes.length > 0;
  }

  read(into: Uint8Array, at: number): number {
    const [from, to] = [at, at + into.length].map((place) => Math.min(place, this.#seenLength));
    const bytes = this.#seen.subarray(from, to);
    into.set(bytes);
    return bytes.length;
  }

  write(bytes: Uint8Array, at: number): void {
    this.#apply(bytes, at);
    this.#changes.push({ kind: 'write', at, bytes: bytes.slice(), lost: false });
  }

  #apply(bytes: Uint8Array, at: number): void {
    const end = at + bytes.length;
    if (end > this.#seen.length) {
      const grown = new Uint8Array(Math.max(end, this.#seen.length * 2));
      grown.set(this.#seen.subarray(0, this.#seenLength));
      this.#seen = grown;
    }
    this.#seen.set(bytes, at);
    this.#seenLength = Math.max(this.#seenLength, end);
  }

  truncate(bytes: number): void {
    this.#shorten(bytes);
    this.#changes.push({ kind: 'truncate', bytes, lost: false });
  }

  #shorten(bytes: number): void {
    if (bytes < this.#seenLength) this.#seen.fill(0, bytes, this.#seenLength);
    else this.#apply(new Uint8Array(bytes - this.#seenLength), this.#seenLength);
    this.#seenLength = bytes;
  }

  flush(): void {
    if (!this.#isLossy) this.#durable = this.#seen.slice(0, this.#seenLength);
    else this.#durable = replay(this.#durable, this.#changes.filter(({ lost }) => !lost));
    this.#changes = [];
  }

  /**
   * As an operating system that forgets what it could not write: later flushes succeed and do not bring it
   * back.
   */
  failFlush(): void {
    this.#isLossy = true;
    for (const change of this.#changes) change.lost = true;
  }

  /** `random` gives numbers in [0, 1). */
  crash(random: () => number): void {
    const kept = this.#changes.flatMap((change): Change[] => {
      if (change.lost || random() < 1 / 3) return [];
      if (change.kind === 'truncate' || random() < 0.5) return [change];
      return torn(change, random);
    });
    this.#durable = replay(this.#durable, kept);
    this.#changes = [];
    this.#seen = this.#durable.slice();
    this.#seenLength = this.#seen.length;
    this.#isLossy = false;
  }

  /** For a test that damages: inverts bits of one durable byte. */
  flip(at: number, bits: number): void {
    this.#seen[at] = (this.#seen[at] ?? 0) ^ bits;
    this.#durable[at] = (this.#durable[at] ?? 0) ^ bits;
  }
}

function replay(from: Uint8Array, changes: readonly Change[]): Uint8Array {
  const file = new MemoryFile();
  file.write(from, 0);
  for (const change of changes) {
    if (change.kind === 'truncate') file.truncate(change.bytes);
    else file.write(change.bytes, change.at);
  }
  const bytes = new Uint8Array(file.size);
  file.read(bytes, 0);
  return bytes;
}

/** Either the front of the write, or any of its sectors. */
function torn(change: Extract<Change, { kind: 'write' }>, random: () => number): Change[] {
  const { at, bytes } = change;
  if (random() < 0.5) {
    const kept = bytes.subarray(0, Math.floor(random() * bytes.length));
    return kept.length === 0 ? [] : [{ ...change, bytes: kept }];
  }
  const sectors: Change[] = [];
  for (let from = 0; from < bytes.length;) {
    const to = Math.min(bytes.length, from + SECTOR_BYTES - ((at + from) % SECTOR_BYTES));
    if (random() < 0.5) sectors.push({ ...change, at: at + from, bytes: bytes.subarray(from, to) });
    from = to;
  }
  return sectors;
}
