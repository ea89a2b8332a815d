/**
 * Values as people and other systems read them: `"120.50 EUR"`, `"59m59s"`, counts as numbers, missing as
 * null.
 */
import type { FeatureValue } from '#domain/decision.ts';
import { formatDate, formatInstant } from '#domain/instant.ts';
import { formatMoney } from '#domain/money.ts';
import type { Cell, Type } from '#expression/type.ts';

/** `currency` is that of money whose type does not say it. */
export function formatCell(cell: Cell, type: Type, currency?: string): FeatureValue {
  if (cell === undefined || (typeof cell === 'number' && Number.isNaN(cell))) return null;
  if (typeof cell === 'string') return cell;
  if (typeof cell === 'object') return 'lat' in cell ? `${cell.lat} ${cell.lon}` : cell;
  return formatNumber(cell, type, currency);
}

function formatNumber(value: number, type: Type, currency: string | undefined): FeatureValue {
  switch (type.kind) {
    case 'bool': return value === 1 ? null : value === 2;
    case 'money': {
      const code = type.currency ?? currency;
      return code === undefined ? `${value} minor units` : formatMoney(value, code);
    }
    case 'duration': return formatSpan(value);
    case 'ratio': return `${trim(value * 100)}%`;
    case 'instant': return Math.abs(value) <= 8.64e15 ? formatInstant(value) : null;
    case 'date': return formatDate(value);
    case 'clock': return formatClock(value);
    case 'distance': return Math.abs(value) < 1_000 ? `${trim(value)} m` : `${trim(value / 1_000)} km`;
    case 'speed': return `${trim(value * 3.6)} km/h`;
    case 'int': case 'decimal': case 'string': case 'enum': case 'entity': case 'geo': case 'histogram':
    case 'list': case 'period':
      return value;
  }
}

/** At most six decimals, without zeros at the end. */
const trim = (value: number): string => String(Number(value.toFixed(6)));

function formatClock(ms: number): string {
  const two = (count: number): string => String(count).padStart(2, '0');
  const minutes = Math.floor(ms / 60_000);
  const seconds = Math.floor(ms / 1_000) % 60;
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}${seconds === 0 ? '' : `:${two(seconds)}`}`;
}

const UNITS = [['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], ['s', 1_000], ['ms', 1]] as const;

/** `30d`, `24h`, `59m59s`: exact to the ms; a day and less is told in hours. */
export function formatSpan(ms: number): string {
  if (ms === 0) return '0s';
  let rest = Math.abs(ms);
  let text = ms < 0 ? '-' : '';
  for (const [unit, size] of UNITS) {
    if (unit === 'd' && rest < 2 * size) continue;
    const count = unit === 'ms' ? Number(rest.toFixed(3)) : Math.floor(rest / size);
    if (count !== 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text;
}

/** The same in a sentence: decimals short, missing as a word. */
export function sayCell(cell: Cell, type: Type, currency?: string): string {
  const value = formatCell(cell, type, currency);
  if (value === null) return 'unknown';
  if (typeof value === 'number') return String(Number(value.toFixed(2)));
  if (type.kind === 'duration' && typeof cell === 'number' && Math.abs(cell) >= 60_000) {
    return formatSpan(Math.round(cell / 1_000) * 1_000);
  }
  if (type.kind === 'ratio' && typeof cell === 'number') return `${Number((cell * 100).toFixed(2))}%`;
  return String(value);
}
