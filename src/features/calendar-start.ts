/** Where the local day, week or month of an instant began. One stretch is worked out once and kept. */

export type CalendarUnit = 'day' | 'week' | 'month';

interface Stretch { readonly fromMs: number; readonly toMs: number }

/** Late events ask for the days before: a week of days, and a few more. */
const KEPT_MAX = 12;
const NONE: Stretch = { fromMs: 0, toMs: 0 };

/**
 * A function of an instant: the first instant of its local day, week (from Monday) or month. Days start at
 * local 00:00; where the clocks skip it, at the first instant that the day has. Zones are IANA names.
 */
export function calendarStart(unit: CalendarUnit, zone: string): (tMs: number) => number {
  const kept: Stretch[] = [];
  let last = NONE;
  let oldest = 0;
  return (tMs) => {
    if (tMs >= last.fromMs && tMs < last.toMs) return last.fromMs;
    let found = kept.find((stretch) => tMs >= stretch.fromMs && tMs < stretch.toMs);
    if (found === undefined) {
      found = stretchOf(unit, zone, tMs);
      kept[oldest] = found;
      oldest = (oldest + 1) % KEPT_MAX;
    }
    last = found;
    return found.fromMs;
  };
}

function stretchOf(unit: CalendarUnit, zone: string, tMs: number): Stretch {
  const date = Temporal.Instant.fromEpochMilliseconds(tMs).toZonedDateTimeISO(zone).toPlainDate();
  const first = unit === 'day' ? date
    : unit === 'week' ? date.subtract({ days: date.dayOfWeek - 1 })
    : date.with({ day: 1 });
  const next = first.add(unit === 'day' ? { days: 1 } : unit === 'week' ? { days: 7 } : { months: 1 });
  return { fromMs: startOf(first, zone), toMs: startOf(next, zone) };
}

const startOf = (date: Temporal.PlainDate, zone: string): number =>
  date.toZonedDateTime(zone).epochMilliseconds;
