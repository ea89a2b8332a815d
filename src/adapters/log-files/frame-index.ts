/** Position to place: one frame in 64 KiB of log is remembered, and a reader walks on from there. */
const MARK_EVERY_BYTES = 65_536;

export interface FramePlace {
  /** First position of the frame. */
  readonly position: number;
  /** First position of its segment. */
  readonly segment: number;
  readonly offset: number;
}

/** Numbers of a place: position, segment, offset. */
const NUMBERS = 3;
const BYTES = NUMBERS * Float64Array.BYTES_PER_ELEMENT;

export class FrameIndex {
  /**
   * Places in order, in an array outside V8's heap: there is one for every few records, for the life of the
   * log.
   */
  #places = new Float64Array(NUMBERS * 64);
  #count = 0;

  /** Frames are added in order. */
  add(place: FramePlace): void {
    const last = this.#place(this.#count - 1);
    const near = last !== undefined && last.segment === place.segment
      && place.offset - last.offset < MARK_EVERY_BYTES;
    if (!near) this.#push(place.position, place.segment, place.offset);
  }

  /** The last remembered frame that starts at or before the position. */
  before(position: number): FramePlace | undefined {
    return this.#place(this.#countUpTo(position) - 1);
  }

  #countUpTo(position: number): number {
    let [low, high] = [0, this.#count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#places[middle * NUMBERS] ?? 0) <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #place(index: number): FramePlace | undefined {
    if (index < 0) return undefined;
    const at = index * NUMBERS;
    const [position = 0, segment = 0, offset = 0] = this.#places.subarray(at, at + NUMBERS);
    return { position, segment, offset };
  }

  #push(position: number, segment: number, offset: number): void {
    const at = this.#count * NUMBERS;
    if (at === this.#places.length) {
      const larger = new Float64Array(at * 2);
      larger.set(this.#places);
      this.#places = larger;
    }
    this.#places[at] = position;
    this.#places[at + 1] = segment;
    this.#places[at + 2] = offset;
    this.#count++;
  }

  /** First positions of the segments that have frames, in order. */
  segments(): readonly number[] {
    const used = this.#places.subarray(0, this.#count * NUMBERS);
    return [...new Set(used.filter((_, at) => at % NUMBERS === 1))];
  }

  /** Places up to a position, packed as three float64 each. */
  pack(positionMax: number): Uint8Array {
    return new Uint8Array(this.#places.slice(0, this.#countUpTo(positionMax) * NUMBERS).buffer);
  }

  load(chunk: Uint8Array): void {
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let at = 0; at + BYTES <= chunk.byteLength; at += BYTES) {
      this.#push(view.getFloat64(at, true), view.getFloat64(at + 8, true), view.getFloat64(at + 16, true));
    }
  }
}
