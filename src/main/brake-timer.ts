/** The brake's look, once a second, off the path of payments. */
import type { Engine } from '#decisioning/engine.ts';

const LOOK_EVERY_MS = 1_000;

/** Stops when it is called. */
export function keepBrake(engine: Engine): () => void {
  const timer = setInterval(() => { void engine.look(); }, LOOK_EVERY_MS);
  timer.unref();
  return () => { clearInterval(timer); };
}
