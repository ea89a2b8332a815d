import type { Json } from '#ports/records.ts';

/**
 * JSON with sorted keys and no space: one text for one value, so that it can be hashed. Throws RangeError
 * where a database could not give the value back as it is.
 */
export function canonicalText(value: Json): string {
  if (typeof value === 'string') return JSON.stringify(soundText(value));
  if (typeof value === 'number') return JSON.stringify(soundNumber(value));
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonicalText).join(',')}]`;
  const members = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  const texts = members.map(([key, one]) => `${JSON.stringify(soundText(key))}:${canonicalText(one)}`);
  return `{${texts.join(',')}}`;
}

/** Looks through all that a record holds. */
export function refuseUnsound(value: unknown): void {
  if (typeof value === 'string') soundText(value);
  else if (typeof value === 'number') soundNumber(value);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, one] of Object.entries(value)) {
      soundText(key);
      refuseUnsound(one);
    }
  }
}

function soundText(text: string): string {
  if (text.isWellFormed() && !text.includes('\0')) return text;
  throw new RangeError(`${JSON.stringify(text).slice(0, 80)} holds U+0000 or half of a surrogate pair`);
}

function soundNumber(value: number): number {
  if (Number.isFinite(value)) return value;
  throw new RangeError(`${value} is no number of JSON`);
}

const isList = (value: object): value is readonly Json[] => Array.isArray(value);
