/**
 * A fleet of two nodes over real servers, under an open load, of which one process after the other is killed
 * with SIGKILL and started again: both nodes, Redis, Kafka, PostgreSQL. Clients send again, anywhere, until
 * they are answered. At the end the topic itself is read, and held against what was answered.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { KafkaTopic } from '#adapters/kafka/topic.ts';
import { Caller, type PaymentSent } from '../server/caller.ts';
import { ServerProcess } from '../server/server-process.ts';
import { KafkaServer } from '../services/kafka-server.ts';
import { PostgresServer } from '../services/postgres-server.ts';
import { RedisServer } from '../services/redis-server.ts';
import { SeededRandom } from '../simulation/seeded-random.ts';
import { FleetBooks, storedPart, type Audit } from './fleet-books.ts';

export interface FleetKillPlan {
  readonly seed: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly progress?: (line: string) => void;
}

export interface KillRow {
  readonly what: string;
  readonly kills: number;
  /** Between a kill and the end of the start after it. */
  readonly downMs: number;
}

export interface FleetKillReport {
  readonly payments: number;
  readonly answered: number;
  /** Sendings beyond the first of each payment. */
  readonly sentAgain: number;
  /** First answers that named a part that was left out, by part and cause. */
  readonly degraded: ReadonlyMap<string, number>;
  readonly rows: readonly KillRow[];
  readonly audit: Audit;
}

interface Victim {
  readonly what: string;
  readonly kill: () => Promise<void>;
  readonly start: () => Promise<void>;
}

const CARDS = 400;
const NODES = 2;
const CONNECTIONS = 200;
const ANSWER_MS_MAX = 5_000;
const AGAIN_MS = { min: 50, max: 1_000 } as const;
const DOWN_MS = { min: 200, max: 3_000 } as const;
const UP_MS = 4_000;
/** For what is not answered, and for what has to be placed, when all is up again. */
const SETTLE_MS_MAX = 180_000;

export async function fleetKillRun(plan: FleetKillPlan): Promise<FleetKillReport> {
  const run = await FleetKillRun.make(plan);
  try {
    await run.load();
    return await run.check();
  } finally {
    await run.end();
  }
}

interface Servers {
  readonly redis: RedisServer;
  readonly kafka: KafkaServer;
  readonly postgres: PostgresServer;
}

class FleetKillRun {
  readonly #plan: FleetKillPlan;
  readonly #servers: Servers;
  readonly #nodes: readonly ServerProcess[];
  readonly #callers: readonly Caller[];
  readonly #random: SeededRandom;
  readonly #books = new FleetBooks();
  readonly #degraded = new Map<string, number>();
  readonly #waiting = new Set<Promise<void>>();
  /** One moment for all: then every earlier payment on the card is in the window. */
  readonly #occurredAt = new Date().toISOString();
  readonly #rows = new Map<string, { kills: number; downMs: number }>();
  #count = 0;
  #sentAgain = 0;
  #givesUpAt = Infinity;

  private constructor(plan: FleetKillPlan, servers: Servers, nodes: readonly ServerProcess[]) {
    this.#plan = plan;
    this.#servers = servers;
    this.#nodes = nodes;
    this.#callers = nodes.map((node) => node.caller(CONNECTIONS));
    this.#random = new SeededRandom(plan.seed);
  }

  static async make(plan: FleetKillPlan): Promise<FleetKillRun> {
    const [redis, kafka, postgres] = await Promise.all([
      RedisServer.make({ appendonly: true, more: ['--appendfsync', 'everysec'] }),
      KafkaServer.make(), PostgresServer.make({ settings: { fsync: 'on' } }),
    ]);
    const nodes: ServerProcess[] = [];
    const run = new FleetKillRun(plan, { redis, kafka, postgres }, nodes);
    try {
      for (let number = 1; number <= NODES; number++) {
        const node = await ServerProcess.make({
          ASSAY_KAFKA: kafka.address, ASSAY_REDIS: redis.url(), ASSAY_POSTGRES: postgres.url(),
          ASSAY_CREATE: '1', ASSAY_PARTITIONS: '4', ASSAY_REPLICAS: '1',
        });
        nodes.push(node);
        await node.start();
      }
      return new FleetKillRun(plan, { redis, kafka, postgres }, nodes);
    } catch (error) {
      await run.end();
      throw error;
    }
  }

