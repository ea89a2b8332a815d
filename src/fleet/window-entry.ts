/**
 * What one entry of a shared log says, in bytes. Format 1; numbers are big-endian.
 *
 *   event    1, type, arrival (f64 ms), publication (f64), digest of the request (16), id, then for each
 * field that
 *            has a value: its code (0: custom, its name follows), a mask (1 number, 2 second number, 4
 * text), them
 *   change   2, what (0 status, 1 label), known from (f64 ms), id of the transaction, value
 *   seen     4: a payment that is in the logs of others looked at this one
 *   mark     3, value (f64), from (f64 ms), until (f64 ms, Infinity: for good), name
 *
 * A text is its length in bytes (u16) and UTF-8. A reader passes over fields that it does not know.
 */
import { EVENT_TYPES, type EventSchema, type EventType } from '#domain/field.ts';
import type { ParsedEvent } from '#domain/event.ts';
import { NOTHING_SAID } from '#ports/window-log.ts';
import type { EntityMark } from '#ports/window-store.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { carriedFields, CUSTOM_CODE, FIELD_CODES } from './field-codes.ts';
import { NewerFormat } from './newer-format.ts';

/** What the first arrival of a payment pins; every copy of it is answered by this. */
export interface Pin {
  readonly receivedAtMs: number;
  /** Position of the publication or amendment in force. */
  readonly publication: number;
  /** 16 bytes. */
  readonly digest: Uint8Array;
}

export type Entry =
  | { readonly kind: 'event'; readonly type: EventType; readonly id: string; readonly pin: Pin;
      readonly numbers: number[]; readonly texts: (string | undefined)[] }
  | { readonly kind: 'change'; readonly what: 'status' | 'label'; readonly knownAtMs: number;
      readonly transactionId: string; readonly value: string }
  | { readonly kind: 'mark'; readonly mark: EntityMark }
  | { readonly kind: 'seen' };

export type ChangeEntry = Extract<Entry, { kind: 'change' }>;

const EVENT = 1;
const CHANGE = 2;
const MARK = 3;
const SEEN = 4;
/** What an entry says that says nothing. */
export const SEEN_BYTES = NOTHING_SAID;
const DIGEST_BYTES = 16;
const NUMBER = 1;
const SECOND = 2;
const TEXT = 4;

interface Carried {
  readonly code: number;
  readonly name: string;
  readonly number: number;
  readonly second: number;
  readonly text: number;
}

export class EntryCodec {
  readonly #schema: EventSchema;
  readonly #carried: readonly Carried[];
  readonly #byCode = new Map<number, Carried>();
  readonly #byName = new Map<string, Carried>();
  readonly #writer = new ByteWriter();

  constructor(schema: EventSchema) {
    this.#schema = schema;
    this.#carried = carriedFields(schema).map(({ path, numberSlot, secondNumberSlot, textSlot }) => ({
      code: FIELD_CODES[path] ?? CUSTOM_CODE, name: path,
      number: numberSlot, second: secondNumberSlot, text: textSlot,
    }));
    for (const one of this.#carried) {
      if (one.code === CUSTOM_CODE) this.#byName.set(one.name, one);
      else this.#byCode.set(one.code, one);
    }
  }

  writeEvent({ type, id, numbers, texts }: ParsedEvent, pin: Pin): Uint8Array {
    const out = this.#writer.begin();
    out.byte(EVENT);
    out.byte(EVENT_TYPES.indexOf(type));
    out.float(pin.receivedAtMs);
    out.float(pin.publication);
    out.bytes(pin.digest);
    out.text(id);
    for (const { code, name, number, second, text } of this.#carried) {
      const one = number < 0 ? Number.NaN : numbers[number] ?? Number.NaN;
      const two = second < 0 ? Number.NaN : numbers[second] ?? Number.NaN;
      const said = text < 0 ? undefined : texts[text];
      const mask = (one === one ? NUMBER : 0) | (two === two ? SECOND : 0) | (said === undefined ? 0 : TEXT);
      if (mask === 0) continue;
      out.byte(code);
      if (code === CUSTOM_CODE) out.text(name);
      out.byte(mask);
      if (one === one) out.float(one);
      if (two === two) out.float(two);
      if (said !== undefined) out.text(said);
    }
    return out.end();
  }

  writeChange({ what, knownAtMs, transactionId, value }: Omit<ChangeEntry, 'kind'>): Uint8Array {
    const out = this.#writer.begin();
    out.byte(CHANGE);
    out.byte(what === 'status' ? 0 : 1);
    out.float(knownAtMs);
    out.text(transactionId);
    out.text(value);
    return out.end();
  }

  writeMark({ name, value, fromMs, untilMs }: EntityMark): Uint8Array {
    const out = this.#writer.begin();
    out.byte(MARK);
    out.float(value);
    out.float(fromMs);
    out.float(untilMs);
    out.text(name);
    return out.end();
  }

  /** Throws NewerFormat where it does not know their kind, and RangeError where they are no entry. */
  read(bytes: Uint8Array): Entry {
    const from = new ByteReader(bytes);
    const kind = from.byte();
    if (kind === EVENT) return this.#readEvent(from);
    if (kind === CHANGE) {
      const what = from.byte() === 0 ? 'status' : 'label';
      const [knownAtMs, transactionId, value] = [from.float(), from.text(), from.text()];
      return { kind: 'change', what, knownAtMs, transactionId, value };
    }
    if (kind === SEEN) return { kind: 'seen' };
    if (kind !== MARK) throw new NewerFormat(`an entry of kind ${kind}: written by a newer version?`);
    const [value, fromMs, untilMs] = [from.float(), from.float(), from.float()];
    return { kind: 'mark', mark: { name: from.text(), value, fromMs, untilMs } };
  }

  /** Whose event it is, without its fields; undefined where it is no event. */
  readId(bytes: Uint8Array): { readonly type: EventType; readonly id: string } | undefined {
    const from = new ByteReader(bytes);
    if (from.byte() !== EVENT) return undefined;
    const type = typeOf(from.byte());
    from.skip(8 + 8 + DIGEST_BYTES);
    return { type, id: from.text() };
  }

  #readEvent(from: ByteReader): Entry {
    const type = typeOf(from.byte());
    const [receivedAtMs, publication] = [from.float(), from.float()];
    const digest = from.bytes(DIGEST_BYTES);
    const id = from.text();
    const { numberSlotCount, textSlotCount } = this.#schema;
    const numbers = Array.from({ length: numberSlotCount }, () => Number.NaN);
    const texts = Array.from({ length: textSlotCount }, (): string | undefined => undefined);
    while (!from.done) {
      const code = from.byte();
      const field = code === CUSTOM_CODE ? this.#byName.get(from.text()) : this.#byCode.get(code);
      const mask = from.byte();
      const one = (mask & NUMBER) === 0 ? Number.NaN : from.float();
      const two = (mask & SECOND) === 0 ? Number.NaN : from.float();
      const said = (mask & TEXT) === 0 ? undefined : from.text();
      if (field === undefined) continue;
      if (field.number >= 0) numbers[field.number] = one;
      if (field.second >= 0) numbers[field.second] = two;
      if (field.text >= 0) texts[field.text] = said;
    }
    return { kind: 'event', type, id, pin: { receivedAtMs, publication, digest }, numbers, texts };
  }
}

function typeOf(index: number): EventType {
  const type = EVENT_TYPES[index];
  if (type === undefined) throw new NewerFormat(`an event of type ${index}: written by a newer version?`);
  return type;
}
