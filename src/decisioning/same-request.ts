import { isDeepStrictEqual } from 'node:util';

/**
 * Do two calls say the same? Compared as JSON values, so that another order of keys or other white space, as
 * another
 * door may write it, is still the same request. Both have been parsed before, so both are valid JSON.
 */
export function sameRequest(a: Uint8Array, b: Uint8Array): boolean {
  if (Buffer.compare(a, b) === 0) return true;
  const value = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString('utf8'));
  return isDeepStrictEqual(value(a), value(b));
}
