// What `npm run test:services` runs: what only real servers show. They are fetched where they are not here.
// `-- redis kafka` runs only those lanes; with `-- --allow-missing` the rest may pass without a server.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { getKafka } from '../test/services/get-kafka.ts';
import { getPostgres } from '../test/services/get-postgres.ts';
import { getRedis } from '../test/services/get-redis.ts';
import { serviceCache } from '../test/services/service-cache.ts';
import { Progress } from './check/progress.ts';
import type { LaneReport } from './check/run-lane.ts';
import { chosenLanes, endLanesWithUs, runLanes, summarise } from './check/run-lanes.ts';
import { SERVICE_LANES, serviceTests } from './check/service-lane.ts';
import type { ServiceLane, ServiceName } from './check/service-lane.ts';

const GET: Readonly<Record<ServiceName, () => Promise<unknown>>> = {
  Redis: getRedis,
  Kafka: getKafka,
  PostgreSQL: getPostgres,
};
const ALLOW_MISSING = '--allow-missing';

const args = process.argv.slice(2);
const progress = new Progress();
const lanes = chosenLanes(SERVICE_LANES, args.filter((one) => one !== ALLOW_MISSING)).filter(hasTests);
const reasons = await fetchServices(new Set(lanes.flatMap(({ services }) => services)));
const missing = lanes.filter((lane) => reasonToSkip(lane) !== undefined);
for (const lane of missing) progress.note(lane.name, `NOT RUN: ${reasonToSkip(lane)}`);

const removeFolder = useFolderOfOurOwn();
endLanesWithUs(removeFolder);
const reports = await runLanes(lanes.filter((lane) => !missing.includes(lane)), progress);
removeFolder();
progress.stop();
const code = summarise([...reports, ...missing.map(skipped)], progress.seconds);
if (missing.length > 0) {
  console.log(`\nNot run: ${missing.map(({ name }) => name).join(', ')}; the reasons are above.`);
}
process.exitCode = missing.length > 0 && !args.includes(ALLOW_MISSING) ? 1 : code;

function hasTests({ name, needs }: ServiceLane): boolean {
  const has = serviceTests(needs).length > 0;
  if (!has) progress.absent(name, needs.join(' '));
  return has;
}

/** Why a server could not be had, by its name. */
async function fetchServices(names: ReadonlySet<ServiceName>): Promise<ReadonlyMap<ServiceName, string>> {
  const found = new Map<ServiceName, string>();
  for (const name of names) {
    const startedAtSeconds = progress.seconds;
    progress.started(name);
    try {
      await GET[name]();
      progress.note(name, `had in ${(progress.seconds - startedAtSeconds).toFixed(1)} s`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      found.set(name, reason);
      progress.note(name, 'cannot be had');
    }
  }
  return found;
}

function reasonToSkip({ services }: ServiceLane): string | undefined {
  return services.map((one) => reasons.get(one)).find((reason) => reason !== undefined);
}

/** Servers that are killed leave their data: all of it lies in one folder, which goes at the end. */
function useFolderOfOurOwn(): () => void {
  process.env['ASSAY_SERVICES'] = serviceCache();
  const folder = mkdtempSync(join(tmpdir(), 'assay-services-run-'));
  // PostgreSQL runs as another user where we are root.
  chmodSync(folder, 0o755);
  process.env['TMPDIR'] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}

function skipped({ name }: ServiceLane): LaneReport {
  return { name, passed: 0, failed: 0, skipped: 1, seconds: 0, output: '', failure: undefined };
}
