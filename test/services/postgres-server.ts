import { execFile } from 'node:child_process';
import { chownSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import type { ServerProgram } from './debian-packages.ts';
import { freePort } from './free-port.ts';
import { foundPostgres, getPostgres, postgresUser } from './get-postgres.ts';
import { GuardedProcess } from './guarded-process.ts';

const run = promisify(execFile);
const START_MS_MAX = 20_000;

/** Why `npm test` leaves out the tests that need a server; undefined where they can run. */
export function whyNoPostgres(): string | undefined {
  if (foundPostgres() !== undefined) return undefined;
  return 'no PostgreSQL 15 or newer is here; npm run test:services gets one';
}

export interface PostgresOptions {
  /** Where its folder is made; default: the temporary folder of the system. */
  readonly parent?: string;
  /** Settings, over ours: `{ synchronous_standby_names: '*' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A PostgreSQL on a port of 127.0.0.1 and in a folder of its own, for tests with a real one. */
export class PostgresServer {
  readonly folder: string;
  readonly port: number;
  readonly #program: (name: string) => ServerProgram;
  readonly #user = postgresUser();
  readonly #settings: readonly string[];
  #process: GuardedProcess | undefined;

  private constructor(
    folder: string, port: number, program: (name: string) => ServerProgram,
    settings: Readonly<Record<string, string>>,
  ) {
    this.folder = folder;
    this.port = port;
    this.#program = program;
    this.#settings = Object.entries({ fsync: 'off', shared_buffers: '64MB', ...settings })
      .flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  }

  /** A new one, running and ready. */
  static make(options: PostgresOptions = {}): Promise<PostgresServer> {
    return PostgresServer.#made(options, (server) => server.#initialise());
  }

  /**
   * A copy of another, or of what a proxy before it leads to; it follows as fast as it can, and nobody waits
   * for it.
   */
  static standbyOf(
    primary: { readonly port: number }, options: PostgresOptions = {},
  ): Promise<PostgresServer> {
    return PostgresServer.#made(options, (server) => server.#copy(primary.port));
  }

  static async #made(
    { parent = tmpdir(), settings = {} }: PostgresOptions, fill: (server: PostgresServer) => Promise<void>,
  ): Promise<PostgresServer> {
    const program = await getPostgres();
    const folder = await mkdtemp(join(parent, 'assay-postgres-'));
    const server = new PostgresServer(folder, await freePort(), program, settings);
    try {
      if (server.#user !== undefined) chownSync(folder, server.#user.uid, server.#user.gid);
      await fill(server);
      await server.start();
      return server;
    } catch (error) {
      await server.remove();
      throw error;
    }
  }

  /** Of the process that starts one for each connection. */
  get pid(): number {
    if (this.#process === undefined) throw new Error('this PostgreSQL is not running');
    return this.#process.pid;
  }

  url(role = 'owner', database = 'postgres'): string {
    return `postgres://${role}@127.0.0.1:${this.port}/${database}`;
  }

  /** Again on the same port and the same data; resolves when it takes connections. */
  async start(): Promise<void> {
    this.#process = new GuardedProcess(this.#program('postgres'), [
      '-D', this.#data(), '-p', `${this.port}`, '-h', '127.0.0.1', '-k', this.folder,
      ...this.#settings,
    ], { folder: this.folder, logFile: join(this.folder, 'log'), user: this.#user });
    await this.#process.ready('PostgreSQL', () => this.#answers(), START_MS_MAX);
  }

  /** A copy becomes a primary, as in a failover: what its primary had not sent is not there. */
  async promote(): Promise<void> {
    await this.#run('pg_ctl', ['promote', '-D', this.#data(), '--wait']);
  }

  /** SIGINT: fast, connections are ended. SIGQUIT: at once, as in a crash. */
  async stop(signal: 'SIGINT' | 'SIGQUIT' = 'SIGINT'): Promise<void> {
    await this.#process?.end(signal);
    this.#process = undefined;
  }

  /** The server process that speaks to us goes on hanging, as a machine that is stuck does. */
  pause(processId: number): () => void {
    process.kill(processId, 'SIGSTOP');
    return () => { process.kill(processId, 'SIGCONT'); };
  }

  async remove(): Promise<void> {
    await this.stop('SIGQUIT');
    await rm(this.folder, { recursive: true, force: true });
  }

  async #initialise(): Promise<void> {
    await this.#run('initdb', [
      '-D', this.#data(), '-U', 'owner', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync',
      '--wal-segsize=1',
    ]);
  }

  async #copy(port: number): Promise<void> {
    await this.#run('pg_basebackup', [
      '-h', '127.0.0.1', '-p', `${port}`, '-U', 'owner', '-D', this.#data(),
      '--write-recovery-conf', '--checkpoint=fast', '--no-sync',
    ]);
  }

  #answers(): Promise<boolean> {
    const where = ['-h', '127.0.0.1', '-p', `${this.port}`];
    return this.#run('pg_isready', where).then(() => true, () => false);
  }

  async #run(name: string, args: readonly string[]): Promise<void> {
    const { path, env } = this.#program(name);
    await run(path, args, { cwd: this.folder, env: { ...process.env, ...env }, ...this.#user });
  }

  #data(): string {
    return join(this.folder, 'db');
  }
}
