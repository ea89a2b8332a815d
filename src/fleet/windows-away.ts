/** Why the shared logs could not be asked, as an answer says it. */
import type { Degradation, WindowsCause } from '#domain/decision.ts';
import { WindowLogUnavailable, type WindowLogFault } from '#ports/window-log.ts';

const CAUSES: Readonly<Record<WindowLogFault, WindowsCause>> = {
  late: 'late', unreachable: 'unreachable', refused: 'refused', recovering: 'state_recovering',
};

/** Throws again what is no failure of the logs. */
export function windowsAway(error: unknown): WindowsCause {
  if (error instanceof WindowLogUnavailable) return CAUSES[error.code];
  throw error;
}

/** Of what is told while they are away: it is kept, and counts when they are there again. */
export const countedLater = (cause: WindowsCause): Degradation =>
  ({ part: 'windows', cause, fallback: 'counted_later' });
