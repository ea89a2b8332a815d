/** What was asked for last, so many of it. */
export class Latest<Value> {
  readonly #countMax: number;
  /** The one asked for last stands last. */
  readonly #known = new Map<string, Value>();

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  get(key: string): Value | undefined {
    const value = this.#known.get(key);
    if (value !== undefined) this.put(key, value);
    return value;
  }

  put(key: string, value: Value): void {
    this.#known.delete(key);
    this.#known.set(key, value);
    const [oldest] = this.#known.keys();
    if (this.#known.size > this.#countMax && oldest !== undefined) this.#known.delete(oldest);
  }
}
