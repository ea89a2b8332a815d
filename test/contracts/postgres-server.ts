/** A PostgreSQL server of this machine, on a port and in a folder of its own, for tests with a real one. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, readdirSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const DEBIAN = '/usr/lib/postgresql';
const START_MS_MAX = 20_000;

/** The newest version that Debian's packages have put here; undefined where there is none. */
function binaries(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN) : [];
  const newest = versions.map(Number).filter((one) => one >= 15).sort((left, right) => right - left)[0];
  const folder = `${DEBIAN}/${newest}/bin`;
  return newest !== undefined && existsSync(`${folder}/initdb`) ? folder : undefined;
}

/** PostgreSQL refuses to run as root: there it runs as the owner of Debian's data folder. */
function runAs(): { uid: number; gid: number } | undefined | 'nobody' {
  if (process.getuid?.() !== 0) return undefined;
  const home = '/var/lib/postgresql';
  if (!existsSync(home)) return 'nobody';
  const { uid, gid } = statSync(home);
  return uid === 0 ? 'nobody' : { uid, gid };
}

/** Why the tests that need a server are left out; undefined where they can run. */
export function whyNoPostgres(): string | undefined {
  if (binaries() === undefined) return `no PostgreSQL 15 or newer in ${DEBIAN}; apt-get install postgresql`;
  return runAs() === 'nobody' ? 'running as root, and there is no user for PostgreSQL' : undefined;
}

export class PostgresServer {
  readonly folder: string;
  readonly port: number;
  #process: ChildProcess | undefined;

  private constructor(folder: string, port: number) {
    this.folder = folder;
    this.port = port;
  }

  static async make(): Promise<PostgresServer> {
    const folder = await mkdtemp(join(tmpdir(), 'assay-postgres-'));
    const user = runAs();
    if (typeof user === 'object') chownSync(folder, user.uid, user.gid);
    const server = new PostgresServer(folder, await freePort());
    await run(`${binaries()}/initdb`, [
      '-D', `${folder}/db`, '-U', 'owner', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync',
    ], { ...identity(), cwd: folder });
    await server.start();
    return server;
  }

  url(role = 'owner', database = 'postgres'): string {
    return `postgres://${role}@127.0.0.1:${this.port}/${database}`;
  }

  async start(): Promise<void> {
    this.#process = spawn(`${binaries()}/postgres`, [
      '-D', `${this.folder}/db`, '-p', `${this.port}`, '-h', '127.0.0.1', '-k', this.folder,
      '-c', 'fsync=off', '-c', 'shared_buffers=64MB',
    ], { ...identity(), cwd: this.folder, stdio: 'ignore' });
    for (const startedAt = performance.now(); ;) {
      const ready = await run(`${binaries()}/pg_isready`, ['-h', '127.0.0.1', '-p', `${this.port}`])
        .then(() => true, () => false);
      if (ready) return;
      if (performance.now() - startedAt > START_MS_MAX) throw new Error('PostgreSQL does not start');
      await sleep(50);
    }
  }

  /** SIGINT: fast, connections are ended. SIGQUIT: at once, as in a crash. */
  async stop(signal: 'SIGINT' | 'SIGQUIT' = 'SIGINT'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
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
}

function identity(): { uid?: number; gid?: number } {
  const user = runAs();
  return typeof user === 'object' ? user : {};
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}
