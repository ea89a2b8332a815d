import { deepEqual, equal, match, rejects, throws } from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { cachedService, fetchService, serviceCache } from './service-cache.ts';

async function cache(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-cache-'));
  const before = process.env['ASSAY_SERVICES'];
  process.env['ASSAY_SERVICES'] = join(folder, 'cache');
  t.after(async () => {
    if (before === undefined) delete process.env['ASSAY_SERVICES'];
    else process.env['ASSAY_SERVICES'] = before;
    await rm(folder, { recursive: true });
  });
  return join(folder, 'cache');
}

test('a part is filled once, also by two at once, and is never half there', async (t) => {
  const folder = await cache(t);
  const { promise: both, resolve: bothAreHere } = Promise.withResolvers<void>();
  let fillCount = 0;
  const fill = async (draft: string): Promise<void> => {
    writeFileSync(join(draft, 'a'), 'a');
    equal(cachedService('part'), undefined);
    fillCount += 1;
    if (fillCount === 2) bothAreHere();
    await both;
    writeFileSync(join(draft, 'b'), 'b');
  };
  const paths = await Promise.all([fetchService('part', fill), fetchService('part', fill)]);
  deepEqual(paths, [join(folder, 'part'), join(folder, 'part')]);
  equal(fillCount, 2);
  deepEqual(readdirSync(folder), ['part']);
  equal(readFileSync(join(folder, 'part', 'b'), 'utf8'), 'b');
  equal(await fetchService('part', () => Promise.reject(new Error('filled again'))), join(folder, 'part'));
});

test('a part that could not be had leaves nothing, and is tried again', async (t) => {
  const folder = await cache(t);
  await rejects(fetchService('part', () => Promise.reject(new Error('no network'))), /no network/);
  deepEqual(readdirSync(folder), []);
  await fetchService('part', () => Promise.resolve());
  match(cachedService('part') ?? '', /part$/);
});

test('a cache into which others can write is not used', async (t) => {
  const folder = await cache(t);
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  throws(() => serviceCache(), /can be written by others.*set ASSAY_SERVICES/);
});
