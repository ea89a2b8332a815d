import { ownText } from '#domain/flat-text.ts';
import { currencyExponent, parseMoneyText } from '#domain/money.ts';
import { parseDate, parseInstant } from '#domain/instant.ts';
import { ParseFailure, type Token } from './token.ts';
import type { Type } from './type.ts';

const BLANK = /\s+/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*/y;
const TEXT = /"(?:[^"\\]|\\.)*"/y;
const OPERATOR = /==|!=|<=|>=|~=|\?\?|\.\.|[<>+\-*/()[\],;=]/y;
const INSTANT = /\d{4}-\d{2}-\d{2}T[^\s,;)\]]*/y;
const DATE = /\d{4}-\d{2}-\d{2}(?![\w])/y;
const CLOCK = /\d{2}:\d{2}(?::\d{2})?(?!\w)/y;
const DURATION = /(?:\d+(?:_\d+)*(?:ms|[smhdw]))+(?!\w)/y;
const PERIOD = /(?:\d+(?:mo|y))+(?!\w)/y;
const NUMBER = /\d+(?:_\d+)*(?:\.\d+(?:_\d+)*)?/y;
const CURRENCY = /\s*([A-Z]{3})(?!\w)/y;
const LENGTH_UNIT = /\s*(km\/h|m\/s|km|m)(?!\w)/y;
const STRAY_UNIT = /[\w.]+/y;

const UNIT_MS: Readonly<Record<string, number>> = {
  w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1,
};

/** What people write from other languages, and what it is here. */
const FOREIGN: Readonly<Record<string, string>> = {
  '&': 'write `and`', '|': 'write `or`', '!': 'write `not`, or `!=`',
    "'": 'texts stand in double quotes: "EUR"',
  '%': 'a ratio is written `90%`; there is no remainder', '{': 'parentheses group: ( )',
    '?': 'write `??` for a default',
};

/** The literal that a text of digits and units stands for, at `start` of the source. */
type Literal = { readonly value: number | string; readonly type: Type; readonly end: number };

/** All tokens, the last one `end`. Throws ParseFailure. */
export function tokensOf(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    const blank = match(BLANK, source, at);
    if (blank !== undefined) {
      at += blank.length;
      continue;
    }
    const token = tokenAt(source, at);
    tokens.push(token);
    at = token.span.end;
  }
  tokens.push({ kind: 'end', span: { start: source.length, end: source.length } });
  return tokens;
}

function match(pattern: RegExp, source: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
}

function tokenAt(source: string, start: number): Token {
  const first = source.charAt(start);
  if (first >= '0' && first <= '9') {
    const { value, type, end } = literalAt(source, start);
    return { kind: 'literal', value, type, span: { start, end } };
  }
  if (first === '"') return textAt(source, start);
  const found = match(NAME, source, start);
  const name = found === undefined ? undefined : ownText(found);
  if (name !== undefined) return { kind: 'name', text: name, span: { start, end: start + name.length } };
  const operator = match(OPERATOR, source, start);
  if (operator !== undefined) {
    return { kind: 'operator', text: operator, span: { start, end: start + operator.length } };
  }
  const character = String.fromCodePoint(source.codePointAt(start) ?? 0);
  const span = { start, end: start + character.length };
  throw new ParseFailure('E101', span, `\`${character}\` means nothing here`, FOREIGN[first]);
}

function textAt(source: string, start: number): Token {
  const quoted = match(TEXT, source, start);
  const whole = { start, end: quoted === undefined ? source.length : start + quoted.length };
  if (quoted === undefined) throw new ParseFailure('E102', whole, 'the text has no closing quote');
  let value: unknown;
  try {
    value = JSON.parse(quoted);
  } catch {
    value = undefined;
  }
  if (typeof value !== 'string') {
    throw new ParseFailure('E102', whole, 'the text has an escape that is none',
      'write `\\\\` for one backslash');
  }
  // Events are normalised when they are parsed, so that equal texts are equal code units.
  return { kind: 'literal', value: value.normalize('NFC'), type: { kind: 'string' }, span: whole };
}

