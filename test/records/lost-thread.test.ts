/** The thread of the embedded database may end at any moment; the records come back by themselves. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { openDecisionLog } from '#adapters/log-files/decision-log-open.ts';
import { nodeDisk } from '#adapters/log-files/node-disk.ts';
import { EmbeddedDatabase } from '#adapters/pglite/embedded-database.ts';
import { PgliteSession } from '#adapters/pglite/pglite-session.ts';
import { RecordsUnavailable } from '#ports/records.ts';
import { verifyAudit } from '#records/audit-chain.ts';
import { OpeningSource } from '#records/opening-source.ts';
import { SqlRecordStore } from '#records/sql-record-store.ts';
import { SqlFault, type SqlConnection } from '#records/sql-source.ts';
import type { DecisionLog } from '#ports/decision-log.ts';
import { entry, version } from '../contracts/records-samples.ts';

let folder: string;
const told: string[] = [];
const tell = (line: string): void => { told.push(line); };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-lost-'));
  told.length = 0;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Records as a process opens them; `journalOf` may stand between the database and its journal. */
function opened(journalOf: (log: DecisionLog) => DecisionLog = (log) => log) {
  const openings: EmbeddedDatabase[] = [];
  const again = Promise.withResolvers<void>();
  const source = new OpeningSource(async (onLost) => {
    const database = await EmbeddedDatabase.open({
      folder, now: () => Date.now(), tell, onLost,
      openJournal: async () =>
        journalOf((await openDecisionLog(nodeDisk, { folder: `${folder}/journal`, commitGapMs: 0 })).log),
    });
    if (openings.push(database) === 2) again.resolve();
    return database;
  }, tell);
  const store = new SqlRecordStore(source, {
    beforeCommit: (...change) => source.source.beforeCommit(...change),
  });
  return { source, store, openings, again: again.promise };
}

const submit = (store: SqlRecordStore, hash: string): Promise<void> =>
  store.change(entry('t', `version/${hash}`), (writes) => writes.addVersion(version(hash)));

async function endThread(session: SqlConnection | undefined): Promise<void> {
  ok(session instanceof PgliteSession);
  await session.abandon();
}

/** While nobody asks it anything. */
async function endIdleThread(database: EmbeddedDatabase | undefined): Promise<void> {
  const session = await database?.acquire();
  ok(session !== undefined);
  database?.release(session, true);
  await endThread(session);
}

test('a thread that ends while nobody asks it anything is opened again', async () => {
  const { source, store, openings, again } = opened();
  await source.settled;
  await submit(store, 'a');
  await endIdleThread(openings[0]);
  await again;
  await source.settled;
  equal((await store.version('a'))?.hash, 'a');
  await submit(store, 'b');
  match(told.join('\n'), /the database has ended by itself; it is opened again/);
  await store.close();
});

test('a journal that cannot be closed after that is said, and ends nothing else', async () => {
  const { source, store, openings, again } = opened((log) => Object.assign(forwarding(log), {
    async close() {
      await log.close();
      throw new Error('the disk says no');
    },
  }));
  await source.settled;
  await submit(store, 'a');
  await endIdleThread(openings[0]);
  await again;
  await source.settled;
  match(told.join('\n'), /the journal could not be closed: the disk says no/);
  equal((await store.version('a'))?.hash, 'a');
  await rejects(store.close(), /the disk says no/);
});

test('who asks in the moment of the end is told that the records are away', async () => {
  const { source, store, openings, again } = opened();
  await source.settled;
  const session = await openings[0]?.acquire();
  ok(session !== undefined);
  const waiting = rejects(submit(store, 'a'), RecordsUnavailable);
  await endThread(session);
  openings[0]?.release(session, true);
  await waiting;
  await again;
  await source.settled;
  await submit(store, 'a');
  await store.close();
});

for (const [what, fault] of [
  ['the thread ends', undefined], ['the disk of the database is full', new SqlFault('53100', 'no space')],
] as const) {
  test(`a change that is in the journal is made, though within its commit ${what}`, async () => {
    const { source, openings, again } = opened();
    await source.settled;
    let commits = 0;
    const store = new SqlRecordStore({
      async acquire() {
        const connection = await source.acquire();
        return {
          query: (sql, params) => connection.query(sql, params),
          async script(sql) {
            if (sql !== 'commit') return connection.script(sql);
            commits += 1;
            if (commits > 1) return connection.script(sql);
            if (fault !== undefined) throw fault;
            await endThread(connection);
            return connection.script(sql);
          },
        };
      },
      release: (connection, sound) => { source.release(connection, sound); },
      close: () => source.close(),
    }, { beforeCommit: (...change) => source.source.beforeCommit(...change) });
    await submit(store, 'a');
    await again;
    await source.settled;
    equal((await store.version('a'))?.hash, 'a');
    equal((await store.audit(1, 9)).length, 1);
    await submit(store, 'b');
    deepEqual([openings.length, (await verifyAudit(store)).head.seq], [2, 2]);
    await store.close();
  });
}

const forwarding = (log: DecisionLog): Omit<DecisionLog, 'close'> => ({
  get durable() { return log.durable; },
  get nextPosition() { return log.nextPosition; },
  read: (from) => log.read(from),
  get: (position) => log.get(position),
  append: (record) => log.append(record),
  find: (key) => log.find(key),
  mayHave: (key) => log.mayHave(key),
  recover: () => log.recover(),
});
