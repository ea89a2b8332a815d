/** What is live from a log position on: policies with their lists, exchange rates and the event schema. */
import { createHash } from 'node:crypto';
import type { CustomField, EventSchema } from '#domain/field.ts';
import { eventSchema } from '#domain/field.ts';
import type { RateTableSource } from '#domain/rates.ts';
import type { ListSource } from '#policy/lists.ts';

/** The whole content, as written to the log: a decision can be derived again from the log alone. */
export interface Publication {
  readonly format: 1;
  readonly policies: readonly { readonly file: string; readonly source: string }[];
  readonly lists: readonly ListSource[];
  readonly rates: RateTableSource;
  readonly custom: readonly CustomField[];
}
