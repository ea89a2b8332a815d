import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { LIFECYCLE_ROUTES } from '#api/lifecycle-routes.ts';
import { start } from './http-world.ts';

test('a question that nobody can mean is refused on every address, with its place', async () => {
  const { send, stop } = await start();
  let asked = 0;
  for (const { method, path, query } of Object.values(LIFECYCLE_ROUTES)) {
    if (method !== 'GET') continue;
    const url = path.replaceAll(/\{\w+\}/g, '1');
    const wrong = await send('dev', method, `${url}?afer=1`);
    deepEqual([wrong.status, wrong.json['code']], [400, 'bad_request'], path);
    match(wrong.detail, /the query's `afer` is not asked for here; there (is|are none)/);
    for (const { name, schema } of query) {
      if (!('type' in schema && schema.type === 'integer')) continue;
      asked += 1;
      for (const value of ['abc', '-1', '1.5', '', '9'.repeat(16)]) {
        const { status, json, detail } = await send('dev', method, `${url}?${name}=${value}`);
        deepEqual([status, json['code']], [400, 'bad_request'], `${path} ${name}=${value}`);
        match(detail, new RegExp(`^the query's \`${name}\` is \`${value}\`; it is a whole number`));
      }
      match((await send('dev', method, `${url}?${name}=1&${name}=2`)).detail, /more than once; send it once/);
    }
  }
  equal(asked > 3, true);
  await stop();
});

test('the audit is read page by page to its end', async () => {
  const { records, send, stop } = await start();
  const there = (await records.audit(1, 1_000)).length;
  for (let count = there; count < 250; count++) {
    await records.change({ atMs: 1, person: 'ann', action: 'key.create', subject: 'key/1', detail: {} },
      () => Promise.resolve(undefined));
  }
  const pages: number[][] = [];
  for (let from: number | null = 1; from !== null && pages.length < 9;) {
    const { json }: { json: Record<string, unknown> } = await send('dev', 'GET', `/v1/audit?from=${from}`);
    const data = json['data'] as { seq: number }[];
    pages.push([data[0]?.seq ?? 0, data.at(-1)?.seq ?? 0]);
    from = json['after'] as number | null;
  }
  deepEqual(pages, [[1, 100], [101, 200], [201, 250]]);
  equal((await send('dev', 'GET', '/v1/audit?from=151')).json['after'], null);
  deepEqual((await send('dev', 'GET', '/v1/audit?from=999')).json['data'], []);
  await stop();
});
