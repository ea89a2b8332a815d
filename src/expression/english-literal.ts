import { printLiteral } from './print-literal.ts';
import type { Type } from './type.ts';

const UNITS = [['day', 86_400_000], ['hour', 3_600_000], ['minute', 60_000], ['second', 1_000],
  ['ms', 1]] as const;
const DAYS_FROM_MS = 3 * 86_400_000;

/** `24 hours`, `1 hour 30 minutes`, `30 days`. */
export function englishDuration(ms: number): string {
  if (ms === 0) return '0 seconds';
  const units = ms >= DAYS_FROM_MS ? UNITS : UNITS.slice(1);
  let rest = ms;
  const parts: string[] = [];
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(counted(count, unit));
  }
  return parts.join(' ');
}

const counted = (count: number, unit: string): string =>
  `${count} ${unit}${count === 1 || unit === 'ms' ? '' : 's'}`;

/** `1,234,567.50`: a comma in every group of three before the point. */
const groupedDigits = (text: string): string =>
  text.replace(/\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ','));

export function englishLiteral(value: number | string | boolean, type: Type): string {
  if (typeof value === 'boolean') return value ? 'it is always so' : 'it is never so';
  if (typeof value === 'string') return JSON.stringify(value);
  switch (type.kind) {
    case 'money': case 'int': case 'decimal': return groupedDigits(printLiteral(value, type));
    case 'duration': return englishDuration(value);
    case 'period': {
      const years = Math.floor(value / 12);
      const parts = [years > 0 ? counted(years, 'year') : '', value % 12 > 0 ? counted(value % 12, 'month')
        : ''];
      return parts.filter((part) => part !== '').join(' ') || '0 months';
    }
    case 'bool': case 'ratio': case 'string': case 'instant': case 'date': case 'clock': case 'geo':
    case 'distance': case 'speed': case 'histogram': case 'enum': case 'entity': case 'list':
      return printLiteral(value, type);
  }
}
