/**
 * Explanations, made in threads that are there while they are asked for. They read the log themselves; the
 * deciding thread reads the one record and looks up an entity's positions in its windows. What has to read
 * the log again up to the decision goes on in a thread and a queue of its own, so that it holds up no other.
 */
import { Worker } from 'node:worker_threads';
import { LIMITS } from '#domain/limits.ts';
import type { Engine } from '#decisioning/engine.ts';
import { earlierDecisions } from '#explain/earlier-decisions.ts';
import type { Explanation, NotExplained } from '#explain/explanation.ts';
import type { LogRecord } from '#ports/decision-log.ts';
import { ExplainingQueue } from './explaining-queue.ts';

/** What a thread is given when it starts. */
export interface ExplainerData { readonly folder: string }

export interface ExplainingThread {
  /** Undefined: the tenant has no decision with that id. `busy`: too many wait. */
  explain(tenant: string, id: string, aml: boolean): Promise<Explanation | NotExplained | 'busy' | undefined>;
  stop(): Promise<void>;
}

/** The first one of a thread opens the log and compiles. */
const EXPLAIN_MS_MAX = 120_000;
/** Reads up to `LIMITS.explainReplayRecordsMax` records. */
const REPLAY_MS_MAX = 300_000;
const IDLE_MS = 60_000;

export function explainingThread(
  engine: Engine, folder: string, tell: (line: string) => void,
): ExplainingThread {
  const queue = (waitingCountMax: number, answerMsMax: number, heapMiBMax: number): ExplainingQueue =>
    new ExplainingQueue({
      waitingCountMax, answerMsMax, idleMs: IDLE_MS, tell,
      newThread: () => new Worker(new URL('./explain-worker.ts', import.meta.url), {
        workerData: { folder } satisfies ExplainerData,
        resourceLimits: { maxOldGenerationSizeMb: heapMiBMax },
      }),
      earlier: (what) => earlierDecisions(engine.state.store, engine.state.schema, what),
    });
  const quick = queue(LIMITS.explanationsWaitingMax, EXPLAIN_MS_MAX, LIMITS.explainHeapMiBMax);
  const replays = queue(LIMITS.explainReplaysWaitingMax, REPLAY_MS_MAX, LIMITS.explainReplayHeapMiBMax);
  return {
    async explain(tenant, id, aml) {
      const found = await engine.decisionRecord(tenant, id);
      if (found === undefined) return undefined;
      const order = {
        kind: 'explain', record: copied(found), aml, durable: engine.measurements().logPosition,
      } as const;
      const told = await quick.explain({ ...order, mayReplay: false });
      if (told !== 'needs_replay') return told;
      const replayed = await replays.explain({ ...order, mayReplay: true });
      if (replayed === 'needs_replay') throw new Error('what may replay asked for a replay');
      return replayed;
    },
    async stop() {
      await Promise.all([quick.stop(), replays.stop()]);
    },
  };
}

/** Its parts are views of what was read from the disk, which would be copied with them. */
const copied = (record: LogRecord): LogRecord =>
  ({ ...record, parts: record.parts.map((part) => new Uint8Array(part)) });
