// The server under the tests is itself tested: what it says it does to PostgreSQL, it does.
import { deepEqual, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from 'pg';
import { PostgresServer } from './postgres-server.ts';

test('what PostgreSQL committed outlives a crash and a stop', async (t) => {
  const server = await PostgresServer.make();
  t.after(() => server.remove());
  const ask = async (query: string): Promise<readonly unknown[]> => {
    const client = new Client({ connectionString: server.url() });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(query)).rows;
    } finally {
      await client.end();
    }
  };
  await ask('create table word (text text)');
  await ask(`insert into word values ('a')`);
  await server.stop('SIGQUIT');
  await rejects(ask('select 1'), /ECONNREFUSED/);
  await server.start();
  await ask(`insert into word values ('b')`);
  await server.stop();
  await server.start();
  deepEqual(await ask('select text from word order by text'), [{ text: 'a' }, { text: 'b' }]);
});
