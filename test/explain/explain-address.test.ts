/** `assay explain` asks the address that it is given, with all of its path. */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { test } from 'node:test';
import { UsageError } from '#cli/shell.ts';
import { explainParts } from '../../src/main/explain-parts.ts';

/** The address of a server that answers so, while `use` runs. */
async function served(answer: RequestListener, use: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  try {
    await use(`http://127.0.0.1:${address.port}`);
  } finally {
    server.close();
  }
}

test('a server behind a path is asked behind that path', async () => {
  const asked: (string | undefined)[] = [];
  await served((request, response) => {
    asked.push(request.url);
    response.end(request.url?.includes('transaction_id') === true
      ? '{"data":[{"id":"dec_0_000000002"}]}' : '{"object":"explanation"}');
  }, async (root) => {
    for (const end of ['', '/', '/risk/assay', '/risk/assay/']) {
      asked.length = 0;
      equal(await explainParts.fromServer(`${root}${end}`, 'k', 'tx/1'), '{"object":"explanation"}');
      const path = end.replace(/\/$/, '');
      deepEqual(asked, [
        `${path}/v1/decisions?transaction_id=tx%2F1`, `${path}/v1/decisions/dec_0_000000002/explain`,
      ]);
    }
  });
});

test('a page that is not there is not a decision that is not there', async () => {
  const says = (text: string): RequestListener => (_, response) => {
    response.statusCode = 404;
    response.end(text);
  };
  await served(says('{"type":"x","code":"not_found","status":404}'), async (root) => {
    equal(await explainParts.fromServer(root, 'k', 'dec_0_000000002'), undefined);
  });
  for (const text of ['<h1>Not Found</h1>', '{"error":"no such page"}', 'null']) {
    await served(says(text), async (root) => {
      await rejects(explainParts.fromServer(root, 'k', 'dec_0_000000002'),
        (error) => error instanceof UsageError && error.message.includes(`answers 404: ${text}`));
    });
  }
});

test('what is no address is said in words', async () => {
  await rejects(explainParts.fromServer('localhost', 'k', 'tx_1'), (error) => error instanceof UsageError
    && error.message.startsWith('no server answers at localhost'));
});
