/**
 * Key to position, for every record of the log: 64 bits of the key's hash and 48 of its position in 14
 * bytes, open addressing at a load of 0.65 to 0.83, so 17 to 22 bytes a key. It says which positions may
 * have the key; the record itself says whether it does. It grows shard by shard, so that no insertion waits
 * for all of it.
 */
const SHARD_BITS = 10;
const SHARD_COUNT = 2 ** SHARD_BITS;
const FIRST_CAPACITY = 12;
const LOAD_MAX = 5 / 6;
const GROWTH = 1.25;
const U32 = 4_294_967_296;
/** A key on disk: hash (two u32), position (u32 low, u16 high). */
const PACKED_BYTES = 14;

const NO_WORDS = new Uint32Array(0);
const NO_HIGHS = new Uint16Array(0);

class Shard {
  #words = NO_WORDS;
  #highs = NO_HIGHS;
  #capacity = 0;
  count = 0;

  get byteLength(): number {
    return this.#capacity * PACKED_BYTES;
  }

  add(a: number, b: number, low: number, high: number): void {
    if (this.count + 1 > this.#capacity * LOAD_MAX) this.#grow();
    this.#place(a, b, low, high);
    this.count += 1;
  }

  #place(a: number, b: number, low: number, high: number): void {
    let slot = Math.floor((a * this.#capacity) / U32);
    // Positions start at 1, so a slot without a position is free.
    while (this.#words[slot * 3 + 2] !== 0 || this.#highs[slot] !== 0) {
      slot = slot + 1 === this.#capacity ? 0 : slot + 1;
    }
    this.#words[slot * 3] = a;
    this.#words[slot * 3 + 1] = b;
    this.#words[slot * 3 + 2] = low;
    this.#highs[slot] = high;
  }

  #grow(): void {
    const [words, highs] = [this.#words, this.#highs];
    this.#capacity = Math.max(FIRST_CAPACITY, Math.ceil(this.#capacity * GROWTH));
    this.#words = new Uint32Array(this.#capacity * 3);
    this.#highs = new Uint16Array(this.#capacity);
    for (let slot = 0; slot < highs.length; slot += 1) {
      const [low = 0, high = 0] = [words[slot * 3 + 2], highs[slot]];
      if (low !== 0 || high !== 0) this.#place(words[slot * 3] ?? 0, words[slot * 3 + 1] ?? 0, low, high);
    }
  }

  /** Calls with each position whose hash is equal, until one is taken (true). */
  some(a: number, b: number, take: (position: number) => boolean): boolean {
    if (this.count === 0) return false;
    let slot = Math.floor((a * this.#capacity) / U32);
    for (;;) {
      const low = this.#words[slot * 3 + 2] ?? 0;
      const high = this.#highs[slot] ?? 0;
      if (low === 0 && high === 0) return false;
      const isEqual = this.#words[slot * 3] === a && this.#words[slot * 3 + 1] === b;
      if (isEqual && take(high * U32 + low)) return true;
      slot = slot + 1 === this.#capacity ? 0 : slot + 1;
    }
  }

  pack(positionMax: number): Buffer {
    const bytes = Buffer.allocUnsafe(this.count * PACKED_BYTES);
    let at = 0;
    for (let slot = 0; slot < this.#capacity; slot += 1) {
      const [low = 0, high = 0] = [this.#words[slot * 3 + 2], this.#highs[slot]];
      if ((low === 0 && high === 0) || high * U32 + low > positionMax) continue;
      bytes.writeUInt32LE(this.#words[slot * 3] ?? 0, at);
      bytes.writeUInt32LE(this.#words[slot * 3 + 1] ?? 0, at + 4);
      bytes.writeUInt32LE(low, at + 8);
      bytes.writeUInt16LE(high, at + 12);
      at += PACKED_BYTES;
    }
    return bytes.subarray(0, at);
  }
}

export class KeyIndex {
  /** Keys come from callers, so where they fall must not be for them to choose. */
  readonly seed: number;
  #a = 0;
  #b = 0;
  #count = 0;
  readonly #shards: readonly Shard[] = Array.from({ length: SHARD_COUNT }, () => new Shard());

  constructor(seed: number) {
    this.seed = seed >>> 0;
  }

  get count(): number {
    return this.#count;
  }

  get byteLength(): number {
    return this.#shards.reduce((sum, shard) => sum + shard.byteLength, 0);
  }

  add(key: string, position: number): void {
    this.#hash(key);
    this.#shard().add(this.#a, this.#b, position % U32, Math.floor(position / U32));
    this.#count += 1;
  }

  /** False: no record has the key. */
  mayHave(key: string): boolean {
    this.#hash(key);
    return this.#shard().some(this.#a, this.#b, () => true);
  }

  /** Positions whose record may have the key: almost always none or one. */
  candidates(key: string): readonly number[] {
    const found: number[] = [];
    this.#hash(key);
    this.#shard().some(this.#a, this.#b, (position) => {
      found.push(position);
      return false;
    });
    return found;
  }

  /** The keys up to a position, packed; taken shard by shard as asked for, while keys go on being added. */
  *chunks(positionMax: number): Generator<Uint8Array> {
    for (const shard of this.#shards) {
      if (shard.count > 0) yield shard.pack(positionMax);
    }
  }

  /** Takes a chunk that an index with the same seed has packed. */
  load(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let at = 0; at + PACKED_BYTES <= bytes.length; at += PACKED_BYTES) {
      [this.#a, this.#b] = [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)];
      this.#shard().add(this.#a, this.#b, bytes.readUInt32LE(at + 8), bytes.readUInt16LE(at + 12));
      this.#count += 1;
    }
  }

  #shard(): Shard {
    const shard = this.#shards[this.#b >>> (32 - SHARD_BITS)];
    if (shard === undefined) throw new RangeError('a hash is 32 bits');
    return shard;
  }

  /**
   * Two lanes over the UTF-16 units with murmur's mixing; the seed is secret, so that floods find no
   * bucket.
   */
  #hash(key: string): void {
    let a = this.seed ^ key.length;
    let b = Math.imul(this.seed, 0x9e3779b1) ^ 0x85ebca6b;
    for (let index = 0; index < key.length; index += 1) {
      const unit = key.charCodeAt(index);
      a = Math.imul(a ^ unit, 0xcc9e2d51);
      a = (a << 13) | (a >>> 19);
      b = Math.imul(b + unit, 0x1b873593) ^ (a >>> 7);
      b = (b << 11) | (b >>> 21);
    }
    a = Math.imul(a ^ (a >>> 16) ^ b, 0x85ebca6b);
    b = Math.imul(b ^ (b >>> 15) ^ a, 0xc2b2ae35);
    this.#a = (a ^ (a >>> 13)) >>> 0;
    this.#b = (b ^ (b >>> 16)) >>> 0;
  }
}
