/** Embedded databases for tests: one in a folder of its own with its journal, and a bare session lent out. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDecisionLog } from '#adapters/log-files/decision-log-open.ts';
import { nodeDisk } from '#adapters/log-files/node-disk.ts';
import { EmbeddedDatabase } from '#adapters/pglite/embedded-database.ts';
import { SqlRecordStore } from '#records/sql-record-store.ts';
import type { SqlConnection, SqlSource } from '#records/sql-source.ts';

export interface EmbeddedWorld {
  readonly database: EmbeddedDatabase;
  readonly store: SqlRecordStore;
  dispose(): Promise<void>;
}

export async function embeddedWorld(): Promise<EmbeddedWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-records-'));
  const database = await EmbeddedDatabase.open({
    folder, openJournal: async () => (await openDecisionLog(nodeDisk, { folder: `${folder}/journal` })).log,
    now: () => Date.now(), tell: () => {}, onLost: () => {},
  });
  const store = new SqlRecordStore(database, database);
  return {
    database, store,
    dispose: async () => {
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Everybody gets the one session, which stays open. */
export const sourceOf = (session: SqlConnection): SqlSource =>
  ({ acquire: async () => session, release: () => {}, close: async () => {} });
