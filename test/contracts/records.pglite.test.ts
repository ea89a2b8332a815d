import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDecisionLog } from '#adapters/log-files/decision-log-open.ts';
import { nodeDisk } from '#adapters/log-files/node-disk.ts';
import { EmbeddedDatabase } from '#adapters/pglite/embedded-database.ts';
import { SqlRecordStore } from '#records/sql-record-store.ts';
import { recordStoreContract } from './records.ts';

recordStoreContract('embedded', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'assay-records-'));
  const database = await EmbeddedDatabase.open({
    folder, openJournal: async () => (await openDecisionLog(nodeDisk, { folder: `${folder}/journal` })).log,
    now: () => Date.now(), tell: () => {}, onLost: () => {},
  });
  const store = new SqlRecordStore(database, database);
  return {
    store,
    dispose: async () => {
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
});
