import type { Clock } from './clock.ts';

/** Ends with the signal, if that comes first. */
export async function pauseUntil(
  clock: Pick<Clock, 'sleep'>, ms: number, signal: AbortSignal,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = (): void => { resolve(); };
  signal.addEventListener('abort', end);
  if (!signal.aborted) await Promise.race([clock.sleep(ms), promise]);
  signal.removeEventListener('abort', end);
}
