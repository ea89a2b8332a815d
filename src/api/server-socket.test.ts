// What only a real socket shows: slow and broken clients, keep-alive, and stopping while calls are on their
// way.
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { after, describe, test } from 'node:test';
import { fakeParts, payment } from './fake-parts.ts';
import { requestLog } from './request-log.ts';
import { buildServer, SERVER_LIMITS } from './server.ts';
import type { ApiServer } from './server.ts';

const servers: ApiServer[] = [];
const sockets: Socket[] = [];
after(async () => {
  for (const socket of sockets) socket.destroy();
  await Promise.all(servers.map((server) => server.drain()));
});

async function start(limits: Partial<typeof SERVER_LIMITS> = {}) {
  const parts = fakeParts();
  const server = buildServer(parts, requestLog('silent'), { ...SERVER_LIMITS, hangUpMs: 50, ...limits });
  servers.push(server);
  await server.http.listen({ port: 0, host: '127.0.0.1' });
  const { port } = server.http.server.address() as AddressInfo;
  return { parts, server, port };
}

/** Everything the server says until it hangs up, or until `enough`. */
function talk(port: number, words: readonly string[], enough?: RegExp) {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  for (const word of words) socket.write(word);
  const said = new Promise<string>((resolve, reject) => {
    let text = '';
    socket.on('data', (data) => {
      text += data.toString();
      if (enough?.test(text) === true) resolve(text);
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
  return { socket, said };
}

const body = (id: string) => JSON.stringify({ transaction: { ...payment, id } });
const post = (text: string, length = Buffer.byteLength(text)) =>
  `POST /v1/decisions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer all\r\n` +
  `Content-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${text}`;
const problemIn = (text: string) => {
  const [head = '', json = ''] = text.split('\r\n\r\n');
  const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
  equal(Buffer.byteLength(json), length, 'Content-Length is right');
  return {
    status: Number(head.split(' ')[1]),
    head,
    ...(JSON.parse(json) as { code: string; instance: string }),
  };
};

describe('a slow client is hung up on, with a problem', () => {
  const short = { requestMs: 150, headersMs: 100, lateCheckMs: 20 };
  test('F48 that never ends its headers', async () => {
    const { port } = await start(short);
    const { said } = talk(port, ['POST /v1/decisions HTTP/1.1\r\nHost: a\r\nX: ']);
    const problem = problemIn(await said);
    deepEqual([problem.status, problem.code], [408, 'request_timeout']);
    match(problem.head, /Connection: close/i);
  });
  test('F48 that sends its headers a letter at a time', async () => {
    const { port } = await start(short);
    const { socket, said } = talk(port, ['GET /health/live HTTP/1.1\r\nHost: ']);
    const drip = setInterval(() => socket.write('a'), 20);
    const problem = problemIn(await said);
    clearInterval(drip);
    equal(problem.code, 'request_timeout');
  });
  test('F48 that never ends its body, and nothing is decided', async () => {
    const { parts, port } = await start(short);
    const { said } = talk(port, [post('{"transaction":', 500)]);
    const problem = problemIn(await said);
    deepEqual([problem.status, problem.code, parts.calls.length], [408, 'request_timeout', 0]);
  });
});

describe('broken HTTP is answered and hung up on', () => {
  for (const [what, words, status, code] of [
    ['noise', ['\u0000\u0001\u0002 hello\r\n\r\n'], 400, 'bad_request'],
    [
      'two lengths',
      ['POST /v1/decisions HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
      400,
      'bad_request',
    ],
    [
      'a length and chunks',
      ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
      400,
      'bad_request',
    ],
    [
      'headers without end',
      ['GET / HTTP/1.1\r\nHost: a\r\n', ...Array<string>(40).fill(`X: ${'y'.repeat(1_000)}\r\n`)],
      413,
      'too_large',
    ],
  ] as const) {
    test(what, async () => {
      const { port } = await start();
      const problem = problemIn(await talk(port, words).said);
      deepEqual([problem.status, problem.code], [status, code]);
    });
  }
  test('a body longer than the limit is refused by its announced length', async () => {
    const { parts, port } = await start();
    const { said } = talk(port, [post('', 70_000)], /"instance":"[^"]+"\}/);
    const problem = problemIn(await said);
    deepEqual([problem.status, problem.code, parts.calls.length], [413, 'too_large', 0]);
  });
  test('a body in chunks is stopped at the limit', async () => {
    const { parts, port } = await start();
    const chunk = `2710\r\n${'x'.repeat(10_000)}\r\n`;
    const { said } = talk(
      port,
      [post('').replace('Content-Length: 0', 'Transfer-Encoding: chunked'), ...Array<string>(8).fill(chunk)],
      /"instance":"[^"]+"\}/,
    );
    deepEqual([problemIn(await said).code, parts.calls.length], ['too_large', 0]);
  });
});

test('F10 F48 a client that hangs up before its answer breaks nothing', async () => {
  const { parts, port } = await start();
  let release = (): void => undefined;
  parts.hold = new Promise((resolve) => {
    release = resolve;
  });
  const { socket } = talk(port, [post(body('tx_1'))]);
  while (parts.calls.length < 1) await new Promise(setImmediate);
  socket.destroy();
  release();
  parts.hold = undefined;
  match(await talk(port, [post(body('tx_1'))], /created_at":"[^"]+"\}/).said, /"replayed":true/);
});

test('one connection carries many calls', async () => {
  const { port } = await start();
  const { said } = talk(
    port,
    [post(body('tx_1')), post(body('tx_2')), post('{'), post(body('tx_1'))],
    /"replayed":true/,
  );
  deepEqual(
    [...(await said).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status),
    ['200', '200', '400', '200'],
  );
});

describe('stopping', () => {
  test('F46 answers what it has taken, takes no more, and closes', async () => {
    const { parts, port, server } = await start();
    let release = (): void => undefined;
    parts.hold = new Promise((resolve) => {
      release = resolve;
    });
    const taken = talk(port, [post(body('tx_1'))]);
    const idle = talk(port, []);
    while (parts.calls.length < 1) await new Promise(setImmediate);
    const drained = server.drain();
    const late = problemIn(await talk(port, [post(body('tx_2'))]).said);
    deepEqual([late.status, late.code], [503, 'draining']);
    match(late.head, /connection: close/i);
    match(late.head, /retry-after: 1/i);
    const ready = problemIn(await talk(port, ['GET /health/ready HTTP/1.1\r\nHost: a\r\n\r\n']).said);
    deepEqual([ready.status, ready.code], [503, 'draining']);
    release();
    const answer = await taken.said;
    match(answer, /^HTTP\/1\.1 200 /);
    match(answer, /"transaction_id":"tx_1".*"created_at":"[^"]+"\}$/);
    await drained;
    equal(await idle.said, '');
    equal(parts.calls.length, 1);
    await rejects(talk(port, ['x']).said, /ECONNREFUSED/);
  });
  test('waits no longer than it may', async () => {
    const { parts, port, server } = await start({ drainMs: 50 });
    parts.hold = new Promise(() => undefined);
    const { said } = talk(port, [post(body('tx_1'))]);
    while (parts.calls.length < 1) await new Promise(setImmediate);
    await server.drain();
    equal(await said, '');
    ok(!server.http.server.listening);
  });
});
