import { equal, rejects } from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { devKeyFor } from './dev-key.ts';
import { serverOf } from './lifecycle-client.ts';
import { UsageError } from './shell.ts';

const HERE = ['http://127.0.0.1:8080', 'http://localhost', 'http://[::1]:1', 'https://127.9.0.1/x', 'http://127.1'];
const ELSEWHERE = ['http://example.org', 'http://10.0.0.1:8080', 'http://127.0.0.1@example.org',
  'http://127.0.0.1.example.org', 'http://localhost.example.org', 'http://[::2]', 'http://0.0.0.0'];

test('the dev-key goes to this machine alone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'assay-dev-key-'));
  try {
    await rejects(devKeyFor('http://localhost', folder), /has no dev-key; give a key with --key/);
    await writeFile(join(folder, 'dev-key'), 'secret\n');
    for (const url of HERE) equal(await devKeyFor(url, folder), 'secret', url);
    const shell = { args: [], env: {}, folder, out: () => undefined, err: () => undefined };
    for (const url of ELSEWHERE) {
      const refused = (error: unknown): boolean => error instanceof UsageError
        && error.message.includes('is not this machine');
      await rejects(devKeyFor(url, folder), refused, url);
      await rejects(serverOf(shell, { url, data: folder }), refused, url);
    }
    await rejects(devKeyFor('127.0.0.1', folder), /is no address/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
