/** The brake's look, once a second, off the path of payments. */
import type { RuleBrake } from '#decisioning/rule-brake.ts';

const LOOK_EVERY_MS = 1_000;

/** Stops when it is called. */
export function keepBrake(brake: Pick<RuleBrake, 'look'>): () => void {
  const timer = setInterval(() => { void brake.look(); }, LOOK_EVERY_MS);
  timer.unref();
  return () => { clearInterval(timer); };
}
