/**
 * `node bench/capacity.ts`: the table of docs/capacity.md, reckoned from what was measured. A number here is
 * a measurement that the page names, or a choice that the page gives its reason for.
 */
export interface UnitCosts {
  /** CPU a payment, us, at the rate that one node or shard is to have. */
  readonly nodeMicros: number;
  readonly redisMicros: number;
  /** Of one broker that has the record; every replica is taken to cost as much. */
  readonly kafkaMicros: number;
  readonly postgresMicros: number;
  /** Payments a second that one node is given; half a core or so, so that one of two may fail. */
  readonly perNode: number;
  /** Most of its one thread that a shard of Redis is to use. */
  readonly redisShare: number;
  readonly replicas: number;
  /** Bytes that a payment leaves behind. */
  readonly redisBytes: number;
  readonly kafkaBytes: number;
  readonly postgresBytes: number;
  readonly nodeBytes: number;
  /** Bytes on the network a payment: to Redis, and to each broker or reader of the topic. */
  readonly redisNetBytes: number;
  /** Of one entry in the log of one entity, and how many entities a payment has. */
  readonly entryBytes: number;
  readonly entities: number;
  readonly recordBytes: number;
}

export const MEASURED: UnitCosts = {
  nodeMicros: 605, redisMicros: 150, kafkaMicros: 230, postgresMicros: 90, perNode: 1_000, redisShare: 0.5,
  replicas: 3, redisBytes: 3_200, kafkaBytes: 3_030, postgresBytes: 2_340, nodeBytes: 374,
  redisNetBytes: 1_760, entryBytes: 290, entities: 6, recordBytes: 3_030,
};

export const RATES = [100, 1_000, 10_000, 100_000] as const;
const DAY_SECONDS = 86_400;
const TWO = 2;

/** What so many payments a second take, as the cells of one column. */
export function capacityAt(
  rate: number, costs: UnitCosts,
): readonly (readonly [what: string, value: string])[] {
  const cores = (micros: number): number => (rate * micros) / 1e6;
  // One more than carry it: any may fail, and each can be replaced while the others work.
  const nodes = Math.max(TWO, Math.ceil(rate / costs.perNode) + 1);
  const shards = Math.max(1, Math.ceil(cores(costs.redisMicros) / costs.redisShare));
  const perDay = (bytes: number): string => bytesText(rate * DAY_SECONDS * bytes);
  const perSecond = (bytes: number): string => `${bytesText(rate * bytes)}/s`;
  return [
    ['nodes, one spare', `${nodes}`],
    ['cores of nodes', coresText(cores(costs.nodeMicros))],
    ['cores of Redis', coresText(cores(costs.redisMicros))],
    ['shards of Redis', `${shards}`],
    [`cores of Kafka, ${costs.replicas} replicas`, coresText(cores(costs.kafkaMicros) * costs.replicas)],
    ['partitions of `decisions`', `${partitionsFor(rate)}`],
    ['cores of PostgreSQL', coresText(cores(costs.postgresMicros))],
    ['memory of Redis, a day of payments', perDay(costs.redisBytes)],
    ['memory of all nodes, a day of payments', perDay(costs.nodeBytes * nodes)],
    [`disks of Kafka, a day, ${costs.replicas} replicas`, perDay(costs.kafkaBytes * costs.replicas)],
    ['disk of PostgreSQL, a day', perDay(costs.postgresBytes)],
    ['network to Redis', perSecond(costs.redisNetBytes)],
    // Every other node appended one to each log since this one saw it, where the log is as long.
    ['network from Redis, at most', perSecond(costs.entities * costs.entryBytes * (nodes - 1))],
    // Once in, once to each other replica, once to the projector and to the restorer.
    ['network of Kafka', perSecond(costs.recordBytes * (costs.replicas + TWO))],
  ];
}

/** As many as have their batch filled while one is on its way; never less than the default. */
const partitionsFor = (rate: number): number => Math.max(12, Math.ceil(rate / 1_000) * TWO);

/** A Markdown table: a row for each thing, a column for each rate. */
export function capacityTable(costs: UnitCosts): string {
  const columns = RATES.map((rate) => capacityAt(rate, costs));
  const [first = []] = columns;
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    row(['payments a second', ...RATES.map((rate) => rate.toLocaleString('en'))]),
    row(['---', ...RATES.map(() => '--:')]),
    ...first.map(([what], i) => row([what, ...columns.map((column) => column[i]?.[1] ?? '')])),
  ].join('\n');
}

const coresText = (cores: number): string => cores.toFixed(cores < 1 ? 2 : cores < 10 ? 1 : 0);

function bytesText(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'];
  let [value, unit] = [bytes, 0];
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ${units[unit] ?? ''}`;
}

if (import.meta.main) console.log(capacityTable(MEASURED));
