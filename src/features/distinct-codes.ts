/**
 * A set of codes (whole numbers above 0) that is emptied by counting up a generation: small windows touch a
 * few entries, whatever the largest one needed.
 */
export class DistinctCodes {
  size = 0;
  #codes = new Uint32Array(64);
  #generations = new Uint32Array(64);
  #generation = 1;

  clear(): void {
    this.size = 0;
    this.#generation++;
    if (this.#generation < 0xffffffff) return;
    this.#generations.fill(0);
    this.#generation = 1;
  }

  add(code: number): void {
    const mask = this.#codes.length - 1;
    let slot = Math.imul(code, 0x9e3779b1) >>> 8 & mask;
    while (this.#generations[slot] === this.#generation) {
      if (this.#codes[slot] === code) return;
      slot = (slot + 1) & mask;
    }
    this.#codes[slot] = code;
    this.#generations[slot] = this.#generation;
    this.size++;
    if (this.size * 2 > this.#codes.length) this.#grow();
  }

  /** The codes, in no order that means anything. */
  values(): Uint32Array {
    const values = new Uint32Array(this.size);
    this.writeTo(values, 0);
    return values;
  }

  /** Writes the codes into an array, in no order that means anything. */
  writeTo(target: Uint32Array, from: number): void {
    let at = from;
    for (let slot = 0; slot < this.#codes.length; slot++) {
      if (this.#generations[slot] === this.#generation) target[at++] = this.#codes[slot]!;
    }
  }

  #grow(): void {
    const codes = this.values();
    this.#codes = new Uint32Array(this.#codes.length * 2);
    this.#generations = new Uint32Array(this.#codes.length);
    this.#generation = 1;
    this.size = 0;
    for (const code of codes) this.add(code);
  }
}
