// A server that numbers what it is told stands behind the proxy, so that it is known what has reached it.
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FaultProxy } from './fault-proxy.ts';
import type { Fault } from './fault-proxy.ts';

/** Long enough that an answer on loopback would have come. */
const SILENCE_MS = 300;
/** The answer to a single byte. */
const UP = /^\d+:1$/;

interface World {
  readonly proxy: FaultProxy;
  /** What the server was told, in order. */
  readonly heard: string[];
  /** Of the connections to the server. */
  readonly ends: Socket[];
}

async function world(t: TestContext): Promise<World> {
  const heard: string[] = [];
  const ends: Socket[] = [];
  const server = createServer((socket) => {
    ends.push(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      heard.push(String(bytes));
      socket.write(`${heard.length}:${bytes.length}`);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await FaultProxy.make((server.address() as AddressInfo).port);
  t.after(async () => {
    await proxy.close();
    server.close();
  });
  return { proxy, heard, ends };
}

async function open(proxy: FaultProxy): Promise<Socket> {
  const socket = connect({ port: proxy.port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** The answer, or in words why there is none. */
async function ask(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const late = new AbortController();
  const { signal } = late;
  const said = await Promise.race([
    once(socket, 'data', { signal }).then(([bytes]) => String(bytes), () => 'closed'),
    once(socket, 'close', { signal }).then(() => 'closed', () => 'closed'),
    sleep(SILENCE_MS, 'silence', { signal }).catch(() => 'closed'),
  ]);
  late.abort();
  return said;
}

/** On a connection of its own. */
async function askOnce(proxy: FaultProxy, text: string): Promise<string> {
  const socket = await open(proxy).catch(() => undefined);
  if (socket === undefined) return 'closed';
  try {
    return await ask(socket, text);
  } finally {
    socket.destroy();
  }
}

async function untilNoLink(proxy: FaultProxy): Promise<void> {
  while (proxy.linkCount > 0) await sleep(2);
}

test('what passes is the same, in both directions and to the end', async (t) => {
  const { proxy, heard, ends } = await world(t);
  const socket = await open(proxy);
  equal(await ask(socket, 'one'), '1:3');
  equal(await ask(socket, 'two'), '2:3');
  deepEqual(heard, ['one', 'two']);
  const closed = once(socket, 'close');
  ends[0]?.end();
  await closed;
  await untilNoLink(proxy);
});

test('many bytes pass whole while the reader is slow', async (t) => {
  const bytes = Buffer.alloc(8 << 20, 'assay ');
  const sender = createServer((socket) => socket.end(bytes)).listen(0, '127.0.0.1');
  await once(sender, 'listening');
  const proxy = await FaultProxy.make((sender.address() as AddressInfo).port);
  t.after(async () => {
    await proxy.close();
    sender.close();
  });
  proxy.behave({ kind: 'delay', ms: 20 });
  const got: Buffer[] = [];
  for await (const chunk of await open(proxy)) {
    got.push(chunk);
    await sleep(1);
  }
  ok(Buffer.concat(got).equals(bytes));
});

test('a delay counts each way, and keeps the order', async (t) => {
  const { proxy, heard } = await world(t);
  const socket = await open(proxy);
  proxy.behave({ kind: 'delay', ms: 50 });
  const startedAtMs = performance.now();
  const asked = ask(socket, 'slow');
  await sleep(5);
  proxy.behave({ kind: 'pass' });
  socket.write('fast');
  match(await asked, /^1:/);
  const tookMs = performance.now() - startedAtMs;
  ok(tookMs >= 49, `the question was not held back: ${tookMs} ms`);
  while (heard.join('') !== 'slowfast') await sleep(5);
  proxy.behave({ kind: 'delay', ms: 50 });
  const askedAtMs = performance.now();
  await askOnce(proxy, 'again');
  ok(performance.now() - askedAtMs >= 99, 'the answer was not held back');
});

test('a black hole swallows; a connection that lost bytes stays silent', async (t) => {
  const { proxy, heard } = await world(t);
  const [speaking, idle] = [await open(proxy), await open(proxy)];
  equal(await ask(speaking, 'a'), '1:1');
  proxy.behave({ kind: 'black-hole' });
  equal(await ask(speaking, 'b'), 'silence');
  equal(await askOnce(proxy, 'c'), 'silence');
  deepEqual(heard, ['a']);
  proxy.behave({ kind: 'pass' });
  equal(await ask(speaking, 'd'), 'silence');
  equal(await ask(idle, 'e'), '2:1');
  equal(await askOnce(proxy, 'f'), '3:1');
});

test('a black hole swallows an answer that is on its way', async (t) => {
  const { proxy, heard } = await world(t);
  const socket = await open(proxy);
  proxy.behave({ kind: 'delay', ms: 40 });
  const answer = ask(socket, 'a');
  while (heard.length === 0) await sleep(2);
  proxy.behave({ kind: 'black-hole' });
  equal(await answer, 'silence');
});

test('a reset hits connections that are there and those that come', async (t) => {
  const { proxy, heard } = await world(t);
  const socket = await open(proxy);
  const reset = rejects(once(socket, 'close'), /ECONNRESET/);
  proxy.behave({ kind: 'reset' });
  await reset;
  equal(await askOnce(proxy, 'b'), 'closed');
  deepEqual(heard, []);
  proxy.behave({ kind: 'pass' });
  equal(await askOnce(proxy, 'c'), '1:1');
});

test('a cut answer was executed, and nobody was told', async (t) => {
  const { proxy, heard } = await world(t);
  const socket = await open(proxy);
  equal(await ask(socket, 'hello'), '1:5');
  proxy.behave({ kind: 'cut-replies', where: (request) => request.includes('CUT') });
  equal(await ask(socket, 'stays'), '2:5');
  equal(await ask(socket, 'CUT this'), 'closed');
  deepEqual(heard, ['hello', 'stays', 'CUT this']);
  equal(await askOnce(proxy, 'next'), '4:4');
  proxy.behave({ kind: 'cut-replies' });
  equal(await askOnce(proxy, 'any'), 'closed');
  equal(heard.at(-1), 'any');
});

test('flapping goes down and comes up again, by itself', async (t) => {
  const { proxy } = await world(t);
  proxy.behave({ kind: 'flap', downMs: 40, upMs: 40, down: { kind: 'reset' } });
  const answers = new Set<boolean>();
  let turns = 0;
  for (let last = true; turns < 4;) {
    const isUp = UP.test(await askOnce(proxy, 'x'));
    answers.add(isUp);
    if (isUp !== last) turns += 1;
    last = isUp;
  }
  equal(answers.size, 2);
  proxy.behave({ kind: 'pass' });
  await sleep(100);
  match(await askOnce(proxy, 'x'), UP);
});

test('a share of the connections is hit, the same for the same seed', async (t) => {
  const { proxy } = await world(t);
  const fault: Fault = { kind: 'share', share: 0.5, seed: 7, fault: { kind: 'cut-replies' } };
  const pattern = async (): Promise<string> => {
    await untilNoLink(proxy);
    proxy.behave(fault);
    let hits = '';
    for (let count = 0; count < 20; count += 1) hits += UP.test(await askOnce(proxy, 'x')) ? '.' : 'x';
    return hits;
  };
  const first = await pattern();
  ok(first.includes('x') && first.includes('.'), first);
  equal(await pattern(), first);
});

test('where no server listens, the connection is reset; a closed proxy refuses', async () => {
  const nobody = await FaultProxy.make();
  equal(await askOnce(nobody, 'x'), 'closed');
  const { port } = nobody;
  await nobody.close();
  const again = await FaultProxy.make(port);
  equal(await askOnce(again, 'x'), 'closed');
  await again.close();
  await rejects(once(connect(port, '127.0.0.1'), 'connect'), /ECONNREFUSED/);
});