  async end(): Promise<void> {
    for (const caller of this.#callers) caller.close();
    await Promise.all(this.#nodes.map((node) => node.remove()));
    const { redis, kafka, postgres } = this.#servers;
    await Promise.all([redis.remove(), kafka.remove(), postgres.remove()]);
  }

  async load(): Promise<void> {
    const untilMs = performance.now() + this.#plan.seconds * 1_000;
    const loading = this.#arrivals(untilMs);
    const victims = this.#victims();
    for (let turn = 0; performance.now() + UP_MS < untilMs; turn++) {
      await sleep(UP_MS);
      await this.#killed(victims[turn % victims.length]!);
    }
    await loading;
  }

  async check(): Promise<FleetKillReport> {
    this.#givesUpAt = performance.now() + SETTLE_MS_MAX;
    this.#tell(`${this.#waiting.size} payments still wait for an answer`);
    await Promise.all(this.#waiting);
    await this.#readTopic();
    const audit = this.#books.audit();
    return {
      payments: this.#count, answered: this.#books.answered, sentAgain: this.#sentAgain,
      degraded: this.#degraded, audit,
      rows: [...this.#rows].map(([what, { kills, downMs }]) =>
        ({ what, kills, downMs: Math.round(downMs / Math.max(1, kills)) })),
    };
  }

  /** Open loop: a payment comes when it comes, whatever became of those before. */
  async #arrivals(untilMs: number): Promise<void> {
    let dueMs = performance.now();
    while (dueMs < untilMs) {
      dueMs += -Math.log(1 - this.#random.fraction()) * 1_000 / this.#plan.perSecond;
      const waitMs = dueMs - performance.now();
      if (waitMs > 1) await sleep(waitMs);
      const paid = this.#paid(this.#next()).finally(() => { this.#waiting.delete(paid); });
      this.#waiting.add(paid);
    }
  }

  #next(): PaymentSent {
    // The square of a number below 1 is near 0 more often: some cards are hot.
    const card = `card-${Math.floor(this.#random.fraction() ** 2 * CARDS)}`;
    return { id: `kill-${this.#count++}`, card, amount: '12.34', occurredAt: this.#occurredAt };
  }

  async #paid(payment: PaymentSent): Promise<void> {
    let againMs: number = AGAIN_MS.min;
    for (let node = this.#random.between(0, NODES - 1); ; node = (node + 1) % NODES) {
      if (await this.#answered(payment, this.#callers[node]!)) return;
      if (performance.now() > this.#givesUpAt) {
        this.#books.problem(`${payment.id} has no answer`);
        return;
      }
      this.#sentAgain++;
      await sleep(againMs);
      againMs = Math.min(AGAIN_MS.max, againMs * 2);
    }
  }

  async #answered({ id, card, ...more }: PaymentSent, caller: Caller): Promise<boolean> {
    const late = new Promise<undefined>((resolve) => {
      setTimeout(() => { resolve(undefined); }, ANSWER_MS_MAX).unref();
    });
    const asked = caller.decide({ id, card, ...more }).catch(() => undefined);
    const response = await Promise.race([asked, late]);
    if (response === undefined || response.status === 503 || response.status === 429) return false;
    if (response.status !== 200) {
      this.#books.problem(`${id} got ${response.status}: ${response.body}`);
      return true;
    }
    if (!this.#books.has(id)) this.#countDegraded(response.body);
    this.#books.hear({ id, card, stored: storedPart(response.body) });
    return true;
  }

  #countDegraded(body: string): void {
    for (const [, part = '', cause = ''] of body.matchAll(/\{"part":"(\w+)","cause":"([^"]*)"/g)) {
      const what = `${part}: ${cause}`;
      this.#degraded.set(what, (this.#degraded.get(what) ?? 0) + 1);
    }
  }

  #victims(): readonly Victim[] {
    const { redis, kafka, postgres } = this.#servers;
    return [
      { what: 'node 1', kill: () => this.#nodes[0]!.kill(), start: () => this.#nodes[0]!.start() },
      { what: 'Redis', kill: () => redis.kill(), start: () => redis.start() },
      { what: 'Kafka', kill: () => kafka.kill(), start: () => kafka.start() },
      { what: 'node 2', kill: () => this.#nodes[1]!.kill(), start: () => this.#nodes[1]!.start() },
      { what: 'PostgreSQL', kill: () => postgres.stop('SIGQUIT'), start: () => postgres.start() },
    ];
  }

  async #killed({ what, kill, start }: Victim): Promise<void> {
    const startedAt = performance.now();
    await kill();
    await sleep(this.#random.between(DOWN_MS.min, DOWN_MS.max));
    await start();
    const row = this.#rows.get(what) ?? { kills: 0, downMs: 0 };
    row.kills++;
    row.downMs += performance.now() - startedAt;
    this.#rows.set(what, row);
    this.#tell(`${what} was killed and is back; ${this.#books.answered} of ${this.#count} answered`);
  }

  /** Until what was decided without windows has its place, and a while at most. */
  async #readTopic(): Promise<void> {
    const connection = { brokers: [this.#servers.kafka.address], clientId: 'auditor' };
    const topic = await KafkaTopic.open({ connection, topic: 'decisions' });
    try {
      let ends = await topic.ends();
      for (let quietMs = 0; quietMs < 10_000 && performance.now() < this.#givesUpAt;) {
        await sleep(1_000);
        const now = await topic.ends();
        quietMs = now.join() === ends.join() ? quietMs + 1_000 : 0;
        ends = now;
      }
      for await (const record of topic.read([])) this.#books.read(record);
    } finally {
      await topic.close();
    }
  }

  #tell(line: string): void {
    this.#plan.progress?.(line);
  }
}
