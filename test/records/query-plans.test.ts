import { deepEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { openPostgres } from '#adapters/postgres/postgres-source.ts';
import { PgliteSession } from '#adapters/pglite/pglite-session.ts';
import { bringUpToDate } from '#records/bring-up-to-date.ts';
import { PostgresServer, whyNoPostgres } from '../services/postgres-server.ts';
import { sourceOf } from './embedded-world.ts';
import { badPlans, scansOf } from './query-plans.ts';

test('embedded, no query of the records reads a large table from end to end', async () => {
  const session = await PgliteSession.open('memory://');
  try {
    await bringUpToDate(session);
    const { bad, queries } = await badPlans(sourceOf(session));
    deepEqual(bad, []);
    ok(queries > 35, `${queries}`);
    // A rule that nobody has seen complain is not a rule.
    await session.script('drop index evidence_of_version');
    await session.script('analyze');
    const sql = 'select * from evidence where hash = $1';
    deepEqual(await scansOf(session, [{ sql, params: ['v7'] }]), [`reads evidence from end to end: ${sql}`]);
  } finally {
    await session.abandon();
  }
});

const why = whyNoPostgres();
if (why !== undefined) console.log(`# plans of PostgreSQL are not tested: ${why}`);

test('on a server, no query of the records reads a large table from end to end', { skip: why ?? false },
  async () => {
    const server = await PostgresServer.make();
    try {
      const source = await openPostgres({ url: server.url() });
      deepEqual((await badPlans(source)).bad, []);
      await source.close();
    } finally {
      await server.remove();
    }
  });
