/**
 * Local time in IANA zones. An offset holds from one transition to the next, so each stretch is asked of
 * Temporal once and kept; what follows is a comparison or two.
 */
interface Stretch { readonly fromMs: number; readonly toMs: number; readonly offsetMs: number }
interface Zone { readonly name: string; last: Stretch; readonly stretches: Stretch[] }

const DAY_MS = 86_400_000;
/** Zones are named by policies and by events, so their number is bounded here. */
const ZONE_COUNT_MAX = 1_024;
const zones = new Map<string, Zone>();
const NOWHERE: Stretch = { fromMs: 0, toMs: 0, offsetMs: 0 };
let latest: Zone | undefined;

/** Is it a zone that this runtime's time zone database knows? */
export function isZone(name: string): boolean {
  return find(name) !== undefined;
}

function find(name: string): Zone | undefined {
  const known = zones.get(name);
  if (known !== undefined) return known;
  // An offset such as +02:00 is not a place: it has no summer time, and the policy should say so by name.
  if (!/^[A-Za-z]/.test(name)) return undefined;
  try {
    new Temporal.ZonedDateTime(0n, name);
  } catch {
    return undefined;
  }
  if (zones.size >= ZONE_COUNT_MAX) zones.clear();
  const zone: Zone = { name, last: NOWHERE, stretches: [] };
  zones.set(name, zone);
  return zone;
}

function stretchAt(zone: Zone, tMs: number): Stretch {
  const known = zone.stretches.find((s) => tMs >= s.fromMs && tMs < s.toMs);
  if (known !== undefined) return known;
  const at = new Temporal.ZonedDateTime(BigInt(tMs) * 1_000_000n, zone.name);
  // `previous` is strictly before, so it is asked from a moment later: a transition at tMs itself counts.
  const before = at.add({ nanoseconds: 1 }).getTimeZoneTransition('previous');
  const next = at.getTimeZoneTransition('next');
  const made: Stretch = {
    fromMs: before === null ? -Infinity : before.epochMilliseconds,
    toMs: next === null ? Infinity : next.epochMilliseconds,
    offsetMs: at.offsetNanoseconds / 1e6,
  };
  zone.stretches.push(made);
  return made;
}

/** ms to add to an instant for its local time in the zone; NaN where the zone is unknown or tMs is NaN. */
export function zoneOffsetMs(tMs: number, zone: string): number {
  const found = latest?.name === zone ? latest : find(zone);
  if (found === undefined) return Number.NaN;
  latest = found;
  const { last } = found;
  if (tMs >= last.fromMs && tMs < last.toMs) return last.offsetMs;
  // What JavaScript's dates can hold; beyond it there is no local time.
  if (!(Math.abs(tMs) <= 8.64e15)) return Number.NaN;
  found.last = stretchAt(found, tMs);
  return found.last.offsetMs;
}

/** ms of the local day, 0 to 86,399,999. */
export function localClock(tMs: number, zone: string): number {
  const local = tMs + zoneOffsetMs(tMs, zone);
  return local - Math.floor(local / DAY_MS) * DAY_MS;
}

/** Days since 1970-01-01 of the local date. */
export const localDate = (tMs: number, zone: string): number =>
  Math.floor((tMs + zoneOffsetMs(tMs, zone)) / DAY_MS);
