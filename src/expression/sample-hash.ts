/**
 * A place in [0, 1) for a text, the same on every machine and for ever: FNV-1a over UTF-16 units, then the
 * finaliser of MurmurHash3 so that neighbours scatter. Part of the contract: changing it would change which
 * payments were sampled.
 */
export function sampleHash(salt: string, text: string): number {
  let hash = 0x811c9dc5;
  for (const part of [salt, '\0', text]) {
    for (let i = 0; i < part.length; i++) hash = Math.imul(hash ^ part.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
