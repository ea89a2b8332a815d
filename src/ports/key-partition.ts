/**
 * The partition that keeps the records of a key: murmur2 (Austin Appleby, seed 0x9747b28c) of the key in
 * UTF-8, its highest bit cleared, modulo the number of partitions. It is what Kafka's own clients do, so that
 * whoever else writes by key, in any language, writes beside us. The number of partitions of a topic must
 * never change: keys would move, and the order within a key would be lost.
 */
export function partitionOfKey(key: string, partitionCount: number): number {
  return (murmur2(bytes.encode(key)) & 0x7fff_ffff) % partitionCount;
}

const bytes = new TextEncoder();
const MIX = 0x5bd1e995;

function murmur2(data: Uint8Array): number {
  const { length } = data;
  const whole = length & ~3;
  let hash = 0x9747b28c ^ length;
  for (let at = 0; at < whole; at += 4) {
    let word = data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24);
    word = Math.imul(word, MIX);
    word = Math.imul(word ^ (word >>> 24), MIX);
    hash = Math.imul(hash, MIX) ^ word;
  }
  if (length > whole) {
    for (let at = length - 1; at >= whole; at--) hash ^= data[at]! << (8 * (at - whole));
    hash = Math.imul(hash, MIX);
  }
  hash = Math.imul(hash ^ (hash >>> 13), MIX);
  return hash ^ (hash >>> 15);
}
