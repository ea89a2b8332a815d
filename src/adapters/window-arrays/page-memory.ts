const BUFFER_BYTES = 1_048_576;

/**
 * Memory of pages that stay: many share one buffer, for each buffer is an object on V8's heap, and pages come
 * with the events. All begin with zeros.
 */
export class PageMemory {
  #buffer = new ArrayBuffer(0);
  #used = 0;

  float64s(length: number): Float64Array {
    return new Float64Array(this.#bufferFor(length * 8), this.#take(length * 8), length);
  }

  uint32s(length: number): Uint32Array {
    return new Uint32Array(this.#bufferFor(length * 4), this.#take(length * 4), length);
  }

  int32s(length: number): Int32Array {
    return new Int32Array(this.#bufferFor(length * 4), this.#take(length * 4), length);
  }

  uint16s(length: number): Uint16Array {
    return new Uint16Array(this.#bufferFor(length * 2), this.#take(length * 2), length);
  }

  #bufferFor(bytes: number): ArrayBuffer {
    if (this.#used + bytes > this.#buffer.byteLength) {
      this.#buffer = new ArrayBuffer(Math.max(bytes, BUFFER_BYTES));
      this.#used = 0;
    }
    return this.#buffer;
  }

  /** Where the next bytes of the buffer begin; what comes after them begins at a multiple of 8. */
  #take(bytes: number): number {
    const from = this.#used;
    this.#used += Math.ceil(bytes / 8) * 8;
    return from;
  }
}
