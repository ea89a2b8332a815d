const TEXT_BYTES_MAX = 65_535;

/** Writes into one buffer again and again; what `end` gives is a copy. */
export class ByteWriter {
  #buffer = Buffer.alloc(4_096);
  #at = 0;

  begin(): this {
    this.#at = 0;
    return this;
  }

  byte(value: number): void {
    this.#room(1);
    this.#buffer[this.#at++] = value;
  }

  float(value: number): void {
    this.#room(8);
    this.#at = this.#buffer.writeDoubleBE(value, this.#at);
  }

  bytes(value: Uint8Array): void {
    this.#room(value.length);
    this.#buffer.set(value, this.#at);
    this.#at += value.length;
  }

  text(value: string): void {
    this.#room(2 + value.length * 3);
    const written = this.#buffer.write(value, this.#at + 2);
    if (written > TEXT_BYTES_MAX) throw new RangeError(`a text of ${written} bytes`);
    this.#buffer.writeUInt16BE(written, this.#at);
    this.#at += 2 + written;
  }

  end(): Uint8Array {
    return Uint8Array.prototype.slice.call(this.#buffer, 0, this.#at);
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const larger = Buffer.alloc((this.#at + bytes) * 2);
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}

/** Throws RangeError where it is asked for more than there is. */
export class ByteReader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean { return this.#at >= this.#buffer.length; }

  byte(): number {
    return this.#buffer.readUInt8(this.#at++);
  }

  float(): number {
    const value = this.#buffer.readDoubleBE(this.#at);
    this.#at += 8;
    return value;
  }

  bytes(length: number): Uint8Array {
    this.skip(length);
    return this.#buffer.subarray(this.#at - length, this.#at);
  }

  /** All that was not read yet. */
  rest(): Uint8Array {
    return this.bytes(this.#buffer.length - this.#at);
  }

  text(): string {
    const length = this.#buffer.readUInt16BE(this.#at);
    this.skip(2 + length);
    return this.#buffer.toString('utf8', this.#at - length, this.#at);
  }

  skip(length: number): void {
    this.#at += length;
    if (this.#at > this.#buffer.length) throw new RangeError('the bytes end too soon');
  }
}
