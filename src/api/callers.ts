import { timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Grant, KeyStore } from '#ports/key-store.ts';

/** For so long after it was revoked, a key still opens a connection on which it was used before. */
const REMEMBERED_MS = 1_000;

interface Caller {
  readonly authorization: Buffer;
  readonly grant: Grant;
  readonly untilMs: number;
}

/**
 * Who calls. A connection mostly carries calls of one caller, so its last good header is remembered for a
 * moment: hashing the key for each call was 5 of the 97 us that a call took. Headers are compared in constant
 * time.
 */
export class Callers {
  readonly #keys: Pick<KeyStore, 'find'>;
  readonly #now: () => number;
  readonly #last = new WeakMap<Socket, Caller>();

  constructor(keys: Pick<KeyStore, 'find'>, now: () => number = performance.now.bind(performance)) {
    this.#keys = keys;
    this.#now = now;
  }

  /** The grant of an Authorization header, or undefined. */
  grantOf(socket: Socket, header: string | undefined): Grant | undefined {
    if (header === undefined) return undefined;
    const authorization = Buffer.from(header, 'latin1');
    const last = this.#last.get(socket);
    if (last !== undefined && this.#now() < last.untilMs && same(last.authorization, authorization))
      return last.grant;
    const grant = /^bearer /i.test(header) ? this.#keys.find(header.slice('bearer '.length)) : undefined;
    if (grant !== undefined)
      this.#last.set(socket, { authorization, grant, untilMs: this.#now() + REMEMBERED_MS });
    return grant;
  }
}

const same = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b);
