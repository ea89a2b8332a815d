/** What is live from a log position on: policies with their lists, exchange rates and custom fields. */
import { createHash } from 'node:crypto';
import type { CustomField } from '#domain/field.ts';
import type { RateTableSource } from '#domain/rates.ts';
import type { LogRecord } from '#ports/decision-log.ts';
import type { ListSource } from '#policy/lists.ts';
import { atOnce, type Steps } from '#policy/steps.ts';
import { jsonPart, parsePart, recordKey, splitKey } from './record.ts';

/** The whole content, as it stands in the log: a decision can be derived again from the log alone. */
export interface Publication {
  readonly format: 1;
  readonly policies: readonly { readonly file: string; readonly source: string }[];
  readonly lists: readonly ListSource[];
  readonly rates: RateTableSource;
  readonly custom: readonly CustomField[];
  /** What the brake holds the rules to; absent: what it learns, or its defaults. */
  readonly forecasts?: readonly Forecast[];
  /** Who wrote it, who published it, why, and what let it; absent in what a start has published. */
  readonly author?: string;
  readonly person?: string;
  readonly because?: string;
  readonly approvals?: readonly Approval[];
}

/** The share of a policy's payments in a segment on which a rule is expected to hit, 0 to 1. */
export interface Forecast {
  readonly policy: string;
  readonly rule: string;
  /** Value of the policy's segment field (`brake: { segment }`); undefined: each segment that has none. */
  readonly segment: string | undefined;
  readonly low: number;
  readonly high: number;
  readonly from: 'backtest' | 'person';
}

/** Sealed by the life cycle of policies; the engine keeps it and does not judge it. */
export interface Approval {
  readonly subject: 'version' | 'list_change' | 'snooze' | 'retirement';
  /** Content hash of what was approved; of a retirement, of the policy that goes. */
  readonly hash: string;
  readonly role: string;
  readonly person: string;
  /** RFC 3339. */
  readonly at: string;
  readonly seal: string;
}

/** A rule that hits and does nothing, until a person says otherwise. */
export interface RuleModeOverride {
  readonly policy: string;
  readonly rule: string;
  /** Payments whose field has this value; undefined: everywhere. */
  readonly segment: { readonly field: string; readonly value: string } | undefined;
  readonly mode: 'shadow';
  /** RFC 3339. */
  readonly since: string;
  readonly because: string;
}

/** One entity is left alone by one rule for payments of [from, until), RFC 3339, by their event time. */
export interface Snooze {
  readonly id: string;
  readonly policy: string;
  readonly rule: string;
  /** Path of the field that names the entity, and its value. */
  readonly field: string;
  readonly value: string;
  readonly from: string;
  readonly until: string;
  readonly by: string;
  readonly reason: string;
  /** Of this snooze, whatever amended it since; absent where nobody's is known. */
  readonly approvals?: readonly Approval[];
}

/** A policy that judges beside the live one of its name, its champion. */
export interface Challenger {
  readonly file: string;
  readonly source: string;
  /** 0: in shadow, not on the path of a payment. Above: the share of the champion's payments it decides. */
  readonly share: number;
  /** Two challengers of one champion have different ones. */
  readonly salt: string;
  /**
   * Path of the field whose value is hashed, so that one customer always meets the same policy; where a
   * payment lacks it, the transaction's id.
   */
  readonly by: string;
}

/** What changes often, on a publication: all of it that is in force from its own position on. */
export interface Amendment {
  readonly format: 1;
  /** Position of the publication that it is about. */
  readonly base: number;
  readonly modes: readonly RuleModeOverride[];
  readonly snoozes: readonly Snooze[];
  readonly challengers: readonly Challenger[];
  readonly person: string;
  readonly because: string;
  /** Of what this amendment brought in; of what it kept they stand where that came in. */
  readonly approvals: readonly Approval[];
}

/** The parts of an amendment that a later one keeps or replaces. */
export type Amended = Pick<Amendment, 'modes' | 'snoozes' | 'challengers'>;
export const NOTHING_AMENDED: Amended = { modes: [], snoozes: [], challengers: [] };

const SYSTEM = 'assay';

/** `sha256:...` of what is decided by, whoever published it: the same again changes nothing. */
export const publicationHash = (publication: Publication): string =>
  atOnce(publicationHashSteps(publication));

export function* publicationHashSteps(
  { format, policies, lists, rates, custom }: Publication,
): Steps<string> {
  const hash = createHash('sha256');
  yield* jsonPieces({ format, policies, lists, rates, custom }, (piece) => { hash.update(piece); });
  return `sha256:${hash.digest('hex')}`;
}

/**
 * The record that makes it live. Its id has the position, so that going back to an earlier one is a new
 * record.
 */
export const publicationRecord = (
  content: Uint8Array, position: number, receivedAtMs: number,
): LogRecord => systemRecord('publication', content, position, receivedAtMs);

/** Its content in the record, which is its JSON, in steps: a list may have millions of entries. */
export function* publicationContent(publication: Publication): Steps<Uint8Array> {
  const pieces: Uint8Array[] = [];
  yield* jsonPieces(publication, (piece) => { pieces.push(piece); });
  return Buffer.concat(pieces);
}

type Take = (piece: Uint8Array) => void;

function* jsonPieces(publication: Publication, take: Take): Steps<void> {
  const members = Object.entries(publication).filter(([, value]) => value !== undefined);
  for (const [i, [name, value]] of members.entries()) {
    take(Buffer.from(`${i === 0 ? '{' : ','}${JSON.stringify(name)}:`));
    if (name === 'lists') yield* listsPieces(publication.lists, take);
    else take(jsonPart(value));
    yield;
  }
  take(Buffer.from('}'));
}

/** About a millisecond. */
const ENTRIES_A_STEP = 4_000;

function* listsPieces(lists: readonly ListSource[], take: Take): Steps<void> {
  take(Buffer.from('['));
  for (const [i, list] of lists.entries()) {
    // Its entries are cut out, wherever they stand among its members, and put in piece by piece.
    const [before = '', behind = ''] = JSON.stringify({ ...list, entries: [] }).split('"entries":[]', 2);
    take(Buffer.from(`${i === 0 ? '' : ','}${before}"entries":[`));
    for (let at = 0; at < list.entries.length; at += ENTRIES_A_STEP) {
      yield;
      const some = JSON.stringify(list.entries.slice(at, at + ENTRIES_A_STEP)).slice(1, -1);
      take(Buffer.from(at === 0 ? some : `,${some}`));
    }
    take(Buffer.from(`]${behind}`));
  }
  take(Buffer.from(']'));
}

/** The same kind of record, of another family: what is in force from its position on, by reference. */
export const amendmentRecord = (amendment: Amendment, position: number, receivedAtMs: number): LogRecord =>
  systemRecord('amendment', jsonPart(amendment), position, receivedAtMs);

function systemRecord(
  family: 'publication' | 'amendment', content: Uint8Array, position: number, receivedAtMs: number,
): LogRecord {
  const key = recordKey(SYSTEM, family, `${position}`);
  return { kind: 'publication', position, receivedAtMs, key, parts: [content] };
}

export const isAmendment = ({ kind, key }: LogRecord): boolean =>
  kind === 'publication' && splitKey(key).family === 'amendment';

export const readAmendment = (record: LogRecord): Amendment => parsePart(record.parts[0]) as Amendment;

export const readPublication = (record: LogRecord): Publication => parsePart(record.parts[0]) as Publication;
