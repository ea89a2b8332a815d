import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askRedis } from './ask-redis.ts';
import type { RedisReply } from './ask-redis.ts';
import type { ServerProgram } from './debian-packages.ts';
import { freePort } from './free-port.ts';
import { getRedis } from './get-redis.ts';
import { GuardedProcess } from './guarded-process.ts';

export interface RedisOptions {
  /** As Redis writes it: "64mb". No limit where it is left out. */
  readonly maxmemory?: string;
  readonly maxmemoryPolicy?: string;
  /** Whether data outlive the process: every command is in the file before its answer leaves. */
  readonly appendonly?: boolean;
  readonly requirepass?: string;
  /** The primary, or a proxy before it; both have the same password. `make` waits for the first copy. */
  readonly replicaOf?: { readonly port: number };
  /** Any other setting, as on the command line of redis-server: ["--hz", "100"]. */
  readonly more?: readonly string[];
}

const READY_MS_MAX = 20_000;

/** A Redis on a port of 127.0.0.1 and in a folder of its own. */
export class RedisServer {
  readonly folder: string;
  readonly port: number;
  readonly password: string | undefined;
  readonly #program: ServerProgram;
  readonly #args: readonly string[];
  #process: GuardedProcess | undefined;

  private constructor(folder: string, port: number, program: ServerProgram, options: RedisOptions) {
    this.folder = folder;
    this.port = port;
    this.password = options.requirepass;
    this.#program = program;
    this.#args = argumentsFor(folder, port, options);
  }

  /** A new one, running and ready. */
  static async make(options: RedisOptions = {}): Promise<RedisServer> {
    const program = await getRedis();
    const folder = await mkdtemp(join(tmpdir(), 'assay-redis-'));
    const server = new RedisServer(folder, await freePort(), program, options);
    try {
      await server.start();
      if (options.replicaOf !== undefined) await server.#linked();
      return server;
    } catch (error) {
      await server.remove();
      throw error;
    }
  }

  get pid(): number {
    return this.#running().pid;
  }

  url(): string {
    const login = this.password === undefined ? '' : `:${encodeURIComponent(this.password)}@`;
    return `redis://${login}127.0.0.1:${this.port}`;
  }

  /** Again on the same port and the same data; resolves when it answers. */
  async start(): Promise<void> {
    if (this.#process !== undefined) throw new Error('this Redis is running');
    const logFile = join(this.folder, 'log');
    this.#process = new GuardedProcess(this.#program, this.#args, { folder: this.folder, logFile });
    try {
      await this.#process.ready('Redis', () => this.#answers(), READY_MS_MAX);
    } catch (error) {
      this.#process = undefined;
      throw error;
    }
  }

  /** SIGTERM: it writes what it has to and closes. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** SIGKILL, as in a crash of the process (not of the machine: what was written is in the file). */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** It goes on holding its connections and answers nothing, as a machine that is stuck does. */
  pause(): void {
    this.#running().signal('SIGSTOP');
  }

  continue(): void {
    this.#running().signal('SIGCONT');
  }

  /** A copy becomes a primary, as in a failover: what its primary had not sent is not there. */
  async promote(): Promise<void> {
    await this.ask('REPLICAOF', 'NO', 'ONE');
    const isPrimary = async (): Promise<boolean> => /\brole:master\b/.test(String(await this.ask('INFO')));
    await this.#running().ready('the new primary', isPrimary, READY_MS_MAX);
  }

  /** One command on a connection of its own, past every client and proxy. */
  ask(...command: readonly string[]): Promise<RedisReply> {
    return askRedis(this, ...command);
  }

  /** Ends it, and takes its data away. */
  async remove(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  #running(): GuardedProcess {
    if (this.#process === undefined) throw new Error('this Redis is not running');
    return this.#process;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    await this.#process?.end(signal);
    this.#process = undefined;
  }

  #answers(): Promise<boolean> {
    return this.ask('PING').then((reply) => reply === 'PONG', () => false);
  }

  async #linked(): Promise<void> {
    const isLinked = async (): Promise<boolean> =>
      /master_link_status:up/.test(String(await this.ask('INFO')));
    await this.#running().ready('the copy of Redis', isLinked, READY_MS_MAX);
  }
}

function argumentsFor(folder: string, port: number, options: RedisOptions): readonly string[] {
  const settings: Readonly<Record<string, string | undefined>> = {
    port: `${port}`,
    bind: '127.0.0.1',
    dir: folder,
    save: '',
    appendonly: options.appendonly === true ? 'yes' : 'no',
    maxmemory: options.maxmemory,
    'maxmemory-policy': options.maxmemoryPolicy,
    requirepass: options.requirepass,
    masterauth: options.requirepass,
    replicaof: options.replicaOf === undefined ? undefined : `127.0.0.1 ${options.replicaOf.port}`,
    // A primary waits this long for more replicas before it begins; the default is 5 s.
    'repl-diskless-sync-delay': '0',
    'enable-debug-command': 'local',
  };
  const words = Object.entries(settings).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  );
  return [...words, ...(options.more ?? [])];
}
