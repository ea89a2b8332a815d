import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { LIFECYCLE_ROUTES } from '#api/lifecycle-routes.ts';
import { start } from './http-world.ts';
import { policySource } from './lifecycle-world.ts';

test('nobody acts before the records have learnt what is live, and everybody may look', async () => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const { records, running, send, submit, stop } = await start({ held });
  let acts = 0;
  for (const { method, path } of Object.values(LIFECYCLE_ROUTES)) {
    if (method === 'GET') continue;
    acts += 1;
    const { status, json, retryAfter } = await send('dev', method, path.replaceAll(/\{\w+\}/g, '1'), {});
    deepEqual([status, json['code'], retryAfter], [503, 'starting', '1'], path);
    match(String(json['detail']), /the records are learning what is live; decisions go on/);
  }
  equal(acts > 15, true);
  equal((await send('dev', 'GET', '/v1/audit')).status, 200);
  deepEqual(await records.audit(1, 9), []);
  release();
  await running.caughtUp;
  equal((await submit('ann', policySource({ version: 2 }))).status, 200);
  deepEqual((await records.audit(1, 9)).map(({ action }) => action),
    ['publication.found', 'version.bootstrap', 'version.submit']);
  await stop();
});
