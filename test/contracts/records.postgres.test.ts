// Needs a PostgreSQL server of this machine; without one it is left out, and says why.
import { after, before, describe } from 'node:test';
import { openPostgres } from '#adapters/postgres/postgres-source.ts';
import { SqlRecordStore } from '#records/sql-record-store.ts';
import { PostgresServer, whyNoPostgres } from '../services/postgres-server.ts';
import { recordStoreContract } from './records.ts';

const why = whyNoPostgres();
if (why !== undefined) console.log(`# PostgreSQL is not tested: ${why}`);

describe('PostgreSQL', { skip: why ?? false }, () => {
  let server: PostgresServer;
  before(async () => { server = await PostgresServer.make(); });
  after(() => server.remove());

  recordStoreContract('PostgreSQL', async () => {
    const store = new SqlRecordStore(await openPostgres({ url: server.url() }));
    return { store, dispose: () => store.close() };
  });
});
