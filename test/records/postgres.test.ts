// What only a real server shows. Without one these are left out, and say why.
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client } from 'pg';
import { openPostgres } from '#adapters/postgres/postgres-source.ts';
import { RecordConflict, RecordRefused, RecordsUnavailable, type RecordStore } from '#ports/records.ts';
import { verifyAudit } from '#records/audit-chain.ts';
import { SqlRecordStore } from '#records/sql-record-store.ts';
import { SqlFault, type SqlConnection } from '#records/sql-source.ts';
import { openRecords } from '../../src/main/open-records.ts';
import { PostgresServer, whyNoPostgres } from '../services/postgres-server.ts';
import {
  approval, entry, evidence, listChange, publication, run, snooze, version,
} from '../contracts/records-samples.ts';

const why = whyNoPostgres();
if (why !== undefined) console.log(`# PostgreSQL is not tested: ${why}`);
/** Bounds that are said in the adapter, with room for a busy machine. */
const BOUNDED_MS = 30_000;

describe('records on a server', { skip: why ?? false }, () => {
  let server: PostgresServer;
  let owner: Client;
  before(async () => {
    server = await PostgresServer.make();
    owner = await client('owner');
    await owner.query('create role assay_service login');
  });
  after(async () => {
    await owner.end();
    await server.remove();
  });

  async function client(role: string, database = 'postgres'): Promise<Client> {
    const one = new Client({ connectionString: server.url(role, database) });
    one.on('error', () => {});
    await one.connect();
    return one;
  }

  async function withStore(act: (store: RecordStore, name: string) => Promise<void>): Promise<void> {
    const name = `db_${Math.random().toString(36).slice(2)}`;
    await owner.query(`create database ${name}`);
    const store = new SqlRecordStore(await openPostgres({ url: server.url('owner', name) }));
    try {
      await act(store, name);
    } finally {
      await store.close();
    }
  }

  const failsWith = (on: Client, code: string, query: string): Promise<void> =>
    rejects(on.query(query), (error) => {
      equal(error instanceof Error && 'code' in error ? error.code : error, code, query);
      return true;
    });

  const add = (store: RecordStore, hash: string): Promise<void> =>
    store.change(entry('t', `version/${hash}`), (writes) => writes.addVersion(version(hash)));

  test('one changed byte of the audit is found, and so is an entry that is gone', async () => {
    await withStore(async (store, name) => {
      for (const hash of ['a', 'b', 'c']) await add(store, hash);
      const direct = await client('owner', name);
      await direct.query('alter table audit disable trigger user');
      await direct.query(`update audit set body = replace(body, 'version/b', 'version/x') where seq = 2`);
      match((await verifyAudit(store)).damage ?? '', /^audit entry 2 was changed/);
      await direct.query(`update audit set body = replace(body, 'version/x', 'version/b') where seq = 2`);
      equal((await verifyAudit(store)).damage, undefined);
      await direct.query('delete from audit where seq = 2');
      match((await verifyAudit(store)).damage ?? '', /^audit entry 2 is missing/);
      await direct.end();
    });
  });

  test('the role of the service takes nothing away, and adds nothing that does not follow', async () => {
    await withStore(async (store, name) => {
      await add(store, 'a');
      await store.change(entry('t'), async (writes) => {
        await writes.addApproval(approval('a'));
        await writes.addPublication(publication(1));
        await writes.addEvidence(evidence('a'));
      });
      const service = await client('assay_service', name);
      const noPrivilege = [
        `update audit set body = ''`, 'delete from audit', 'truncate audit',
        `update approval set person = 'x'`, 'delete from approval', 'truncate approval',
        `update publication set hash = 'x'`, 'delete from publication', 'truncate publication',
        'delete from evidence', `update policy_version set author = 'x'`, 'delete from policy_version',
        `update snooze set author = 'x'`, `update list_change set author = 'x'`,
        'alter table audit disable trigger all', 'drop table audit',
        'create temp table policy_version (hash text, author text)', 'create table mine (a int)',
        'create function refuse_change() returns int language sql as $$ select 1 $$',
      ];
      for (const one of noPrivilege) await failsWith(service, '42501', one);
      const brokenRule = [
        `insert into approval (subject, hash, role, person, at_ms, seal)
          values ('version', 'a', 'risk', 'a.ng', 1, '')`,
        `insert into audit (seq, subject, body, hash) values (3, 's', '{"seq":3,"subject":"s"}', 'f00d')`,
        `insert into audit (seq, subject, body, hash) values (9, 's', '{"seq":9,"subject":"s"}', 'f00d')`,
      ];
      for (const one of brokenRule) await failsWith(service, 'AS001', one);
      const direct = await client('owner', name);
      const kept = [`update audit set body = ''`, 'delete from approval', 'truncate publication',
        `update policy_version set author = 'x'`, `update policy_version set source = 'x'`];
      for (const one of kept) await failsWith(direct, 'AS001', one);
      const asService = new SqlRecordStore(await openPostgres({
        url: server.url('assay_service', name), ownerUrl: server.url('owner', name),
      }));
      await add(asService, 'b');
      await asService.change(entry('t'), async (writes) => {
        await writes.withdrawVersion('b', 1);
        await writes.putBacktestRun(run('r', 'a'));
        await writes.putBacktestRun(run('r', 'a', { done: 1 }));
      });
      await asService.close();
      await service.end();
      await direct.end();
      equal((await verifyAudit(store)).head.seq, 4);
    });
  });

  test('what was withdrawn, ended or published stays so, whoever comes', async () => {
    await withStore(async (store, name) => {
      for (const hash of ['a', 'b']) await add(store, hash);
      await store.change(entry('t'), async (writes) => {
        await writes.withdrawVersion('a', 5);
        for (const id of ['s1', 's2', 's3']) await writes.addSnooze(snooze(id));
        for (const id of ['l1', 'l2']) await writes.addListChange(listChange(id, 'l'));
      });
      const service = await client('assay_service', name);
      const direct = await client('owner', name);
      for (const one of [
        'update policy_version set withdrawn_at_ms = 5', `update snooze set state = 'published'`,
        `update snooze set state = 'ended' where id = 's1'`, `update snooze set state = 'ended'`,
        `update list_change set state = 'published' where id = 'l1'`,
        `update list_change set state = 'withdrawn' where id = 'l2'`,
      ]) ok(((await service.query(one)).rowCount ?? 0) > 0, one);
      for (const one of [
        'update policy_version set withdrawn_at_ms = null', 'update policy_version set withdrawn_at_ms = 6',
        `update snooze set state = 'published' where id = 's2'`, `update snooze set state = 'proposed'`,
        `update snooze set state = 'withdrawn'`, `update list_change set state = 'proposed'`,
        `update list_change set state = 'published' where id = 'l2'`,
        `update list_change set state = 'withdrawn' where id = 'l1'`,
      ]) for (const on of [service, direct]) await failsWith(on, 'AS001', one);
      await service.end();
      await direct.end();
    });
  });

  test('a table that a session makes for itself does not stand for ours', async () => {
    await withStore(async (store, name) => {
      await add(store, 'a');
      await owner.query(`grant temporary on database ${name} to assay_service`);
      const service = await client('assay_service', name);
      await service.query(`create temp table policy_version as select 'a' as hash, 'someone' as author`);
      await service.query('create temp table audit (seq bigint, hash text)');
      await failsWith(service, 'AS001', `insert into approval (subject, hash, role, person, at_ms, seal)
        values ('version', 'a', 'risk', 'a.ng', 1, '')`);
      const [seq, body] = [1, '{"seq":1,"subject":"s"}'];
      await failsWith(service, 'AS001', `insert into public.audit (seq, subject, body, hash)
        values (${seq}, 's', '${body}', encode(sha256(convert_to(chr(10) || '${body}', 'UTF8')), 'hex'))`);
      await service.end();
    });
  });

  test('a role that may not make tables is told what to do', async () => {
    await owner.query('create database bare');
    const told: string[] = [];
    const { store, settled } = await openRecords(
      { url: server.url('assay_service', 'bare') }, (line) => { told.push(line); });
    await settled;
    await rejects(store.version('a'), /ASSAY_POSTGRES_OWNER/);
    await store.close();
  });

  test('F33 a change that could not be put in order is tried again, a bounded number of times', async () => {
    await withStore(async (store, name) => {
      const direct = await client('owner', name);
      await direct.query('create sequence attempt');
      await direct.query(`create function fail_first() returns trigger language plpgsql as $$ begin
        if nextval('attempt') <= 3 then raise exception 'again' using errcode = '40001'; end if;
        return new; end $$`);
      await direct.query(`create trigger fail_first before insert on policy_version
        for each row execute function fail_first()`);
      await add(store, 'a');
      deepEqual((await direct.query('select last_value::int as count from attempt')).rows, [{ count: 4 }]);
      await direct.query(`alter sequence attempt restart with -100 minvalue -200`);
      await rejects(add(store, 'b'), RecordConflict);
      deepEqual((await direct.query('select last_value::int as count from attempt')).rows, [{ count: -96 }]);
      equal((await verifyAudit(store)).head.seq, 1);
      await direct.end();
    });
  });

  test('what an act has caught is not committed by half', async () => {
    await withStore(async (store) => {
      await add(store, 'a');
      await rejects(store.change(entry('t'), async (writes) => {
        await writes.addVersion(version('b'));
        await writes.addVersion(version('a')).catch(() => {});
      }), RecordConflict);
      deepEqual([await store.version('b'), (await verifyAudit(store)).head.seq], [undefined, 1]);
    });
  });

  test('two programs make changes at once, and the audit has no gap', async () => {
    await withStore(async (store, name) => {
      const other = new SqlRecordStore(await openPostgres({ url: server.url('owner', name) }));
      await Promise.all(Array.from({ length: 20 }, (_, index) =>
        add(index % 2 === 0 ? store : other, `v${index}`)));
      deepEqual(await verifyAudit(other).then(({ head, damage }) => [head.seq, damage]), [20, undefined]);
      const same = await Promise.allSettled([add(store, 'same'), add(other, 'same')]);
      const lost = same.filter((one) => one.status === 'rejected').map((one) => String(one.reason.name));
      equal(lost.length, 1);
      equal((await verifyAudit(store)).head.seq, 21);
      await other.close();
    });
  });

  test('F31 a commit that was made and whose answer was lost is a change that was made', async () => {
    await withStore(async (_, name) => {
      const real = await openPostgres({ url: server.url('owner', name) });
      let losses = 0;
      const store = new SqlRecordStore({
        acquire: async () => {
          const connection = await real.acquire();
          return Object.assign(connection, { script: losing(connection.script.bind(connection)) });
        },
        release: (connection, sound) => { real.release(connection, sound); },
        close: () => real.close(),
      });
      const losing = (script: SqlConnection['script']) => async (sql: string): Promise<void> => {
        await script(sql);
        if (sql !== 'commit' || losses > 0) return;
        losses += 1;
        throw new SqlFault('lost', 'the line is cut');
      };
      await add(store, 'a');
      deepEqual([losses, (await verifyAudit(store)).head.seq], [1, 1]);
      await store.close();
    });
  });

  test('a commit that ended the session was not made, and says so', async () => {
    await withStore(async (store, name) => {
      const direct = await client('owner', name);
      // Ends the session of the change as its last act before the commit.
      await direct.query(`create function cut() returns trigger language plpgsql as $$ begin
        perform pg_terminate_backend(pg_backend_pid()); return null; end $$`);
      await direct.query(`create constraint trigger cut after insert on publication deferrable
        initially deferred for each row execute function cut()`);
      await rejects(store.change(entry('t'), (writes) => writes.addPublication(publication(1))),
        RecordsUnavailable);
      const left = await store.publications({ limit: 9, after: undefined });
      deepEqual([left, (await verifyAudit(store)).head.seq], [[], 0]);
      await direct.query('drop trigger cut on publication');
      await add(store, 'a');
      await direct.end();
    });
  });

  test('a server that is gone is unavailable in bounded time; when it is back it goes on', async () => {
    await withStore(async (store) => {
      await add(store, 'a');
      await server.stop('SIGQUIT');
      const startedAt = performance.now();
      await rejects(store.version('a'), RecordsUnavailable);
      await rejects(add(store, 'b'), RecordsUnavailable);
      ok(performance.now() - startedAt < BOUNDED_MS);
      await server.start();
      owner = await client('owner');
      deepEqual(await store.version('a'), version('a'));
      await add(store, 'b');
      equal((await verifyAudit(store)).head.seq, 2);
    });
  });

  test('a server that hangs is unavailable in bounded time', async () => {
    await withStore(async (store) => {
      await add(store, 'a');
      const { rows } = await owner.query<{ pid: number }>(
        `select pid from pg_stat_activity where application_name = 'assay' and state is not null`);
      const goOn = rows.map(({ pid }) => server.pause(pid));
      try {
        const startedAt = performance.now();
        await rejects(store.version('a'), RecordsUnavailable);
        ok(performance.now() - startedAt < BOUNDED_MS);
        deepEqual(await store.version('a'), version('a'), 'another connection is as good as new');
      } finally {
        for (const one of goOn) one();
      }
    });
  });

  test('a server that is not there yet is waited for', async () => {
    await owner.query('create database later');
    await server.stop('SIGINT');
    const { store, settled } = await openRecords({ url: server.url('owner', 'later') }, () => {});
    await rejects(store.version('a'), RecordsUnavailable);
    await server.start();
    owner = await client('owner');
    await settled;
    await add(store, 'a');
    equal((await store.version('a'))?.hash, 'a');
    await rejects(store.change(entry('t'), (writes) => writes.addEvidence(evidence('-'))), RecordRefused);
    await store.close();
  });
});
