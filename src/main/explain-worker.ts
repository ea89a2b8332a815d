/**
 * A worker thread that explains decisions, one after the other. It reads the log itself, beside its writer;
 * what it asks the deciding thread is where an entity's earlier decisions stand.
 */
import { constants } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { LocalLogReader } from '#adapters/log-files/decision-log-reader.ts';
import { nodeDisk } from '#adapters/log-files/node-disk.ts';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { readVersions } from '#decisioning/record.ts';
import type { EarlierAsk } from '#explain/earlier-decisions.ts';
import { explainOrSay } from '#explain/explain.ts';
import { LiveAt, schemaNamed } from '#explain/live-at.ts';
import { replayOne } from '#explain/replay-one.ts';
import type { EventSchema } from '#domain/field.ts';
import { messageOf } from '#domain/message-of.ts';
import type { LogRecord } from '#ports/decision-log.ts';
import type { ExplainOrder, FromExplainer, ToExplainer } from './explaining-queue.ts';
import type { ExplainerData } from './explaining-thread.ts';
import { logPlaces, snapshotsIn } from './open-embedded.ts';
import { standBehindPayments } from './standing.ts';

standBehindPayments(constants.priority.PRIORITY_BELOW_NORMAL);

/** It has to be made by one who may read the log again. */
class NeedsReplay extends Error {}

const { folder } = workerData as ExplainerData;
const newStore = (schema: EventSchema): LocalWindowStore => new LocalWindowStore(schema);
const post = (message: FromExplainer): void => { parentPort?.postMessage(message); };

const asked = new Map<number, (positions: readonly number[]) => void>();
let lastAsk = 0;

function earlier(what: EarlierAsk): Promise<readonly number[]> {
  lastAsk += 1;
  const ask = lastAsk;
  post({ kind: 'earlier', ask, what });
  return new Promise((resolve) => { asked.set(ask, resolve); });
}

let log: LocalLogReader | undefined;

/** All that an explanation reads stands at or before the decision. */
async function logWith({ record, durable }: ExplainOrder): Promise<LocalLogReader> {
  log ??= await LocalLogReader.open(nodeDisk, logPlaces(folder), durable);
  if (log.durable.position < record.position) await log.advance(durable);
  return log;
}

/** Kept from one explanation to the next: the publications of its time stay compiled. */
const liveAt = new LiveAt({ get: (position) => Promise.resolve(log?.get(position)), newStore });

async function replayed(record: LogRecord, reader: LocalLogReader): ReturnType<typeof replayOne> {
  const snapshots = snapshotsIn(folder, { disk: nodeDisk, log: reader, opened: reader.snapshot });
  const schema = schemaNamed(readVersions(record).schema);
  return replayOne(record, { log: reader, snapshots, schema, newWindowStore: () => newStore(schema) });
}

async function explained(order: ExplainOrder): Promise<FromExplainer> {
  const { record, aml, mayReplay } = order;
  try {
    const reader = await logWith(order);
    const explanation = await explainOrSay(record, {
      get: (position) => reader.get(position), earlier, liveAt,
      replayOne(one) {
        if (!mayReplay) throw new NeedsReplay();
        return replayed(one, reader);
      },
    }, { aml });
    return { kind: 'explained', explanation };
  } catch (error) {
    if (error instanceof NeedsReplay) return { kind: 'needs_replay' };
    return { kind: 'failed', message: messageOf(error) };
  }
}

parentPort?.on('message', (message: ToExplainer) => {
  if (message.kind === 'explain') {
    void explained(message).then(post);
    return;
  }
  asked.get(message.ask)?.(message.positions);
  asked.delete(message.ask);
});
