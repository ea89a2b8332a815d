/**
 * The records, embedded in the data folder or on a server. They are opened beside everything else, so that
 * the first decision does not wait: until they are open every call throws RecordsUnavailable `starting`.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RecordStore } from '#ports/records.ts';
import { openDecisionLog } from '#adapters/log-files/decision-log-open.ts';
import { nodeDisk } from '#adapters/log-files/node-disk.ts';

export type RecordsPlace =
  /** The data folder: `records` is in it. */
  | { readonly folder: string }
  | { readonly url: string; readonly ownerUrl?: string | undefined };

export interface OpeningRecords {
  readonly store: RecordStore;
  /** Settles when they are open, or will not be without a person; never rejects. */
  readonly settled: Promise<void>;
}

export const recordsFolder = (folder: string): string => `${folder}/records`;
export const recordsJournal = (folder: string): string => `${recordsFolder(folder)}/journal`;

/** Loads the adapter it needs and no other: each costs some 50 to 100 ms of the start. */
export async function openRecords(
  place: RecordsPlace, tell: (line: string) => void,
): Promise<OpeningRecords> {
  // What came before in this turn, the first decision say, goes first.
  await nextTurn();
  const [{ OpeningSource }, { SqlRecordStore }] = await Promise.all([
    import('#records/opening-source.ts'), import('#records/sql-record-store.ts'),
  ]);
  if ('url' in place) {
    const { openPostgres } = await import('#adapters/postgres/postgres-source.ts');
    const source = new OpeningSource(() => openPostgres(place), tell);
    return { store: new SqlRecordStore(source), settled: source.settled };
  }
  const { EmbeddedDatabase } = await import('#adapters/pglite/embedded-database.ts');
  const source = new OpeningSource((onLost) => EmbeddedDatabase.open({
    folder: recordsFolder(place.folder), openJournal: () => openJournal(place.folder, tell),
    now: () => Date.now(), tell, onLost,
  }), tell);
  const store = new SqlRecordStore(source, {
    beforeCommit: (...told) => source.source.beforeCommit(...told),
  });
  return { store, settled: source.settled };
}

/** A change is acknowledged by its own sync: nothing to wait for. */
async function openJournal(folder: string, tell: (line: string) => void) {
  const { log, report } = await openDecisionLog(nodeDisk, { folder: recordsJournal(folder), commitGapMs: 0 });
  const { tornTail } = report;
  if (tornTail !== undefined) {
    tell(`records: a write that did not end was cut from ${tornTail.file} (${tornTail.bytes} bytes, kept as `
      + `${tornTail.keptAs}). Nothing in it had been acknowledged.`);
  }
  return log;
}
