import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import type { SeededRandom } from './seeded-random.ts';

/**
 * Makes the system's random bytes the seed's, for the whole process and until the next call: the log hashes
 * its keys with a secret, and how they fall decides how often it writes.
 */
export function seedCrypto(random: SeededRandom): void {
  Object.assign(crypto, {
    randomBytes: (size: number): Buffer =>
      Buffer.from(Array.from({ length: size }, () => random.between(0, 255))),
  });
  syncBuiltinESMExports();
}
