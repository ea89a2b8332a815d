/**
 * The window logs of a Redis or Valkey. An error is "unknown", never "not done": the script finds what an
 * earlier call did, so whoever asks may ask again.
 *
 * INVARIANT: no command is sent twice by the client, and none waits for a connection: what cannot be sent
 * now is refused now, and what is not answered in time is left alone.
 */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { createClient, RESP_TYPES } from '@redis/client';
import { messageOf } from '#domain/message-of.ts';
import {
  logKey, WindowLogUnavailable, type CallOptions, type LogAnswer, type LogCall, type LogName,
  type WindowEntry, type WindowLog,
} from '#ports/window-log.ts';
import { APPEND_SCRIPT } from './append-script.ts';

export interface RedisWindowLogOptions {
  /** `redis://127.0.0.1:6379`; `rediss:` for TLS; with name and password where it asks for them. */
  readonly url: string;
  /** Longest wait for the answer of one call. */
  readonly answerMsMax: number;
  /** A log to which nothing was appended for so long is gone. */
  readonly retentionMs: number;
  /** Entries that are kept of one log; the oldest go. */
  readonly entriesPerLogMax: number;
  /** Told of the connection; never of payments. */
  readonly tell?: (what: string) => void;
}

const CONNECT_MS_MAX = 2_000;
const RECONNECT_MS_MIN = 20;
const RECONNECT_MS_MAX = 1_000;
const HEADER_BYTES = 22;
const EPOCH = 1;
const NO_SCRIPT = 'NOSCRIPT';
const SHA = createHash('sha1').update(APPEND_SCRIPT).digest('hex');

type Client = ReturnType<typeof connectionTo>;

/** Before it was ever open, a connection that fails is the answer; later, it is made again. */
function connectionTo({ url, tell }: RedisWindowLogOptions, wasOpen: () => boolean) {
  const client = createClient({
    url, disableOfflineQueue: true,
    socket: {
      connectTimeout: CONNECT_MS_MAX, noDelay: true,
      reconnectStrategy: (tries, cause) =>
        (wasOpen() ? Math.min(RECONNECT_MS_MAX, RECONNECT_MS_MIN * 2 ** Math.min(tries, 10)) : cause),
    },
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  });
  client.on('error', (error: unknown) => { tell?.(`redis: ${messageOf(error)}`); });
  return client;
}

export class RedisWindowLog implements WindowLog {
  readonly #options: RedisWindowLogOptions;
  readonly #client: Client;
  #closing = false;

  private constructor(options: RedisWindowLogOptions, client: Client) {
    this.#options = options;
    this.#client = client;
  }

  /** Throws WindowLogUnavailable where nobody answers, or not as Redis does. */
  static async open(options: RedisWindowLogOptions): Promise<RedisWindowLog> {
    let isOpen = false;
    const client = connectionTo(options, () => isOpen);
    const opening = async (): Promise<void> => {
      await client.connect();
      await client.sendCommand(['SCRIPT', 'LOAD', APPEND_SCRIPT]);
      await mustKeepAll(client, options);
    };
    try {
      await within(CONNECT_MS_MAX, opening());
      isOpen = true;
    } catch (error) {
      client.destroy();
      throw error instanceof WindowLogUnavailable ? error : unavailable(error);
    }
    return new RedisWindowLog(options, client);
  }

  async call(calls: readonly LogCall[], { withinMs }: CallOptions = {}): Promise<readonly LogAnswer[]> {
    if (calls.length === 0) return [];
    const { answerMsMax, retentionMs, entriesPerLogMax } = this.#options;
    const limits = [`${retentionMs}`, `${entriesPerLogMax}`];
    const keys = calls.map(({ name }) => keyOf(name));
    const args = [`${calls.length}`, ...keys, ...limits, ...calls.flatMap(argsOf)];
    try {
      const asked = this.#client.sendCommand<unknown>(['EVALSHA', SHA, ...args]);
      const answered = await within(withinMs ?? answerMsMax, asked.catch((error: unknown) => {
        // It was not run: whoever restarted Redis, or flushed its scripts, took it along.
        if (!messageOf(error).startsWith(NO_SCRIPT)) throw error;
        return this.#client.sendCommand<unknown>(['EVAL', APPEND_SCRIPT, ...args]);
      }));
      return answersOf(answered, calls.length);
    } catch (error) {
      throw error instanceof WindowLogUnavailable ? error : unavailable(error);
    }
  }

  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#client.destroy();
  }
}

/** A Redis that makes room by itself would lose counts without a word. */
async function mustKeepAll(client: Client, { tell }: RedisWindowLogOptions): Promise<void> {
  const name = 'maxmemory-policy';
  const said = await client.configGet(name).catch((error: unknown) => {
    tell?.(`redis: ${name} cannot be read (${messageOf(error)}); it must be noeviction`);
    return undefined;
  });
  const policy = said?.[name]?.toString();
  if (policy === undefined || policy === 'noeviction') return;
  throw new WindowLogUnavailable('refused',
    `${name} is ${policy}, which loses counts without a word: set it to noeviction`);
}

/** The braces choose the slot of a cluster: a log is whole in one. */
const keyOf = (name: LogName): string => `assay:w:{${logKey(name)}}`;

const NOTHING = Buffer.alloc(0);

const GATES = { same: '1', other: '2' } as const;

const argsOf = ({ known, id, bytes, gate }: LogCall): readonly (string | Buffer)[] => [
  `${known.seq}`, known.seq === 0 ? NOTHING : Buffer.from(known.id, 'hex'), Buffer.from(id, 'hex'),
  bytes === undefined ? NOTHING : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  gate === undefined ? '0' : GATES[gate],
];

function answersOf(answered: unknown, count: number): readonly LogAnswer[] {
  if (!Array.isArray(answered) || answered.length !== count) {
    throw new WindowLogUnavailable('refused', 'the script did not answer for every log');
  }
  return answered.map(answerOf);
}

/** As the script answers. */
function answerOf(answered: unknown): LogAnswer {
  const [seq, isNew, ...behind] = answered as readonly [number, number, ...Buffer[]];
  if (seq === -1) return { kind: 'diverged', seq: isNew };
  return { kind: 'read', seq, isNew: isNew === 1, epoch: EPOCH, behind: behind.map(entryOf) };
}

const entryOf = (entry: Buffer): WindowEntry => ({
  seq: entry.readUIntBE(0, 6), id: entry.toString('hex', 6, HEADER_BYTES),
  bytes: entry.subarray(HEADER_BYTES),
});

const unavailable = (error: unknown): WindowLogUnavailable => {
  const message = messageOf(error);
  return /^[A-Z]+ /.test(message) ? new WindowLogUnavailable('refused', message)
    : new WindowLogUnavailable('unreachable', message);
};

/** What comes later is not heard. */
async function within<Result>(ms: number, asked: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => { reject(new WindowLogUnavailable('late', `no answer in ${ms} ms`)); }, ms);
  });
  asked.catch(() => {});
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}
