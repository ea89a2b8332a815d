/** What is live from a log position on: policies with their lists, exchange rates and custom fields. */
import { createHash } from 'node:crypto';
import type { CustomField } from '#domain/field.ts';
import type { RateTableSource } from '#domain/rates.ts';
import type { LogRecord } from '#ports/decision-log.ts';
import type { ListSource } from '#policy/lists.ts';
import { recordKey } from './record.ts';

/** The whole content, as it stands in the log: a decision can be derived again from the log alone. */
export interface Publication {
  readonly format: 1;
  readonly policies: readonly { readonly file: string; readonly source: string }[];
  readonly lists: readonly ListSource[];
  readonly rates: RateTableSource;
  readonly custom: readonly CustomField[];
}

const SYSTEM = 'assay';

/** `sha256:...` of the content: publishing the same again changes nothing. */
export const publicationHash = (publication: Publication): string =>
  `sha256:${createHash('sha256').update(JSON.stringify(publication)).digest('hex')}`;

/**
 * The record that makes it live. Its id has the position, so that going back to an earlier one is a new
 * record.
 */
export function publicationRecord(
  publication: Publication, position: number, receivedAtMs: number,
): LogRecord {
  const key = recordKey(SYSTEM, 'publication', `${position}`);
  const parts = [Buffer.from(JSON.stringify(publication))];
  return { kind: 'publication', position, receivedAtMs, key, parts };
}

export const readPublication = (record: LogRecord): Publication =>
  JSON.parse(Buffer.from(record.parts[0] ?? []).toString('utf8')) as Publication;
