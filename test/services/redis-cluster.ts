import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { RedisServer } from './redis-server.ts';

const SLOTS = 16_384;
const READY_MS_MAX = 30_000;

/** Primaries that share the slots of a cluster evenly, on ports of 127.0.0.1; each with a copy if wanted. */
export class RedisCluster {
  readonly primaries: readonly RedisServer[];
  /** In the order of their primaries. */
  readonly copies: readonly RedisServer[];
  readonly #buses: readonly number[];

  private constructor(servers: readonly RedisServer[], buses: readonly number[], count: number) {
    this.primaries = servers.slice(0, count);
    this.copies = servers.slice(count);
    this.#buses = buses;
  }

  static async make(
    count = 3, { copies = false }: { readonly copies?: boolean } = {},
  ): Promise<RedisCluster> {
    const [servers, buses]: [RedisServer[], number[]] = [[], []];
    try {
      while (servers.length < (copies ? 2 * count : count)) {
        const bus = await freePort();
        buses.push(bus);
        servers.push(await RedisServer.make({
          more: ['--cluster-enabled', 'yes', '--cluster-port', `${bus}`, '--cluster-node-timeout', '1000'],
        }));
      }
      const cluster = new RedisCluster(servers, buses, count);
      await cluster.#join();
      return cluster;
    } catch (error) {
      for (const one of servers) await one.remove();
      throw error;
    }
  }

  /** Of any of them. */
  url(): string {
    return this.primaries[0]!.url();
  }

  /** Until all of them know each other and that every slot is served. */
  async whole(): Promise<void> {
    const servers = this.#servers;
    await until(async () => {
      const said = await Promise.all(servers.map((one) =>
        one.ask('CLUSTER', 'INFO').then(String, () => '')));
      return said.every((text) => text.includes('cluster_state:ok')
        && text.includes(`cluster_known_nodes:${servers.length}`));
    }, 'the cluster is whole');
  }

  /** Until the others serve the slots of a primary that is gone. */
  async failedOver({ port }: RedisServer): Promise<void> {
    const others = this.primaries.filter((one) => one.port !== port);
    await until(async () => {
      const said = await Promise.all(others.map(async (one) =>
        [await one.ask('CLUSTER', 'INFO'), JSON.stringify(await one.ask('CLUSTER', 'SLOTS'))].join(' ')));
      return said.every((text) => text.includes('cluster_state:ok') && !text.includes(`"127.0.0.1",${port}`));
    }, `the slots of ${port} are with its copy`);
  }

  async slotOf(key: string): Promise<number> {
    return Number(await this.primaries[0]!.ask('CLUSTER', 'KEYSLOT', Buffer.from(key).toString('latin1')));
  }

  /** Which of the primaries serves the slot. */
  async holderOf(slot: number): Promise<RedisServer> {
    const all = await this.primaries[0]!.ask('CLUSTER', 'SLOTS');
    if (!Array.isArray(all)) throw new Error('CLUSTER SLOTS does not say');
    for (const one of all as readonly (readonly [number, number, readonly [string, number]])[]) {
      const [from, to, [, port]] = one;
      const found = this.primaries.find((primary) => primary.port === port);
      if (slot >= from && slot <= to && found !== undefined) return found;
    }
    throw new Error(`nobody serves slot ${slot}`);
  }

  /** Begins to move a slot, its keys with it: from now on both have a say in it. */
  async beginMove(slot: number, to: RedisServer): Promise<void> {
    const from = await this.holderOf(slot);
    await to.ask('CLUSTER', 'SETSLOT', `${slot}`, 'IMPORTING', await idOf(from));
    await from.ask('CLUSTER', 'SETSLOT', `${slot}`, 'MIGRATING', await idOf(to));
    const keys = await from.ask('CLUSTER', 'GETKEYSINSLOT', `${slot}`, '1000');
    for (const key of Array.isArray(keys) ? keys : []) {
      await from.ask('MIGRATE', '127.0.0.1', `${to.port}`, String(key), '0', '5000');
    }
  }

  async endMove(slot: number, to: RedisServer): Promise<void> {
    const id = await idOf(to);
    await to.ask('CLUSTER', 'SETSLOT', `${slot}`, 'NODE', id);
    for (const one of this.primaries) {
      if (one !== to) await one.ask('CLUSTER', 'SETSLOT', `${slot}`, 'NODE', id);
    }
  }

  async remove(): Promise<void> {
    for (const one of this.#servers) await one.remove();
  }

  get #servers(): readonly RedisServer[] {
    return [...this.primaries, ...this.copies];
  }

  async #join(): Promise<void> {
    const { length: count } = this.primaries;
    for (const [index, one] of this.#servers.entries()) {
      await one.ask('CLUSTER', 'SET-CONFIG-EPOCH', `${index + 1}`);
      const [from, behind] = [index, index + 1].map((part) => Math.floor((part * SLOTS) / count));
      if (index < count) await one.ask('CLUSTER', 'ADDSLOTSRANGE', `${from}`, `${behind! - 1}`);
      if (index === 0) continue;
      await this.primaries[0]!.ask('CLUSTER', 'MEET', '127.0.0.1', `${one.port}`, `${this.#buses[index]}`);
    }
    await this.whole();
    for (const [index, one] of this.copies.entries()) {
      await one.ask('CLUSTER', 'REPLICATE', await idOf(this.primaries[index]!));
      await until(async () => /master_link_status:up/.test(String(await one.ask('INFO'))), 'it is a copy');
    }
  }
}

const idOf = async (server: RedisServer): Promise<string> => String(await server.ask('CLUSTER', 'MYID'));

async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
  for (const startedAt = performance.now(); !await isSo(); await sleep(50)) {
    if (performance.now() - startedAt > READY_MS_MAX) throw new Error(`not in time: ${what}`);
  }
}
