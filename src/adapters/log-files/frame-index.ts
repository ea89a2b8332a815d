/** Position to place: one frame in 64 KiB of log is remembered, and a reader walks on from there. */
const MARK_EVERY_BYTES = 65_536;

export interface FramePlace {
  /** First position of the frame. */
  readonly position: number;
  /** First position of its segment. */
  readonly segment: number;
  readonly offset: number;
}

export class FrameIndex {
  readonly #positions: number[] = [];
  readonly #segments: number[] = [];
  readonly #offsets: number[] = [];

  /** Frames are added in order. */
  add(place: FramePlace): void {
    const last = this.#positions.length - 1;
    const near = last >= 0 && this.#segments[last] === place.segment
      && place.offset - (this.#offsets[last] ?? 0) < MARK_EVERY_BYTES;
    if (near) return;
    this.#positions.push(place.position);
    this.#segments.push(place.segment);
    this.#offsets.push(place.offset);
  }

  /** The last remembered frame that starts at or before the position. */
  before(position: number): FramePlace | undefined {
    let [low, high] = [0, this.#positions.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#positions[middle] ?? 0) <= position) low = middle + 1;
      else high = middle;
    }
    return this.#place(low - 1);
  }

  #place(index: number): FramePlace | undefined {
    const position = this.#positions[index];
    if (position === undefined) return undefined;
    return { position, segment: this.#segments[index] ?? 0, offset: this.#offsets[index] ?? 0 };
  }

  /** First positions of the segments that have frames, in order. */
  segments(): readonly number[] {
    return [...new Set(this.#segments)];
  }

  /** Places up to a position, packed as three float64 each. */
  pack(positionMax: number): Uint8Array {
    const count = this.#positions.findLastIndex((position) => position <= positionMax) + 1;
    const packed = new Float64Array(count * 3);
    for (let index = 0; index < count; index += 1) {
      packed[index * 3] = this.#positions[index] ?? 0;
      packed[index * 3 + 1] = this.#segments[index] ?? 0;
      packed[index * 3 + 2] = this.#offsets[index] ?? 0;
    }
    return new Uint8Array(packed.buffer);
  }

  load(chunk: Uint8Array): void {
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let at = 0; at + 24 <= chunk.byteLength; at += 24) {
      this.#positions.push(view.getFloat64(at, true));
      this.#segments.push(view.getFloat64(at + 8, true));
      this.#offsets.push(view.getFloat64(at + 16, true));
    }
  }
}
