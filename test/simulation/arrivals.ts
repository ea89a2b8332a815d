/** When new messages come: in bursts, with minutes and hours between, and now and then in a storm. */
import type { SeededRandom } from './seeded-random.ts';

export interface Coming { readonly atMs: number; readonly within: 'storm' | undefined }

/** More payments within a few seconds than the brake needs to see. */
const STORM_CHANCE = 0.3;
const STORM_COUNT = 500;
const STORM_GAP_MS_MAX = 8;

/** From now on, in order. */
export function arrivals(random: SeededRandom, count: number, weather: 'calm' | 'stormy'): readonly Coming[] {
  const all: Coming[] = [];
  let atMs = 0;
  const stormAt = weather === 'stormy' && random.chance(STORM_CHANCE) ? random.between(0, count - 1) : -1;
  for (let i = 0; i < count; i++) {
    atMs += gapMs(random);
    all.push({ atMs, within: undefined });
    for (let j = 0; i === stormAt && j < STORM_COUNT; j++) {
      atMs += random.between(0, STORM_GAP_MS_MAX);
      all.push({ atMs, within: 'storm' });
    }
  }
  return all;
}

function gapMs(random: SeededRandom): number {
  switch (random.weighted({ burst: 70, minutes: 25, hours: 5 })) {
    case 'burst':
      return random.between(0, 4);
    case 'minutes':
      return random.between(1, 10 * 60_000);
    case 'hours':
      return random.between(1, 5) * 3_600_000;
    default:
      return 0;
  }
}
