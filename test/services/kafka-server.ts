import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brokersKnownTo } from './ask-kafka.ts';
import { freePort } from './free-port.ts';
import { getKafka } from './get-kafka.ts';
import { GuardedProcess } from './guarded-process.ts';
import { kafkaSettings, keyStorePath } from './kafka-settings.ts';
import type { KafkaOptions, KafkaPlace } from './kafka-settings.ts';

const run = promisify(execFile);

/** A broker begins in about 3 s on two free cores; several JVMs on two busy ones take their time. */
const READY_MS_MAX = 90_000;
const HEAP_MIB_MAX = 384;
/** The quick compiler alone: a broker of a test ends before the slow one has paid for itself. */
const JVM_FLAGS = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
const LOG_LEVEL = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn';

/** A Kafka broker (KRaft, its own controller) on ports of 127.0.0.1 and in a folder of its own. */
export class KafkaServer {
  readonly folder: string;
  readonly place: KafkaPlace;
  readonly #java: Awaited<ReturnType<typeof getKafka>>;
  #process: GuardedProcess | undefined;

  private constructor(folder: string, place: KafkaPlace, java: Awaited<ReturnType<typeof getKafka>>) {
    this.folder = folder;
    this.place = place;
    this.#java = java;
  }

  /** A cluster of one, running and ready. It creates no topic by itself. */
  static async make(options: KafkaOptions = {}): Promise<KafkaServer> {
    const [server] = await KafkaServer.makeCluster(1, options);
    if (server === undefined) throw new Error('a cluster of one has one');
    return server;
  }

  /** As many brokers as are wanted, running, and known to each other. */
  static async makeCluster(count: number, options: KafkaOptions): Promise<readonly KafkaServer[]> {
    const java = await getKafka();
    const places: KafkaPlace[] = [];
    while (places.length < count) {
      const ports = { client: await freePort(), inside: await freePort(), controller: await freePort() };
      places.push({ nodeId: places.length + 1, ports });
    }
    // One that begins with a dash would be taken for an option.
    const clusterId = `A${randomBytes(15).toString('base64url')}`;
    const servers: KafkaServer[] = [];
    try {
      for (const place of places) {
        const folder = await mkdtemp(join(tmpdir(), 'assay-kafka-'));
        const server = new KafkaServer(folder, place, java);
        servers.push(server);
        await server.#format(clusterId, places, options);
      }
      await Promise.all(servers.map((one) => one.start()));
      await Promise.all(servers.map((one) => one.#knows(count)));
      return servers;
    } catch (error) {
      await Promise.all(servers.map((one) => one.remove()));
      throw error;
    }
  }

  /** For clients. */
  get port(): number {
    return this.place.ports.client;
  }

  /** Host and port for clients, as they want it in a list of brokers. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#running().pid;
  }

  /** Again on the same ports and the same data; resolves when it is a broker of its cluster. */
  async start(): Promise<void> {
    if (this.#process !== undefined) throw new Error('this Kafka is running');
    const args = [...this.#jvm(HEAP_MIB_MAX), LOG_LEVEL, 'kafka.Kafka', this.#settingsPath()];
    const logFile = join(this.folder, 'log');
    this.#process = new GuardedProcess(this.#java.java, args, { folder: this.folder, logFile });
    try {
      const isIn = async (): Promise<boolean> => (await this.#known()).includes(this.place.nodeId);
      await this.#process.ready('Kafka', isIn, READY_MS_MAX);
    } catch (error) {
      this.#process = undefined;
      throw error;
    }
  }

  /** SIGTERM: it hands over what it leads, and closes. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** SIGKILL, as in a crash of the process (not of the machine: what was written is in the files). */
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

  /** Ends it, and takes its data away. */
  async remove(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #format(clusterId: string, cluster: readonly KafkaPlace[], options: KafkaOptions): Promise<void> {
    await writeFile(this.#settingsPath(), kafkaSettings(this.folder, this.place, cluster, options));
    if (options.tls !== undefined) {
      const path = keyStorePath(this.folder);
      await writeFile(path, `${options.tls.key}\n${options.tls.certificate}\n`, { mode: 0o600 });
    }
    const login = options.login;
    const users = login === undefined ? [] : ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((one) =>
      ['--add-scram', `${one}=[name=${login.user},password=${login.password}]`]);
    const args = ['format', '-t', clusterId, '-c', this.#settingsPath(), ...users];
    await run('java', [...this.#jvm(128), LOG_LEVEL, 'kafka.tools.StorageTool', ...args]);
  }

  #jvm(heapMiB: number): readonly string[] {
    return [`-Xmx${heapMiB}m`, ...JVM_FLAGS, '-cp', join(this.#java.jars, '*')];
  }

  #settingsPath(): string {
    return join(this.folder, 'server.properties');
  }

  #running(): GuardedProcess {
    if (this.#process === undefined) throw new Error('this Kafka is not running');
    return this.#process;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    await this.#process?.end(signal);
    this.#process = undefined;
  }

  async #knows(count: number): Promise<void> {
    const isWhole = async (): Promise<boolean> => (await this.#known()).length === count;
    await this.#running().ready('the cluster', isWhole, READY_MS_MAX);
  }

  #known(): Promise<readonly number[]> {
    return brokersKnownTo(this.place.ports.inside).catch(() => []);
  }
}
