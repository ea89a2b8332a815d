/**
 * Which of the payments of a champion a challenger decides. Stable: a function of salt and value alone, on
 * every node and after every start. Each challenger draws for itself among what those before it left, so
 * that its share is exact and stays with the same customers when another comes or goes behind it.
 */
import type { ParsedEvent } from '#domain/event.ts';
import { sampleHash } from '#expression/sample-hash.ts';
import type { LivePolicy } from './live-policy.ts';

export interface Arm {
  readonly live: LivePolicy;
  /** Above 0. */
  readonly share: number;
  readonly salt: string;
  /** Of the field whose value is hashed; a payment without it is drawn by its id. */
  readonly slot: number;
}

export function drawn(arms: readonly Arm[], event: ParsedEvent, kind: string): LivePolicy | undefined {
  let left = 1;
  for (const { live, share, salt, slot } of arms) {
    const { kinds } = live.policy;
    if (kinds.length > 0 && !kinds.includes(kind)) continue;
    if (sampleHash(salt, event.texts[slot] ?? event.id) < share / left) return live;
    left -= share;
  }
  return undefined;
}
