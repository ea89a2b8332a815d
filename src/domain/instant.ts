/**
 * Instants are integer ms since 1970-01-01T00:00:00Z, dates whole days since 1970-01-01. RFC 3339, strictly.
 */

const DAY_MS = 86_400_000;

/** Days since 1970-01-01 of a date of the Gregorian calendar (H. Hinnant, days_from_civil). */
function daysFromDate(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const ofEra = y - era * 400;
  const ofYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return era * 146_097 + ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear - 719_468;
}

const LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

const isLeapYear = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

/** Days of a month, 1 to 12; 0 for any other number. */
const daysInMonth = (year: number, month: number): number =>
  month === 2 && isLeapYear(year) ? 29 : (LENGTHS[month - 1] ?? 0);

/** The number that the digits `text[from .. to)` make, or NaN where one is not a digit. */
function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

function dateAt(text: string): number {
  if (text[4] !== '-' || text[7] !== '-') return Number.NaN;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 7);
  const day = digits(text, 8, 10);
  return day >= 1 && day <= daysInMonth(year, month) ? daysFromDate(year, month, day) : Number.NaN;
}

/** Days since 1970-01-01 of `2026-11-23`, or undefined. */
export function parseDate(text: string): number | undefined {
  if (text.length !== 10) return undefined;
  const days = dateAt(text);
  return days === days ? days : undefined;
}

/** ms of the offset that starts at `from` (`Z`, `+02:00`), or NaN. */
function offsetMs(text: string, from: number): number {
  if (text.length === from + 1 && text[from] === 'Z') return 0;
  const sign = text[from] === '+' ? 1 : text[from] === '-' ? -1 : Number.NaN;
  if (text.length !== from + 6 || text[from + 3] !== ':') return Number.NaN;
  const hours = digits(text, from + 1, from + 3);
  const minutes = digits(text, from + 4, from + 6);
  return hours <= 23 && minutes <= 59 ? sign * (hours * 60 + minutes) * 60_000 : Number.NaN;
}

/**
 * ms of `2026-11-23T10:00:00.123Z` or `...+02:00`, or undefined. Capital T and Z, seconds required, no leap
 * seconds; up to nine decimals, cut to ms.
 */
export function parseInstant(text: string): number | undefined {
  const hour = digits(text, 11, 13);
  const minute = digits(text, 14, 16);
  const second = digits(text, 17, 19);
  if (text[10] !== 'T' || text[13] !== ':' || text[16] !== ':') return undefined;
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return undefined;
  let end = 19;
  let ms = 0;
  if (text[19] === '.') {
    end = 20;
    while (end < text.length && text.charCodeAt(end) >= 48 && text.charCodeAt(end) <= 57) end++;
    const count = end - 20;
    if (count < 1 || count > 9) return undefined;
    ms = digits(text, 20, Math.min(end, 23)) * (count === 1 ? 100 : count === 2 ? 10 : 1);
  }
  const at = dateAt(text) * DAY_MS + hour * 3_600_000 + minute * 60_000 + second * 1_000 +
    ms - offsetMs(text, end);
  return at === at ? at : undefined;
}

/** An instant, or a date for its 00:00 UTC, in ms; undefined for neither. */
export function parseMoment(text: string): number | undefined {
  const days = parseDate(text);
  return days === undefined ? parseInstant(text) : days * DAY_MS;
}

let formatted = { ms: 0, text: new Date(0).toISOString() };

/** `2026-11-23T10:00:00.123Z`; years 0000 to 9999. Decisions of one millisecond ask for one text. */
export function formatInstant(ms: number): string {
  if (ms !== formatted.ms) formatted = { ms, text: new Date(ms).toISOString() };
  return formatted.text;
}

/** `2026-11-23`. */
export const formatDate = (days: number): string => new Date(days * DAY_MS).toISOString().slice(0, 10);

/**
 * The date `months` later; a day that the month lacks becomes its last (31 January + 1 month is 28 February).
 */
export function addMonths(days: number, months: number): number {
  const date = new Date(days * DAY_MS);
  const count = date.getUTCFullYear() * 12 + date.getUTCMonth() + months;
  const year = Math.floor(count / 12);
  const month = count - year * 12 + 1;
  return daysFromDate(year, month, Math.min(date.getUTCDate(), daysInMonth(year, month)));
}
