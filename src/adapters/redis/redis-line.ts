/**
 * One connection to one process of Redis, with the scripts of the logs. It is never made again: who loses it
 * opens another.
 *
 * INVARIANT: a script has the run of the process in its text, and is loaded only after that was asked. Redis
 * neither keeps scripts over a restart nor gives them to a replica; so none of them runs in a process that
 * was not looked at, whatever stands between here and there. (A run is what Redis calls the life of one
 * process; INFO tells it.)
 */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { createClient, RESP_TYPES } from '@redis/client';
import { messageOf } from '#domain/message-of.ts';
import { WindowLogUnavailable } from '#ports/window-log.ts';
import { within } from '#ports/within.ts';
import { APPEND_SCRIPT } from './append-script.ts';
import { FLIGHTS_KEY, sharedKeys, STATE_KEY } from './keys.ts';
import { BEGIN_SCRIPT, RESTORE_SCRIPT } from './restore-script.ts';

export interface RedisLineOptions {
  /** `redis://127.0.0.1:6379`; `rediss:` for TLS; with name and password where it asks for them. */
  readonly url: string;
  /** Of a process of a cluster: see sharedKeys. */
  readonly mark?: string;
  /** Told of the connection; never of payments. */
  readonly tell?: (what: string) => void;
}

export type ScriptName = 'append' | 'restore' | 'begin';
type Argument = string | Buffer;

const SCRIPTS: Readonly<Record<ScriptName, string>> = {
  append: APPEND_SCRIPT, restore: RESTORE_SCRIPT, begin: BEGIN_SCRIPT,
};
const NO_SCRIPT = 'NOSCRIPT';
export const CONNECT_MS_MAX = 2_000;

type Client = ReturnType<typeof clientOf>;

const clientOf = ({ url }: RedisLineOptions) => createClient({
  url, disableOfflineQueue: true,
  socket: { connectTimeout: CONNECT_MS_MAX, noDelay: true, reconnectStrategy: false },
  commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
});

export class RedisLine {
  readonly #client: Client;
  readonly #mark: string | undefined;
  #run = '';
  #shas: Readonly<Record<ScriptName, string>> = { append: '', restore: '', begin: '' };

  private constructor(client: Client, mark: string | undefined) {
    this.#client = client;
    this.#mark = mark;
  }

  /** Rejects with WindowLogUnavailable. `onEnd`: it was open, and is lost. */
  static async open(options: RedisLineOptions, onEnd: (line: RedisLine) => void): Promise<RedisLine> {
    const client = clientOf(options);
    const line = new RedisLine(client, options.mark);
    let isOpen = false;
    client.on('error', (error: unknown) => {
      options.tell?.(`redis: ${messageOf(error)}`);
      if (isOpen) onEnd(line);
    });
    try {
      await answeredWithin(CONNECT_MS_MAX, (async () => {
        await client.connect();
        await mustKeepAll(client, options);
        await line.look();
      })());
      isOpen = true;
      return line;
    } catch (error) {
      client.destroy();
      throw unavailable(error);
    }
  }

  get isReady(): boolean { return this.#client.isReady; }
  get run(): string { return this.#run; }

  /** Asks which process it is, and gives it the scripts. */
  async look(): Promise<void> {
    const info = String(await this.#client.sendCommand<unknown>(['INFO', 'server']));
    const run = /^run_id:(\S+)/m.exec(info)?.[1];
    if (run === undefined) throw new WindowLogUnavailable('refused', 'INFO does not tell its run_id');
    const shas = { ...this.#shas };
    const keys = sharedKeys(this.#mark);
    for (const name of ['append', 'restore', 'begin'] as const) {
      const script = SCRIPTS[name].replaceAll(STATE_KEY, keys.state).replaceAll(FLIGHTS_KEY, keys.flights);
      const text = `-- ${run}${script}`;
      await this.#client.sendCommand(['SCRIPT', 'LOAD', text]);
      shas[name] = createHash('sha1').update(text).digest('hex');
    }
    this.#shas = shas;
    this.#run = run;
  }

  send(...command: Argument[]): Promise<unknown> {
    return this.#client.sendCommand<unknown>(command);
  }

  /** Where its scripts were flushed they are given to it again; another process is then seen as such. */
  async script(
    name: ScriptName, keys: readonly string[], args: readonly Argument[], before?: 'ASKING',
  ): Promise<unknown> {
    const asked = (): Promise<unknown> => {
      // It holds for the next command; where that fails, so did this.
      if (before !== undefined) this.#client.sendCommand([before]).catch(() => {});
      return this.#client.sendCommand<unknown>(
        ['EVALSHA', this.#shas[name], `${keys.length}`, ...keys, ...args]);
    };
    return asked().catch(async (error: unknown) => {
      // It was not run.
      if (!messageOf(error).startsWith(NO_SCRIPT)) throw error;
      const run = this.#run;
      await this.look();
      if (this.#run !== run) throw new WindowLogUnavailable('recovering', 'this is another Redis');
      return asked();
    });
  }

  destroy(): void {
    if (this.#client.isOpen) this.#client.destroy();
  }
}

/** A Redis that makes room by itself would lose counts without a word. */
async function mustKeepAll(client: Client, { tell }: RedisLineOptions): Promise<void> {
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

/** What Redis says while it comes up or is being replaced: another time, or elsewhere, it is yes. */
const PASSING = /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY) /;

export function unavailable(error: unknown): WindowLogUnavailable {
  if (error instanceof WindowLogUnavailable) return error;
  const message = messageOf(error);
  if (message.startsWith('EPOCH ')) return new WindowLogUnavailable('recovering', message.slice(6));
  const isRefused = /^[A-Z]+ /.test(message) && !PASSING.test(message);
  return new WindowLogUnavailable(isRefused ? 'refused' : 'unreachable', message);
}

/** What comes later is not heard. */
export const answeredWithin = <Result>(ms: number, asked: Promise<Result>): Promise<Result> =>
  within(ms, asked, () => new WindowLogUnavailable('late', `no answer in ${ms} ms`));
