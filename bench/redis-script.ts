/**
 * `node bench/redis-script.ts`: what the append of a payment costs Redis, in isolation. Six entities and the
 * log of the payment itself, 16 calls in flight over one connection; CPU of the thread that runs scripts, and
 * of that what the scripts took.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { RedisWindowLog } from '#adapters/redis/window-log.ts';
import { NOTHING_KNOWN, type Known, type LogCall, type LogName } from '#ports/window-log.ts';
import { RedisServer } from '../test/services/redis-server.ts';

const ENTITIES = 6;
const VALUES = 3_000;
/** As an event of the benchmark's traffic; beside it 22 bytes of place and id. */
const ENTRY_BYTES = 260;
const REQUEST_BYTES = 650;
const IN_FLIGHT = 16;
const CALLS = 15_000;
const ROUNDS = 3;

const redis = await RedisServer.make({ appendonly: true, more: ['--appendfsync', 'everysec'] });
try {
  const log = await RedisWindowLog.open({
    url: redis.url(), answerMsMax: 5_000, retentionMs: 407 * 86_400_000, entriesPerLogMax: 8_192,
  });
  await log.begin(1);
  const known = new Map<string, Known>();
  const landed: string[] = [];
  let number = 0;

  async function payment(withFlight: boolean): Promise<void> {
    const id = randomBytes(16).toString('hex');
    const bytes = randomBytes(ENTRY_BYTES);
    const own: LogCall = { name: nameOf('tx', number++), known: NOTHING_KNOWN, id, bytes, gate: 'same' };
    const shared = Array.from({ length: ENTITIES }, (_, entity): LogCall => {
      const name = nameOf(`entity-${entity}`, Math.floor(Math.random() * VALUES));
      return { name, known: known.get(`${name.field} ${name.value}`) ?? NOTHING_KNOWN, id, bytes };
    });
    const flight = { id, bytes: randomBytes(REQUEST_BYTES) };
    const options = withFlight ? { flight, landed: landed.splice(0) } : {};
    const answers = await log.call([own, ...shared], options);
    if (withFlight) landed.push(id);
    for (const [i, { name }] of shared.entries()) {
      const answer = answers[i + 1];
      const last = answer?.kind === 'read' ? answer.behind.at(-1) : undefined;
      const key = `${name.field} ${name.value}`;
      if (last !== undefined && last.seq > (known.get(key)?.seq ?? 0)) known.set(key, last);
    }
  }

  const payments = async (count: number, withFlight: boolean): Promise<void> => {
    let left = count;
    await Promise.all(Array.from({ length: IN_FLIGHT }, async () => {
      while (left-- > 0) await payment(withFlight);
    }));
  };

  await payments(CALLS, true);
  for (let round = 1; round <= ROUNDS; round++) {
    for (const withFlight of [false, true]) {
      await redis.ask('CONFIG', 'RESETSTAT');
      const from = threadMicros(redis.pid);
      await payments(CALLS, withFlight);
      const micros = (threadMicros(redis.pid) - from) / CALLS;
      const said = String(await redis.ask('INFO', 'commandstats'));
      const script = Number(/cmdstat_evalsha:.*?usec=(\d+)/.exec(said)?.[1] ?? 0) / CALLS;
      const what = withFlight ? 'with what is in flight' : 'append alone';
      console.log(`${what}: ${micros.toFixed(1)} us CPU, ${script.toFixed(1)} us of it the script`);
    }
  }
  await log.close();
} finally {
  await redis.remove();
}

function nameOf(field: string, value: number): LogName {
  return { tenant: 'bench', field, value: `value-${value}` };
}

/** CPU of the main thread of a process so far, us. Linux only. */
function threadMicros(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1_000;
}
