// The projector on a real PostgreSQL that dies under it: the index is the topic, whatever was under way.
import { deepEqual, ok } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openPostgres } from '#adapters/postgres/postgres-source.ts';
import { Projector } from '#projections/projector.ts';
import { reconcile } from '#projections/reconcile.ts';
import { SqlDecisionIndex } from '#projections/sql-decision-index.ts';
import { isAsFolded, newTopic, write } from '../projections/projection-world.ts';
import { SeededRandom } from '../simulation/seeded-random.ts';
import { PostgresServer } from './postgres-server.ts';

const clock = { now: Date.now, sleep: (ms: number) => sleep(ms) };
const LIFE_COUNT = 3;

describe('a projector on PostgreSQL', () => {
  let server: PostgresServer;
  before(async () => { server = await PostgresServer.make(); });
  after(() => server.remove());

  test('goes on where it was, when the server is killed in the middle and comes back', async () => {
    const random = new SeededRandom(11);
    const topic = newTopic();
    const index = new SqlDecisionIndex(await openPostgres({ url: server.url() }));
    const told: string[] = [];
    const bounds = { recordsMax: 20, waitMsMax: 1 };
    const projector = new Projector({ topic, index, clock, bounds, tell: (what) => told.push(what) });
    const stopping = new AbortController();
    const running = projector.run(stopping.signal);
    for (let life = 0; life < LIFE_COUNT; life++) {
      await write(topic, random, 400);
      // Somewhere in the middle of it.
      const left = random.between(50, 350);
      while (await projector.lag() > left) await sleep(1);
      await server.stop('SIGQUIT');
      await sleep(random.between(0, 200));
      await server.start();
    }
    while (await projector.lag() > 0) await sleep(5);
    stopping.abort();
    await running;
    ok(told.some((line) => line.startsWith('projection: waits:')), told.join('\n'));
    await isAsFolded(index, topic, 'after all of it');
    const { records, counts } = await reconcile({ topic, index });
    const { count } = await index.differences(1);
    deepEqual([records, counts], [400 * LIFE_COUNT, { copy_differs: count }]);
    await index.close();
  });
});
