/**
 * What a log record holds, part by part. JSON in UTF-8, so that any tool can read the log in ten years.
 *
 * decision     0 versions   1 request as received   2 facts: cells of the features   3 decision   4 marks set
 *   event        0 versions   1 request as received   2 answer
 *                (family `key`: 0 versions   1 id of the transaction that an Idempotency-Key names)
 *   publication  0 what is live: sources of policies, lists, rates, custom fields
 *                (family `amendment`: 0 what changes on it: rules in shadow, snoozes, challengers)
 */
import type { EventSchema } from '#domain/field.ts';
import type { Decision } from '#domain/decision.ts';
import { flatText } from '#domain/flat-text.ts';
import type { LogRecord } from '#ports/decision-log.ts';
import type { EntityMark } from '#ports/window-store.ts';
import { MISSING_REASONS } from '#domain/missing.ts';
import { cellKind } from '#expression/type-rules.ts';
import type { Cell, Type } from '#expression/type.ts';
import type { FeatureBound, FeatureValues } from '#features/definition.ts';
import type { FoundMark } from '#policy/policy-on-store.ts';
import type { Recorded } from './call.ts';

export const RECORD_FORMAT = 1;

/** Pinned by the first arrival; a retry is answered under these, whatever has been published since. */
export interface Versions {
  readonly format: typeof RECORD_FORMAT;
  /** Log position of the publication or amendment in force. */
  readonly publication: number;
  readonly policy: string;
  readonly schema: EventSchema['name'];
  readonly rates: string;
  /** Version of each list of the policy, by name. */
  readonly lists: Readonly<Record<string, string>>;
}

/** A mark to set on an entity: `then: { label: ... }`. */
export interface MarkEffect {
  readonly field: string;
  readonly value: string;
  readonly mark: EntityMark;
}

export interface Facts {
  readonly cells: readonly (number | string | readonly number[] | { lat: number; lon: number } | null)[];
  /** Why a cell is null, by its index. */
  readonly missing: Readonly<Record<number, string>>;
  /** What is certain of features that reached past the exact tier, by index; absent where all are exact. */
  readonly bounds?: Readonly<Record<number, FeatureBound>>;
  /** Marks that rules asked for, and what they found; absent where none did. */
  readonly marks?: readonly FoundMark[];
}

export type RecordFamily = 'tx' | 'event' | 'key' | 'publication' | 'amendment';

const NONE = new Uint8Array(0);
/** A part of a record, and what it holds. */
export const jsonPart = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
export const parsePart = (part: Uint8Array | undefined): unknown =>
  JSON.parse(Buffer.from(part ?? NONE).toString('utf8'));

/** The idempotency key of a record. NUL cannot occur in a tenant, a family or an id. */
export const recordKey = (tenant: string, family: RecordFamily, id: string): string =>
  flatText(tenant, '\0', family, '\0', id);

/** Tenant and id of a record's key. */
export function splitKey(key: string): { tenant: string; family: string; id: string } {
  const [tenant = '', family = '', id = ''] = key.split('\0');
  return { tenant, family, id };
}

/** What no publication decides has no other version. */
const FORMAT_ONLY = jsonPart({ format: RECORD_FORMAT });

/** NaN and undefined have no JSON; both are missing, and missing is null. */
const cellOut = (cell: Cell): Facts['cells'][number] =>
  cell === undefined || (typeof cell === 'number' && Number.isNaN(cell)) ? null : cell;

export function factsOf({ cells, reasons, bounds }: FeatureValues, asked: readonly FoundMark[]): Facts {
  const missing: Record<number, string> = {};
  let tiled = false;
  for (let index = 0; index < cells.length; index++) {
    if (reasons[index] !== undefined) missing[index] = reasons[index]!;
    tiled ||= bounds[index] !== undefined;
  }
  const facts: Facts = { cells: cells.map(cellOut), missing };
  if (!tiled && asked.length === 0) return facts;
  const known = bounds.flatMap((bound, index) => (bound === undefined ? [] : [[index, bound] as const]));
  return {
    ...facts, ...(tiled ? { bounds: Object.fromEntries(known) } : {}),
    ...(asked.length === 0 ? {} : { marks: asked }),
  };
}

/** And back: what the rules were given, for features of these types. */
export function measuredOf({ cells, missing, bounds }: Facts, types: readonly Type[]): FeatureValues {
  return {
    cells: types.map((type, index) => cellIn(cells[index] ?? null, type)),
    reasons: types.map((_, index) => MISSING_REASONS.find((reason) => reason === missing[index])),
    bounds: types.map((_, index) => bounds?.[index]),
  };
}

function cellIn(cell: Facts['cells'][number], type: Type): Cell {
  if (cell !== null) return cell;
  const kind = cellKind(type);
  return kind === 'number' ? Number.NaN : kind === 'bool' ? 1 : undefined;
}

/** One publication has few versions and many decisions: written down once for all of them. */
const written = new WeakMap<Versions, Uint8Array>();

function versionBytes(versions: Versions): Uint8Array {
  const known = written.get(versions);
  if (known !== undefined) return known;
  const bytes = jsonPart(versions);
  written.set(versions, bytes);
  return bytes;
}

export interface DecisionParts {
  readonly versions: Versions;
  readonly facts: Facts;
  readonly decision: Decision;
  readonly marks: readonly MarkEffect[];
}

export function decisionRecord(
  key: string, position: number, receivedAtMs: number, request: Uint8Array, parts: DecisionParts,
): LogRecord {
  const { versions, facts, decision, marks } = parts;
  return {
    kind: 'decision', position, receivedAtMs, key,
    parts: [
      versionBytes(versions), request, jsonPart(facts), jsonPart(decision),
      marks.length === 0 ? NONE : jsonPart(marks),
    ],
  };
}

export function eventRecord(
  key: string, position: number, receivedAtMs: number, request: Uint8Array, recorded: Recorded,
): LogRecord {
  return { kind: 'event', position, receivedAtMs, key, parts: [FORMAT_ONLY, request, jsonPart(recorded)] };
}

export function nameRecord(
  key: string, position: number, receivedAtMs: number, transactionId: string,
): LogRecord {
  return { kind: 'event', position, receivedAtMs, key, parts: [FORMAT_ONLY, jsonPart(transactionId)] };
}

export const readVersions = (record: LogRecord): Versions => parsePart(record.parts[0]) as Versions;
export const readFacts = (record: LogRecord): Facts => parsePart(record.parts[2]) as Facts;
export const readDecision = (record: LogRecord): Decision => parsePart(record.parts[3]) as Decision;
/** The recorded answer: of a decision or of an event. */
export const answerBytes = (record: LogRecord): Uint8Array =>
  record.parts[record.kind === 'decision' ? 3 : 2] ?? NONE;
export const requestBytes = (record: LogRecord): Uint8Array => record.parts[1] ?? NONE;
export const readMarks = (record: LogRecord): readonly MarkEffect[] =>
  (record.parts[4]?.byteLength ?? 0) === 0 ? [] : (parsePart(record.parts[4]) as MarkEffect[]);
export const readRecorded = (record: LogRecord): Recorded => parsePart(record.parts[2]) as Recorded;
export const readNamed = (record: LogRecord): string => parsePart(record.parts[1]) as string;
