/** Values as tests write them: `25_000 GBP`, `-1h`, `2026-03-29`; read by the type of their field. */
import { parseDate, parseInstant } from '#domain/instant.ts';
import { parseMoneyText } from '#domain/money.ts';
import type { Cell, Type } from '#expression/type.ts';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** ms of `90s`, `59m59s`, `-1h`; undefined where it is no duration. */
export function parseSpan(text: string): number | undefined {
  const match = /^(-?)((?:\d{1,9}(?:ms|s|m|h|d))+)$/.exec(text);
  if (match === null) return text === '0' ? 0 : undefined;
  let ms = 0;
  for (const [, count, unit] of (match[2] ?? '').matchAll(/(\d+)(ms|s|m|h|d)/g)) {
    ms += Number(count) * (UNIT_MS[unit ?? ''] ?? Number.NaN);
  }
  return match[1] === '-' ? -ms : ms;
}

/** What a text says as a value of a type, or a sentence about what it should have been. */
export type ReadValue =
  | { readonly number?: number; readonly second?: number; readonly text?: string }
  | { readonly problem: string };

const NUMBER = /^-?[0-9][0-9_]*(\.[0-9]+)?(e-?[0-9]{1,3})?$/;

/** `tMs` is what a relative instant (`-1h`) is relative to. */
export function readValue(text: string, type: Type, tMs: number): ReadValue {
  switch (type.kind) {
    case 'bool':
      if (text === 'true' || text === 'false') return { number: text === 'true' ? 1 : 0 };
      return { problem: '`true` or `false`' };
    case 'int':
      return /^-?[0-9][0-9_]*$/.test(text) ? { number: plain(text) } : { problem: 'a whole number' };
    case 'decimal': return NUMBER.test(text) ? { number: plain(text) } : { problem: 'a number' };
    case 'ratio': return readRatio(text);
    case 'money': return readMoney(text, type.currency);
    case 'duration': return readSpan(text);
    case 'instant': return readInstant(text, tMs);
    case 'date': {
      const days = parseDate(text);
      return days === undefined ? { problem: 'a date such as 1990-05-17' } : { number: days };
    }
    case 'geo': return readPlace(text);
    case 'enum':
      return type.values.includes(text) ? { text } : { problem: `one of ${type.values.join(', ')}` };
    case 'string': case 'entity': return { text };
    case 'distance': case 'speed': return readMeasure(text, type.kind);
    case 'clock': case 'period': case 'histogram': case 'list':
      return { problem: 'something that a test cannot write' };
  }
}

const plain = (text: string): number => Number(text.replaceAll('_', ''));

function readRatio(text: string): ReadValue {
  if (/^-?[0-9_]+(\.[0-9]+)?%$/.test(text)) return { number: plain(text.slice(0, -1)) / 100 };
  return NUMBER.test(text) ? { number: plain(text) } : { problem: 'a ratio such as 90% or 0.9' };
}

function readMoney(text: string, currency: string | null): ReadValue {
  const match = /^(-?[0-9][0-9_]*(?:\.[0-9]+)?) ([A-Z]{3})$/.exec(text);
  const parsed = match === null ? undefined
    : parseMoneyText((match[1] ?? '').replaceAll('_', ''), match[2] ?? '');
  if (match === null || parsed === undefined) return { problem: `money such as 25_000 ${currency ?? 'EUR'}` };
  if ('problem' in parsed) return { problem: `money (${parsed.detail})` };
  if (currency !== null && match[2] !== currency) return { problem: `money in ${currency}` };
  return { number: parsed.minor, text: match[2] ?? '' };
}

function readSpan(text: string): ReadValue {
  const ms = parseSpan(text);
  return ms === undefined ? { problem: 'a duration such as 59m59s' } : { number: ms };
}

function readInstant(text: string, tMs: number): ReadValue {
  const span = parseSpan(text);
  if (span !== undefined) return { number: tMs + span };
  const instant = parseInstant(text);
  if (instant !== undefined) return { number: instant };
  return { problem: 'an instant such as 2026-03-29T00:30:00Z, or relative to the event: -1h' };
}

function readPlace(text: string): ReadValue {
  const match = /^(-?\d{1,2}(?:\.\d+)?),? +(-?\d{1,3}(?:\.\d+)?)$/.exec(text);
  if (match === null) return { problem: 'latitude and longitude such as "51.5 -0.12"' };
  return { number: Number(match[1]), second: Number(match[2]) };
}

function readMeasure(text: string, kind: 'distance' | 'speed'): ReadValue {
  const match = /^(-?[0-9][0-9_]*(?:\.[0-9]+)?) (m|km|m\/s|km\/h)$/.exec(text);
  const unit = match?.[2] ?? '';
  if (match === null || unit.includes('/') !== (kind === 'speed')) {
    return { problem: kind === 'speed' ? 'a speed such as 900 km/h' : 'a distance such as 5 km' };
  }
  const factor = { m: 1, km: 1_000, 'm/s': 1, 'km/h': 1 / 3.6 }[unit] ?? Number.NaN;
  return { number: plain(match[1] ?? '') * factor };
}


/** Are two cells the same value? Ratios and decimals within rounding of the last digit a test writes. */
export function sameCell(a: Cell, b: Cell): boolean {
  if (typeof a !== 'number' || typeof b !== 'number') return a === b;
  return a === b || Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
}