function literalAt(source: string, start: number): Literal {
  const literal =
    instantAt(source, start) ?? clockAt(source, start) ?? spanOfTimeAt(source, start) ??
      numberAt(source, start);
  const stray = match(STRAY_UNIT, source, literal.end);
  if (stray !== undefined && !stray.startsWith('..')) {
    const span = { start, end: literal.end + stray.length };
    throw new ParseFailure('E103', span,
      `\`${source.slice(span.start, span.end)}\` is not a number with a unit`,
      'units are `ms s m h d w`, `mo y`, `%`, a currency (`10 EUR`), ` m`, ` km`, ` m/s` and ` km/h`');
  }
  return literal;
}

function instantAt(source: string, start: number): Literal | undefined {
  const instant = match(INSTANT, source, start);
  const text = instant ?? match(DATE, source, start);
  if (text === undefined) return undefined;
  const end = start + text.length;
  const value = instant === undefined ? parseDate(text) : parseInstant(text);
  if (value === undefined) {
    throw new ParseFailure('E105', { start, end }, `\`${text}\` is not a date or instant`,
      'dates are `2026-11-23`, instants `2026-11-23T10:00:00Z`');
  }
  return { value, type: { kind: instant === undefined ? 'date' : 'instant' }, end };
}

function clockAt(source: string, start: number): Literal | undefined {
  const text = match(CLOCK, source, start);
  if (text === undefined) return undefined;
  const end = start + text.length;
  const [hours = 0, minutes = 0, seconds = 0] = text.split(':').map(Number);
  const value = ((hours * 60 + minutes) * 60 + seconds) * 1_000;
  if (minutes > 59 || seconds > 59 || value > 86_400_000) {
    throw new ParseFailure('E105', { start, end }, `\`${text}\` is not a time of day`,
      'from `00:00` to `24:00`');
  }
  return { value, type: { kind: 'clock' }, end };
}

function spanOfTimeAt(source: string, start: number): Literal | undefined {
  const duration = match(DURATION, source, start);
  const text = duration ?? match(PERIOD, source, start);
  if (text === undefined) return undefined;
  const end = start + text.length;
  let value = 0;
  for (const [, digits = '', unit = ''] of text.matchAll(/(\d[\d_]*)([a-z]+)/g)) {
    value += Number(digits.replaceAll('_', '')) * (UNIT_MS[unit] ?? (unit === 'y' ? 12 : 1));
  }
  if (!Number.isSafeInteger(value)) throw new ParseFailure('E103', { start, end },
    `\`${text}\` is too long a time`);
  return { value, type: { kind: duration === undefined ? 'period' : 'duration' }, end };
}

function numberAt(source: string, start: number): Literal {
  const text = match(NUMBER, source, start) ?? '';
  const digits = text.replaceAll('_', '');
  const after = start + text.length;
  if (source[after] === '%') return { value: Number(`${digits}e-2`), type: { kind: 'ratio' }, end: after +
    1 };
  const unit = match(LENGTH_UNIT, source, after);
  if (unit !== undefined) return lengthOf(Number(digits), unit.trim(), after + unit.length);
  const currency = match(CURRENCY, source, after);
  if (currency !== undefined) return moneyOf(digits, currency.trim(),
    { start, end: after + currency.length });
  const value = Number(digits);
  if (!digits.includes('.') && !Number.isSafeInteger(value)) {
    throw new ParseFailure('E103', { start, end: after }, `\`${text}\` is beyond 2^53 - 1`);
  }
  return { value, type: { kind: digits.includes('.') ? 'decimal' : 'int' }, end: after };
}

function lengthOf(size: number, unit: string, end: number): Literal {
  if (unit === 'km/h') return { value: size / 3.6, type: { kind: 'speed' }, end };
  if (unit === 'm/s') return { value: size, type: { kind: 'speed' }, end };
  return { value: unit === 'km' ? size * 1_000 : size, type: { kind: 'distance' }, end };
}

function moneyOf(digits: string, currency: string, span: { start: number; end: number }): Literal {
  const parsed = parseMoneyText(digits, currency);
  if ('minor' in parsed) return { value: parsed.minor, type: { kind: 'money', currency }, end: span.end };
  const exponent = currencyExponent(currency);
  const help = exponent === undefined ? undefined : `the smallest amount is ${10 ** -exponent} ${currency}`;
  throw new ParseFailure('E104', span, parsed.detail, help);
}
