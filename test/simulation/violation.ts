/** A promise was broken. */
export class Violation extends Error {
  readonly promise: 'P2' | 'P3' | 'P4' | 'P5' | 'P6' | 'P10';
  /** The message that it is about, as `keyOf` names it; undefined where it is about none. */
  readonly key: string | undefined;

  constructor(promise: Violation['promise'], key: string | undefined, what: string) {
    super(`${promise} broken: ${what}`);
    this.promise = promise;
    this.key = key;
  }
}
