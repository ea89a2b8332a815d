// The index of decisions in a real PostgreSQL: its contract, its plans, and who may do what.
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client } from 'pg';
import { openPostgres } from '#adapters/postgres/postgres-source.ts';
import { DecisionIndexUnavailable } from '#ports/decision-index.ts';
import { SqlDecisionIndex } from '#projections/sql-decision-index.ts';
import { decisionIndexContract } from '../contracts/decision-index.ts';
import { badIndexPlans } from '../projections/index-plans.ts';
import { PostgresServer } from './postgres-server.ts';

describe('an index on PostgreSQL', () => {
  let server: PostgresServer;
  let owner: Client;
  let count = 0;
  before(async () => {
    server = await PostgresServer.make();
    owner = new Client({ connectionString: server.url() });
    // It is told by whoever asks next that the server went away.
    owner.on('error', () => {});
    await owner.connect();
    await owner.query('create role assay_service login');
  });
  after(async () => {
    await owner.end().catch(() => {});
    await server.remove();
  });

  async function newDatabase(): Promise<string> {
    const name = `db_${++count}`;
    await owner.query(`create database ${name}`);
    return name;
  }

  /** As it runs: the tables are the owner's, and who projects may not make any. */
  async function openIndex(): Promise<SqlDecisionIndex> {
    const name = await newDatabase();
    return new SqlDecisionIndex(await openPostgres({
      url: server.url('assay_service', name), ownerUrl: server.url('owner', name),
    }));
  }

  decisionIndexContract('PostgreSQL', async () => {
    const index = await openIndex();
    return { index, dispose: () => index.close() };
  });

  test('no query reads a table of records from end to end', async () => {
    const name = await newDatabase();
    const source = await openPostgres({ url: server.url('owner', name) });
    const { bad, queries } = await badIndexPlans(source);
    deepEqual(bad, []);
    ok(queries > 12, `${queries}`);
    await source.close();
  });

  test('who projects may neither change nor take away what is there', async () => {
    const name = await newDatabase();
    await (await openPostgres({ url: server.url('owner', name) })).close();
    const service = new Client({ connectionString: server.url('assay_service', name) });
    await service.connect();
    for (const what of [
      'delete from decision_record', 'update decision_record set value = null', 'drop table decision_record',
      'delete from decision_difference', 'truncate decision_offset', 'create table mine (id text)',
    ]) {
      await rejects(service.query(what), /permission denied|must be owner/, what);
    }
    await service.end();
  });

  test('a server that is away is said, and what it had is there when it comes back', async () => {
    const index = await openIndex();
    const record = {
      id: '0'.repeat(32), key: 'k', value: Buffer.from('x'), headers: {},
      place: { partition: 0, offset: 0 }, writtenAtMs: 1,
    };
    await index.project({ from: [], reached: [1], records: [record] });
    await server.stop('SIGQUIT');
    await rejects(index.find(record.id), DecisionIndexUnavailable);
    await rejects(index.project({ from: [1], reached: [1], records: [] }), DecisionIndexUnavailable);
    await server.start();
    equal((await index.find(record.id))?.place.offset, 0);
    deepEqual(await index.offsets(), [1]);
    await index.close();
  });
});
