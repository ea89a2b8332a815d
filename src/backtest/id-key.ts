/**
 * An id as a whole number below 2^53, so that a million payments fit in arrays. Two ids of a run share one
 * with a chance of payments * labels / 2^53: one in a million for a million payments and ten thousand labels.
 */
export function idKey(tenant: string, id: string): number {
  let high = 0x9e3779b1;
  let low = 0x85ebca6b;
  const text = `${tenant}\0${id}`;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    high = Math.imul(high ^ code, 0x9e3779b1);
    low = Math.imul(low ^ code, 0x5f356495);
  }
  // The finish of MurmurHash3 (A. Appleby, public domain), so that near texts are far apart.
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  return ((high ^ (high >>> 16)) & 0x1fffff) * 4_294_967_296 + ((low ^ (low >>> 16)) >>> 0);
}
