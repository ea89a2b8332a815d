// The server under the tests is itself tested: what it says it does to PostgreSQL, it does.
import { deepEqual, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { FaultProxy } from './fault-proxy.ts';
import { PostgresServer } from './postgres-server.ts';

async function rowsOf(server: PostgresServer, query: string): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: server.url() });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(query)).rows;
  } finally {
    await client.end();
  }
}

test('what PostgreSQL committed outlives a crash and a stop', async (t) => {
  const server = await PostgresServer.make();
  t.after(() => server.remove());
  const ask = (query: string): Promise<readonly unknown[]> => rowsOf(server, query);
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

test('what a primary acknowledged and its standby never heard is gone with the promotion', async (t) => {
  const primary = await PostgresServer.make();
  t.after(() => primary.remove());
  const link = await FaultProxy.make(primary.port);
  t.after(() => link.close());
  await rowsOf(primary, 'create table word (text text)');
  const standby = await PostgresServer.standbyOf(link);
  t.after(() => standby.remove());
  await rowsOf(primary, `insert into word values ('heard')`);
  const words = 'select text from word order by text';
  while ((await rowsOf(standby, words)).length < 1) await sleep(20);
  await rejects(rowsOf(standby, `insert into word values ('x')`), /read-only/);
  link.behave({ kind: 'black-hole' });
  await rowsOf(primary, `insert into word values ('lost')`);
  await primary.stop('SIGQUIT');
  await standby.promote();
  await rowsOf(standby, `insert into word values ('new')`);
  deepEqual(await rowsOf(standby, words), [{ text: 'heard' }, { text: 'new' }]);
});
