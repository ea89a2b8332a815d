/**
 * What a log record holds, part by part. JSON in UTF-8, so that any tool can read the log in ten years.
 *
 *   decision     0 versions   1 request as received   2 facts: cells of the features   3 decision   4 marks set
 *   event        0 versions   1 request as received   2 answer
 *   publication  0 what is live: sources of policies, lists, rates, custom fields
 */
import type { EventSchema } from '#domain/field.ts';
import type { Decision } from '#domain/decision.ts';
import type { LogRecord, RecordKind } from '#ports/decision-log.ts';
import type { EntityMark } from '#ports/window-store.ts';
import type { Cell } from '#expression/type.ts';
import type { FeatureValues } from '#features/definition.ts';

export const RECORD_FORMAT = 1;

/** Pinned by the first arrival; a retry is answered under these, whatever has been published since. */
export interface Versions {
  readonly format: typeof RECORD_FORMAT;
  readonly tenant: string;
  readonly id: string;
  /** Log position of the publication in force. */
  readonly publication: number;
  readonly policy: string;
  readonly schema: EventSchema['name'];
  readonly rates: string;
  readonly lists: string;
  readonly idempotency_key?: string;
}

/** A mark to set on an entity: `then: { label: ... }`. */
export interface MarkEffect {
  readonly field: string;
  readonly value: string;
  readonly mark: EntityMark;
}

export interface Facts {
  readonly cells: readonly (number | string | readonly number[] | { lat: number; lon: number } | null)[];
  readonly reasons: readonly (string | null)[];
}

export type RecordFamily = 'tx' | 'event' | 'key' | 'publication';

const text = new TextEncoder();
const NONE = new Uint8Array(0);
const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

/** The idempotency key of a record. NUL cannot occur in a tenant, a family or an id. */
export const recordKey = (tenant: string, family: RecordFamily, id: string): string =>
  `${tenant}\0${family}\0${id}`;

/** Tenant and id of a record's key. */
export function splitKey(key: string): { tenant: string; family: string; id: string } {
  const [tenant = '', family = '', id = ''] = key.split('\0');
  return { tenant, family, id };
}

/** NaN and undefined have no JSON; both are missing, and missing is null. */
const cellOut = (cell: Cell): Facts['cells'][number] =>
  cell === undefined || (typeof cell === 'number' && Number.isNaN(cell)) ? null : cell;

export const factsOf = (values: FeatureValues): Facts => ({
  cells: values.cells.map(cellOut),
  reasons: values.reasons.map((reason) => reason ?? null),
});

export function decisionRecord(
  key: string, position: number, receivedAtMs: number,
  parts: { versions: Versions; request: Uint8Array; facts: Facts; decisionText: string; marks: readonly MarkEffect[] },
): LogRecord {
  return {
    kind: 'decision', position, receivedAtMs, key,
    parts: [
      json(parts.versions), parts.request, json(parts.facts), text.encode(parts.decisionText),
      parts.marks.length === 0 ? NONE : json(parts.marks),
    ],
  };
}

export function plainRecord(
  kind: Exclude<RecordKind, 'decision'>, key: string, position: number, receivedAtMs: number,
  parts: readonly Uint8Array[],
): LogRecord {
  return { kind, position, receivedAtMs, key, parts };
}

const parse = (part: Uint8Array | undefined): unknown =>
  JSON.parse(Buffer.from(part ?? NONE).toString('utf8'));

export const readVersions = (record: LogRecord): Versions => parse(record.parts[0]) as Versions;
export const readDecision = (record: LogRecord): Decision => parse(record.parts[3]) as Decision;
export const decisionBytes = (record: LogRecord): Uint8Array => record.parts[3] ?? NONE;
export const requestBytes = (record: LogRecord): Uint8Array => record.parts[1] ?? NONE;
export const readFacts = (record: LogRecord): Facts => parse(record.parts[2]) as Facts;
export const readMarks = (record: LogRecord): readonly MarkEffect[] =>
  (record.parts[4]?.byteLength ?? 0) === 0 ? [] : (parse(record.parts[4]) as MarkEffect[]);
export const readAnswer = (record: LogRecord): unknown => parse(record.parts[2]);
