/** Bodies of the life cycle: JSON with texts that may have lines; every fault is told with its pointer. */
import { parseInstant } from '#domain/instant.ts';
import { pointerStep } from '#domain/json-fault.ts';
import { LIMITS } from '#domain/limits.ts';
import type { Refusal } from '#domain/refusal.ts';
import { parseStrictJson } from '#domain/strict-json.ts';
import { isMap } from '#lifecycle/seals.ts';
import type { Json } from '#ports/records.ts';
import { refusal } from './problem.ts';

type Fields = { readonly [key: string]: Json };

const FAULTS_MAX = 16;
/** The longest body of any address here; each has its own limit at the door. */
const OF_A_DOCUMENT = { bytesMax: LIMITS.listUploadBytesMax, lines: true } as const;
const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

/** No body at all is an empty one. */
export function readBody(bytes: Uint8Array, keys: readonly string[]): BodyReader | Refusal {
  if (bytes.length === 0) return new BodyReader({}, keys, '');
  const json = parseStrictJson(bytes, OF_A_DOCUMENT);
  if ('code' in json) return json;
  const value = parseJson(json.value);
  return isMap(value) ? new BodyReader(value, keys, '') : refusal('invalid', 'the body is a JSON object', '');
}

/** Of what JSON.parse has made. */
const parseJson = (value: unknown): Json => value as Json;

/**
 * Reads one object; what is wrong is collected, and a value that is wrong reads as one that harms nothing.
 */
export class BodyReader {
  readonly #fields: Fields;
  readonly #at: string;
  readonly #faults: { pointer: string; detail: string }[] = [];

  constructor(fields: Fields, keys: readonly string[], at: string) {
    this.#fields = fields;
    this.#at = at;
    for (const key of Object.keys(fields)) {
      if (!keys.includes(key)) this.#fault(key, `is not asked for; there are ${keys.join(', ') || 'no '
        + 'fields'}`);
    }
  }

  /** A refusal of all that was wrong, or undefined. */
  get refused(): Refusal | undefined {
    const [first] = this.#faults;
    return first === undefined ? undefined
      : { code: 'invalid', detail: `${first.pointer}: ${first.detail}`,
      errors: this.#faults.slice(0, FAULTS_MAX) };
  }

  has(key: string): boolean { return this.#fields[key] !== undefined && this.#fields[key] !== null; }

  text(key: string, charsMax: number = LIMITS.textCharsMax): string {
    const value = this.#fields[key];
    if (typeof value !== 'string' || value.trim() === '') this.#fault(key, 'is a text that says something');
    else if (value.length > charsMax) this.#fault(key,
      `has ${value.length} characters; the limit is ${charsMax}`);
    else if (value.includes('\0') || !value.isWellFormed()) this.#fault(key, 'holds what is no character');
    else return value;
    return '';
  }

  optionalText(key: string): string | undefined { return this.has(key) ? this.text(key) : undefined; }

  word<Word extends string>(key: string, words: readonly Word[], otherwise: Word): Word {
    const value = this.has(key) ? this.#fields[key] : otherwise;
    const word = words.find((one) => one === value);
    if (word === undefined) this.#fault(key, `is one of ${words.join(', ')}`);
    return word ?? otherwise;
  }

  instant(key: string, otherwiseMs?: number): number {
    const value = this.#fields[key];
    if (!this.has(key) && otherwiseMs !== undefined) return otherwiseMs;
    const ms = typeof value === 'string' ? parseInstant(value) : undefined;
    if (ms === undefined) this.#fault(key, 'is an instant such as 2026-05-01T00:00:00Z');
    return ms ?? 0;
  }

  optionalWhole(key: string): number | undefined {
    const value = this.#fields[key];
    if (!this.has(key)) return undefined;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    this.#fault(key, 'is a whole number');
    return undefined;
  }

  /** 0 to 1. */
  share(key: string): number {
    const value = this.has(key) ? this.#fields[key] : 0;
    if (typeof value === 'number' && value >= 0 && value <= 1) return value;
    this.#fault(key, 'is a share from 0 to 1');
    return 0;
  }

  /** Texts and numbers. */
  values(key: string): readonly (string | number)[] {
    return this.#list(key).flatMap((value, i) => {
      if (typeof value === 'string' || typeof value === 'number') return [value];
      this.#fault(`${key}${pointerStep(i)}`, 'is a text or a number');
      return [];
    });
  }

  maps(key: string, keys: readonly string[]): readonly BodyReader[] {
    return this.#list(key).flatMap((value, i) => {
      if (isMap(value)) return [new BodyReader(value, keys,
        `${this.#at}${pointerStep(key)}${pointerStep(i)}`)];
      this.#fault(`${key}${pointerStep(i)}`, 'is an object');
      return [];
    });
  }

  /** What a reader within this one has found counts here. */
  take(inner: BodyReader): void { this.#faults.push(...inner.#faults); }

  get all(): Fields { return this.#fields; }

  #list(key: string): readonly Json[] {
    const value = this.#fields[key];
    if (value === undefined || value === null) return [];
    if (isList(value)) return value;
    this.#fault(key, 'is a list');
    return [];
  }

  #fault(key: string, detail: string): void {
    this.#faults.push({ pointer: `${this.#at}/${key}`, detail: `\`${key}\` ${detail}` });
  }
}
