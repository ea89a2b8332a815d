import { globSync } from 'node:fs';
import { unitTests } from './count.ts';
import { ROOT, testRunner } from './lane.ts';
import type { Lane } from './lane.ts';

/** A server that tests need, and that is fetched where it is not here. */
export type ServiceName = 'Redis' | 'Kafka' | 'PostgreSQL';

/** Any file that one of its patterns matches makes it one; a lane of `npm test` needs one for each. */
export interface ServiceLane extends Lane {
  readonly services: readonly ServiceName[];
}

/** Brokers that are killed and come back take their time, on a busy machine more of it. */
const SECONDS_MAX = 900;
/** Sooner than the lane, so that a test that hangs is named. */
const TEST_SECONDS_MAX = 600;

/**
 * What `npm run test:services` runs, the longest first. The dotted ending of a test file says which lane
 * runs it: `topic.kafka.test.ts` is in the lane kafka. One without such an ending needs no server.
 */
export const SERVICE_LANES: readonly ServiceLane[] = [
  lane('kafka', ['Kafka'], ofKind('kafka')),
  lane('fleet', ['Redis', 'Kafka', 'PostgreSQL'], ofKind('fleet')),
  lane('redis', ['Redis'], ofKind('redis')),
  lane('postgres', ['PostgreSQL'], [
    ...ofKind('postgres'),
    'test/contracts/*.postgres.test.ts',
    'test/records/postgres.test.ts',
    'test/records/query-plans.test.ts',
  ]),
  lane('kit', [], ['test/services/**/!(*.*).test.ts']),
];

/** The files that are there. */
export function serviceTests(patterns: readonly string[]): readonly string[] {
  return patterns.flatMap((pattern) => globSync(pattern, { cwd: ROOT }));
}

function ofKind(kind: string): readonly string[] {
  return ['services', 'reliability'].map((folder) => `test/${folder}/**/*.${kind}.test.ts`);
}

function lane(name: string, services: readonly ServiceName[], needs: readonly string[]): ServiceLane {
  // One file at a time: each starts servers, and another lane runs beside this one.
  const limits = ['--test-concurrency=1', `--test-timeout=${TEST_SECONDS_MAX * 1000}`];
  const args = [...testRunner, ...limits, ...needs];
  return { name, needs, args, count: unitTests, secondsMax: SECONDS_MAX, services };
}
