/** The topics of a fleet, as the promises need them; one that is not is refused, with how to mend it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { checkTopic, createTopic, type WantedTopic } from '#adapters/kafka/check-topic.ts';
import type { KafkaConnection } from '#adapters/kafka/kafka-client.ts';
import { UsageError } from '#cli/shell.ts';
import { TopicUnavailable } from '#ports/topic.ts';
import type { FleetSettings } from './fleet-settings.ts';

export const TRANSACTIONS = 'transactions';
export const DEAD_LETTERS = 'transactions.dead';
/** Payments are decided while somebody waits; a week is for outages. */
const TRANSACTIONS_MS_MIN = 7 * 86_400_000;
const TRIES = 5;
const TRY_AGAIN_MS = 500;

/** Throws UsageError where a topic is not as it must be; creates those that are not there, if asked to. */
export async function checkTopics(settings: FleetSettings, tell: (what: string) => void): Promise<void> {
  for (const wanted of wantedTopics(settings)) await mustBeRight(settings, wanted, tell);
}

function wantedTopics({ partitions, replicas, intake }: FleetSettings): readonly WantedTopic[] {
  const inSyncMin = replicas === 1 ? 1 : Math.ceil((replicas + 1) / 2);
  const forEver = { replicas, inSyncMin, retentionMs: 'for ever' } as const;
  const wanted: WantedTopic[] = [
    { name: 'decisions', partitionCount: partitions, ...forEver },
    { name: 'publications', partitionCount: 1, ...forEver },
  ];
  if (intake === undefined) return wanted;
  return [
    ...wanted,
    { name: TRANSACTIONS, partitionCount: intake.partitions, ...forEver, retentionMs: TRANSACTIONS_MS_MIN },
    { name: DEAD_LETTERS, partitionCount: 1, ...forEver },
  ];
}

async function mustBeRight(
  { kafka, create }: FleetSettings, wanted: WantedTopic, tell: (what: string) => void,
): Promise<void> {
  const { name } = wanted;
  let wrong = await asked(kafka, () => checkTopic(kafka, wanted));
  if (wrong.length > 0 && create) {
    // Another node may have been first; what is wrong then is said by the look that follows.
    const created = await createTopic(kafka, wanted).then(() => true, () => false);
    if (created) tell(`kafka: topic ${name} was created`);
    wrong = await asked(kafka, () => checkTopic(kafka, wanted));
  }
  if (wrong.length === 0) return;
  throw new UsageError(`topic ${name} is not as it must be:\n  ${wrong.join('\n  ')}\n`
    + 'ASSAY_CREATE=1 creates topics that are not there, and changes none that are');
}

/** What Kafka says of a user or a certificate is said in words of the environment. */
async function asked<Answer>(kafka: KafkaConnection, ask: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 1;; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof TopicUnavailable)) throw error;
      if (error.code !== 'refused' && tries < TRIES) {
        await sleep(TRY_AGAIN_MS);
        continue;
      }
      throw new UsageError(`Kafka at ${kafka.brokers.join(', ')}: ${error.message}\n${MENDS}`);
    }
  }
}

const MENDS = 'brokers are ASSAY_KAFKA; TLS is ASSAY_KAFKA_TLS=1 or ASSAY_KAFKA_CA (a PEM file); who we are '
  + 'is ASSAY_KAFKA_USER, ASSAY_KAFKA_PASSWORD and ASSAY_KAFKA_MECHANISM';
