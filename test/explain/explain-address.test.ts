/** `assay explain` asks the address that it is given, with all of its path. */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { UsageError } from '#cli/shell.ts';
import { explainParts } from '../../src/main/explain-parts.ts';

test('a server behind a path is asked behind that path', async () => {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    response.end(request.url?.includes('transaction_id') === true
      ? '{"data":[{"id":"dec_0_000000002"}]}' : '{"object":"explanation"}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const { port } = address;
  try {
    for (const end of ['', '/', '/risk/assay', '/risk/assay/']) {
      asked.length = 0;
      const url: string = `http://127.0.0.1:${port}${end}`;
      equal(await explainParts.fromServer(url, 'k', 'tx/1'), '{"object":"explanation"}');
      const path = end.replace(/\/$/, '');
      deepEqual(asked, [
        `${path}/v1/decisions?transaction_id=tx%2F1`, `${path}/v1/decisions/dec_0_000000002/explain`,
      ]);
    }
  } finally {
    server.close();
  }
});

test('what is no address is said in words', async () => {
  await rejects(explainParts.fromServer('localhost', 'k', 'tx_1'), (error) => error instanceof UsageError
    && error.message.startsWith('no server answers at localhost'));
});
