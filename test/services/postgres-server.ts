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

/** A PostgreSQL on a port of 127.0.0.1 and in a folder of its own, for tests with a real one. */
export class PostgresServer {
  readonly folder: string;
  readonly port: number;
  readonly #program: (name: string) => ServerProgram;
  readonly #user = postgresUser();
  #process: GuardedProcess | undefined;

  private constructor(folder: string, port: number, program: (name: string) => ServerProgram) {
    this.folder = folder;
    this.port = port;
    this.#program = program;
  }

  /** A new one, running and ready. */
  static async make(): Promise<PostgresServer> {
    const program = await getPostgres();
    const folder = await mkdtemp(join(tmpdir(), 'assay-postgres-'));
    const server = new PostgresServer(folder, await freePort(), program);
    try {
      await server.#initialise();
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
      '-c', 'fsync=off', '-c', 'shared_buffers=64MB',
    ], { folder: this.folder, logFile: join(this.folder, 'log'), user: this.#user });
    await this.#process.ready('PostgreSQL', () => this.#answers(), START_MS_MAX);
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
    if (this.#user !== undefined) chownSync(this.folder, this.#user.uid, this.#user.gid);
    await this.#run('initdb', [
      '-D', this.#data(), '-U', 'owner', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync',
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
