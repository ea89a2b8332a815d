import { formatDate, formatInstant } from '#domain/instant.ts';
import { formatMoney } from '#domain/money.ts';
import type { Type } from './type.ts';

/** A number as plain digits: never `1e-7`. */
function plainDigits(value: number): string {
  const text = String(value);
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return text;
  const [, sign = '', whole = '', decimals = '', exponent = '0'] = match;
  return sign + shiftPoint(`${whole}.${decimals || '0'}`, Number(exponent));
}

/** Moves the decimal point of a text of digits to the right, or to the left. */
function shiftPoint(text: string, places: number): string {
  const [whole = '', decimals = ''] = text.split('.');
  const point = whole.length + places;
  const digits = (whole + decimals).padEnd(point, '0');
  const padded = point < 1 ? '0'.repeat(1 - point) + digits : digits;
  const at = Math.max(point, 1);
  const head = padded.slice(0, at).replace(/^0+(?=\d)/, '');
  const tail = padded.slice(at).replace(/0+$/, '');
  return tail === '' ? head : `${head}.${tail}`;
}

const UNITS = [['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], ['s', 1_000], ['ms', 1]] as const;
/** From here on days read better than hours: `72h` is `3d`, `24h` stays. */
const DAYS_FROM_MS = 3 * 86_400_000;

/** `90s`, `1h30m`, `24h`, `30d`; a leading minus for what lies before. */
export function printDuration(ms: number): string {
  if (ms < 0) return `-${printDuration(-ms)}`;
  if (ms === 0) return '0s';
  const units = ms >= DAYS_FROM_MS ? UNITS : UNITS.slice(1);
  let rest = ms;
  let text = '';
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text;
}

/** `3mo`, `1y2mo`. */
function printPeriod(months: number): string {
  const years = Math.floor(months / 12);
  const rest = months - years * 12;
  return `${years > 0 ? `${years}y` : ''}${rest > 0 || years === 0 ? `${rest}mo` : ''}`;
}

/** `20:00`, `20:00:30`. */
function printClock(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (parts[2] === 0) parts.pop();
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

function printSpeed(metresPerSecond: number): string {
  const kmh = Number((metresPerSecond * 3.6).toPrecision(12));
  return kmh / 3.6 === metresPerSecond ? `${plainDigits(kmh)} km/h` : `${plainDigits(metresPerSecond)} m/s`;
}

/** The text of a literal that is read back as the same value and type. */
export function printLiteral(value: number | string | boolean, type: Type): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'boolean') return String(value);
  switch (type.kind) {
    case 'decimal': {
      const text = plainDigits(value);
      return text.includes('.') ? text : `${text}.0`;
    }
    case 'ratio': return `${shiftPoint(plainDigits(value), 2)}%`;
    case 'money': return type.currency === null ? plainDigits(value) : formatMoney(value, type.currency);
    case 'duration': return printDuration(value);
    case 'period': return printPeriod(value);
    case 'instant': return formatInstant(value);
    case 'date': return formatDate(value);
    case 'clock': return printClock(value);
    case 'distance': return `${plainDigits(value)} m`;
    case 'speed': return printSpeed(value);
    case 'int': case 'bool': case 'string': case 'enum': case 'entity': case 'geo':
    case 'histogram': case 'list':
      return plainDigits(value);
  }
}
