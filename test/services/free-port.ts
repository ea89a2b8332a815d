import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the ports that systems give to outgoing connections: a server that was killed finds its port free
 * when it is started again, because no client's own end was put there meanwhile.
 */
const PORT_MIN = 20_000;
const PORT_MAX = 32_000;
const TRY_COUNT_MAX = 100;

/** A port of 127.0.0.1 that nobody listens on, the same one twice only by chance. */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < TRY_COUNT_MAX; tried += 1) {
    const port = randomInt(PORT_MIN, PORT_MAX);
    if (await isFree(port)) return port;
  }
  throw new Error(`no port of ${TRY_COUNT_MAX} tried between ${PORT_MIN} and ${PORT_MAX} is free`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
