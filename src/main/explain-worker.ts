/**
 * A worker thread that explains decisions. It asks the deciding one for records; to replay, it reads the log
 * itself.
 */
import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { LocalLogReader } from '#adapters/log-files/decision-log-reader.ts';
import { nodeDisk } from '#adapters/log-files/node-disk.ts';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { readVersions } from '#decisioning/record.ts';
import { explain } from '#explain/explain.ts';
import { LiveAt, schemaNamed } from '#explain/live-at.ts';
import { replayOne, ReplayTooLong } from '#explain/replay-one.ts';
import type { EventSchema } from '#domain/field.ts';
import type { LogRecord } from '#ports/decision-log.ts';
import type { ExplainerData, FromExplainer, ToExplainer } from './explaining-thread.ts';
import { logPlaces, snapshotsIn } from './open-embedded.ts';

/** On Linux 0 is this thread alone: payments come first. */
setPriority(0, constants.priority.PRIORITY_BELOW_NORMAL);

const { folder } = workerData as ExplainerData;
const newStore = (schema: EventSchema): LocalWindowStore => new LocalWindowStore(schema);
const post = (message: FromExplainer): void => { parentPort?.postMessage(message); };

interface Asked { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void }
const asked = new Map<number, Asked>();
let lastAsk = 0;

function ask(what: (id: number) => FromExplainer): Promise<unknown> {
  lastAsk += 1;
  const id = lastAsk;
  post(what(id));
  return new Promise((resolve, reject) => { asked.set(id, { resolve, reject }); });
}

const get = (position: number): Promise<LogRecord | undefined> =>
  ask((id) => ({ kind: 'get', ask: id, position })) as Promise<LogRecord | undefined>;

/** Kept from one explanation to the next: the publications of its time stay compiled. */
const liveAt = new LiveAt({ get, newStore });

async function replayed(record: LogRecord, durable: number): ReturnType<typeof replayOne> {
  const log = await LocalLogReader.open(nodeDisk, logPlaces(folder), durable);
  const snapshots = snapshotsIn(folder, { disk: nodeDisk, log, opened: log.snapshot });
  const schema = schemaNamed(readVersions(record).schema);
  return replayOne(record, { log, snapshots, schema, newWindowStore: () => newStore(schema) });
}

async function explained({ record, aml, durable }: Extract<ToExplainer, { kind: 'explain' }>): Promise<void> {
  try {
    const sources = {
      get, earlier, liveAt,
      replayOne: (one: LogRecord) => replayed(one, durable),
    };
    post({ kind: 'explained', explanation: await explain(record, sources, { aml }) });
  } catch (error) {
    if (error instanceof ReplayTooLong) {
      post({ kind: 'explained', explanation: { notExplained: error.message } });
      return;
    }
    post({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  }
}

const earlier = (what: Extract<FromExplainer, { kind: 'earlier' }>['what']): Promise<readonly number[]> =>
  ask((id) => ({ kind: 'earlier', ask: id, what })) as Promise<readonly number[]>;

parentPort?.on('message', (message: ToExplainer) => {
  if (message.kind === 'explain') {
    void explained(message);
    return;
  }
  const one = asked.get(message.ask);
  asked.delete(message.ask);
  if (message.kind === 'reply') one?.resolve(message.value);
  else one?.reject(new Error(message.message));
});
