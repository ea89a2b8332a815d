/** Payments from Kafka, wired: a member of the group of all nodes, and how far behind it is. */
import { setTimeout as sleep } from 'node:timers/promises';
import { KafkaTopic } from '#adapters/kafka/topic.ts';
import { KafkaTopicGroup } from '#adapters/kafka/topic-group.ts';
import type { Measurement } from '#api/parts.ts';
import { messageOf } from '#domain/message-of.ts';
import type { FleetNode } from '#fleet/fleet-node.ts';
import { Intake, type IntakeMeasurements } from '#intake/intake.ts';
import type { FleetSettings } from './fleet-settings.ts';
import { DEAD_LETTERS, TRANSACTIONS } from './fleet-topics.ts';
import { systemClock } from './system-clock.ts';

const GROUP = 'assay';
const LAG_EVERY_MS = 5_000;
/** After what no retry mends: somebody may have mended it. */
const AGAIN_MS = 60_000;

export interface OpenedIntake {
  measurements(): readonly Measurement[];
  /** What is at work is decided and committed. */
  close(): Promise<void>;
}

/** Undefined where the environment asks for none. */
export async function openIntake(
  { kafka, intake: wanted }: FleetSettings, node: FleetNode, tell: (what: string) => void,
): Promise<OpenedIntake | undefined> {
  if (wanted === undefined) return undefined;
  const { member, tenant } = wanted;
  const transactions = await KafkaTopic.open({ connection: kafka, topic: TRANSACTIONS });
  const dead = await KafkaTopic.open({ connection: kafka, topic: DEAD_LETTERS });
  const group = new KafkaTopicGroup({ connection: kafka, topic: TRANSACTIONS, group: GROUP, member });
  const intake = new Intake({
    group, transactions, dead, tenant, tell, clock: systemClock,
    decide: (call) => node.decide(call), record: (call) => node.record(call),
  });
  const stopping = new AbortController();
  const running = keepRunning(intake, stopping.signal, tell);
  let lag = Number.NaN;
  const look = setInterval(() => {
    intake.lag().then((now) => { lag = now; }, () => { lag = Number.NaN; });
  }, LAG_EVERY_MS).unref();
  return {
    measurements: () => measured(intake.measurements, lag),
    async close() {
      clearInterval(look);
      stopping.abort();
      await running;
      await Promise.all([group, transactions, dead].map((one) => one.close()));
    },
  };
}

async function keepRunning(intake: Intake, stop: AbortSignal, tell: (what: string) => void): Promise<void> {
  while (!stop.aborted) {
    try {
      await intake.run(stop);
    } catch (error) {
      tell(`${TRANSACTIONS}: nothing is taken from it now: ${messageOf(error)}`);
      await sleep(AGAIN_MS, undefined, { signal: stop }).catch(() => {});
    }
  }
}

function measured(
  { isRunning, inFlight, retried, ...done }: IntakeMeasurements, lag: number,
): readonly Measurement[] {
  const results = Object.entries(done).map(([result, count]) => [{ result }, count] as const);
  return [
    { name: 'assay_intake_records_total', type: 'counter', samples: results,
      help: 'Records of the topic transactions that are done, by what became of them.' },
    { name: 'assay_intake_retries_total', type: 'counter', samples: [[{}, retried]],
      help: 'Tries of a record of the topic transactions beyond the first.' },
    { name: 'assay_intake_in_flight', type: 'gauge', samples: [[{}, inFlight]],
      help: 'Records of the topic transactions that are taken and not done.' },
    { name: 'assay_intake_lag', type: 'gauge', samples: [[{}, lag]],
      help: 'Records of the topic transactions that no node has committed; NaN while nobody says.' },
    { name: 'assay_intake_running', type: 'gauge', samples: [[{}, isRunning ? 1 : 0]],
      help: 'Whether this node takes from the topic transactions, 0 or 1.' },
  ];
}
