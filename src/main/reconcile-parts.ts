/** What `assay reconcile` needs of the world: the servers of the fleet, as a node of it is told them. */
import process from 'node:process';
import { KafkaTopic } from '#adapters/kafka/topic.ts';
import { openPostgres } from '#adapters/postgres/postgres-source.ts';
import { openWindowLog } from '#adapters/redis/open-window-log.ts';
import type { ReconcileCliParts } from '#cli/reconcile.ts';
import { UsageError } from '#cli/shell.ts';
import { eventSchema } from '#domain/field.ts';
import type { WindowLog } from '#ports/window-log.ts';
import { reconcile, type Reconciliation } from '#projections/reconcile.ts';
import { SqlDecisionIndex } from '#projections/sql-decision-index.ts';
import { WindowCheck } from '#projections/window-check.ts';
import { fleetSettings, type FleetSettings } from './fleet-settings.ts';
import { readCustom } from './read-publication.ts';
import { REDIS_LOGS } from './redis-logs.ts';
import { policyFolder } from './settings.ts';

/** Whole logs are read: nobody waits for it. */
const ANSWER_MS_MAX = 10_000;

export const reconcileParts: ReconcileCliParts = {
  async reconcile(share) {
    const settings = fleetSettings(process.env);
    if (settings === undefined) {
      throw new UsageError('set ASSAY_KAFKA, ASSAY_REDIS and ASSAY_POSTGRES, as for a node of the fleet');
    }
    const topic = await KafkaTopic.open({ connection: settings.kafka, topic: 'decisions' });
    const { postgres: url, postgresOwner: ownerUrl } = settings;
    const index = new SqlDecisionIndex(await openPostgres({ url, ownerUrl }));
    try {
      if (share === 0) return await reconcile({ topic, index });
      return await withWindows(settings, (log, keptFromMs) => checked(topic, index, log, share, keptFromMs));
    } finally {
      await Promise.all([topic.close(), index.close()]);
    }
  },
};

async function checked(
  topic: KafkaTopic, index: SqlDecisionIndex, log: WindowLog, share: number, keptFromMs: number,
): Promise<Reconciliation> {
  const schema = eventSchema(await readCustom(policyFolder(process.env)));
  return reconcile({ topic, index, windows: new WindowCheck({ log, index, schema, share, keptFromMs }) });
}

async function withWindows<Result>(
  { redis }: FleetSettings, work: (log: WindowLog, keptFromMs: number) => Promise<Result>,
): Promise<Result> {
  const log = await openWindowLog({ url: redis, answerMsMax: ANSWER_MS_MAX, ...REDIS_LOGS });
  try {
    return await work(log, Date.now() - REDIS_LOGS.retentionMs);
  } finally {
    await log.close();
  }
}
