import type { WindowExpr } from '#expression/ast.ts';
import { calendarStart } from './calendar-start.ts';

/**
 * Where a window begins, seen from an event at t: it holds events later than that, up to t less the window's
 * gap. None reaches further back than the retention, and `ever` is that long. Tumbling windows are aligned to
 * 1970-01-01T00:00Z; they and calendar windows hold their first ms.
 */
export function windowStart(window: WindowExpr, retentionMs: number): (tMs: number) => number {
  switch (window.kind) {
    case 'sliding': {
      const fromMs = Math.min(window.fromMs, retentionMs);
      return (tMs) => tMs - fromMs;
    }
    case 'calendar': {
      const start = calendarStart(window.unit, window.zone);
      return (tMs) => Math.max(start(tMs) - 1, tMs - retentionMs);
    }
    case 'tumbling': {
      const { spanMs } = window;
      return (tMs) => Math.max(Math.floor(tMs / spanMs) * spanMs - 1, tMs - retentionMs);
    }
    case 'last': case 'ever':
      return (tMs) => tMs - retentionMs;
  }
}

/** How long before t the window ends: 7 d in `37d..7d`. */
export const windowGap = (window: WindowExpr): number => (window.kind === 'sliding' ? window.toMs : 0);

const HOUR_MS = 3_600_000;
/** The longest local day; a week and a month can have one like it. */
const CALENDAR_MS_MAX = { day: 26 * HOUR_MS, week: (7 * 24 + 2) * HOUR_MS,
  month: (31 * 24 + 2) * HOUR_MS } as const;

/** How far back the window can reach at most, ms. */
export function windowReach(window: WindowExpr, retentionMs: number): number {
  switch (window.kind) {
    case 'sliding': return Math.min(window.fromMs, retentionMs);
    case 'calendar': return Math.min(CALENDAR_MS_MAX[window.unit], retentionMs);
    case 'tumbling': return Math.min(window.spanMs, retentionMs);
    case 'last': case 'ever': return retentionMs;
  }
}
