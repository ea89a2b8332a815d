import process from 'node:process';
import { parseArgs } from 'node:util';

export interface BenchArguments {
  readonly json: string | undefined;
  /** Engine rows, payments per second each. */
  readonly rates: readonly number[];
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** A policy document; without one, 100 rules over 30 windowed features. */
  readonly policy: string | undefined;
  readonly cards: number;
  /** Payments in the state before anything is measured. */
  readonly prefill: number;
  readonly seed: number;
  /** Minutes of a soak run instead of the table. */
  readonly soakMinutes: number | undefined;
  /** Publications while payments are decided, instead of the table. */
  readonly publish: number | undefined;
  /** A fleet over real servers, instead of the table. */
  readonly fleet: FleetArguments | undefined;
}

export interface FleetArguments {
  readonly nodeCount: number;
  /** Rows at growing rates until the fleet does not follow any more. */
  readonly sweep: boolean;
  /** Whether nodes copy what they decide to PostgreSQL, as they do by default. */
  readonly projects: boolean;
}

export const USAGE = `npm run bench -- [options]
  --json FILE        writes the rows as JSON too
  --rate N[,N...]    payments per second of the engine rows          500,1000,2000
  --seconds N        measured seconds of each row                    20
  --warm-up N        seconds before them                             5
  --policy FILE      another policy than 100 rules, 30 features
  --entities N       cards in the traffic                            20000
  --prefill N        payments in the state before the first row      100000; of a fleet 30000
  --seed N           of the traffic                                  1
  --publish N        p99 at the first rate with and without N publications over its time
  --fleet            nodes over real Redis, Kafka and PostgreSQL: steady, and with bursts of five times
    --nodes N        of the fleet                                    2
    --sweep          from the first rate up in steps of it, until it does not follow
    --no-projection  nothing is copied to PostgreSQL
  --soak MINUTES     one long run at the first rate; records memory every 10 s`;

/** Says what is wrong and ends the process with 2 where the arguments make no sense. */
export function parseBenchArguments(args: readonly string[]): BenchArguments {
  const option = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: option, rate: option, seconds: option, 'warm-up': option, policy: option,
      entities: option, prefill: option, seed: option, soak: option, publish: option,
      nodes: option, fleet: flag, sweep: flag, 'no-projection': flag, help: flag,
    },
  });
  if (values.help === true) {
    console.log(USAGE);
    process.exit(0);
  }
  const { fleet = false, sweep = false } = values;
  const usualRates = fleet ? (sweep ? '250' : '500') : values.soak !== undefined ? '1000'
    : values.publish !== undefined ? '2000' : '500,1000,2000';
  return {
    json: values.json,
    rates: (values.rate ?? usualRates).split(',')
      .map((text) => parseCount('rate', text)),
    seconds: parseCount('seconds', values.seconds ?? '20'),
    warmUpSeconds: parseCount('warm-up', values['warm-up'] ?? '5'),
    policy: values.policy,
    cards: parseCount('entities', values.entities ?? '20000'),
    prefill: parseCount('prefill', values.prefill ?? (fleet ? '30000' : '100000')),
    seed: parseCount('seed', values.seed ?? '1'),
    publish: values.publish === undefined ? undefined : parseCount('publish', values.publish),
    fleet: fleet ? {
      nodeCount: Math.max(1, parseCount('nodes', values.nodes ?? '2')), sweep,
      projects: values['no-projection'] !== true,
    } : undefined,
    soakMinutes: values.soak === undefined ? undefined : parseCount('soak', values.soak),
  };
}

function parseCount(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0 && text.trim() !== '') return value;
  console.error(`--${name} "${text}" is not a whole number\n${USAGE}`);
  return process.exit(2);
}
