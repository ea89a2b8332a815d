import { hash } from 'node:crypto';
import type { ParsedEvent } from '#domain/event.ts';
import type { DecisionPlace } from '#decisioning/decision-id.ts';

const ID_BYTES = 16;

/** Id of what a record key names, in every shared log: 32 hex digits. */
export const entryId = (recordKey: string): string =>
  hash('sha256', recordKey).slice(0, ID_BYTES * 2);

/**
 * 16 bytes of what a call says: equal for two that say the same, however they are written. Taken before the
 * time is clamped.
 */
export function digestOf({ type, numbers, texts }: ParsedEvent, more = ''): Uint8Array {
  const values = Float64Array.from(numbers);
  const said = `${texts.map((text) => text ?? '\u0001').join('\0')}${more}`;
  const bytes = Buffer.concat([Buffer.from(type), new Uint8Array(values.buffer), Buffer.from(said)]);
  return hash('sha256', bytes, 'buffer').subarray(0, ID_BYTES);
}

export const sameDigest = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/**
 * A decision of a fleet is found by what it is about: its place in a topic is known only when it is there.
 */
export const fleetPlace = (id: string, windows: Readonly<Record<string, number>>): DecisionPlace =>
  ({ id: `dec_f_${id}`, logPosition: { windows } });
