/**
 * Explanations, one after the other, in a thread that is there while they are asked for. The deciding thread
 * reads records for it and looks up an entity's positions; compiling and judging again is the other's.
 */
import { Worker } from 'node:worker_threads';
import { LIMITS } from '#domain/limits.ts';
import type { Engine } from '#decisioning/engine.ts';
import { earlierDecisions, type EarlierAsk } from '#explain/earlier-decisions.ts';
import type { Explanation, NotExplained } from '#explain/explanation.ts';
import type { LogRecord } from '#ports/decision-log.ts';

/** What the thread is given when it starts. */
export interface ExplainerData { readonly folder: string }

export type ToExplainer =
  | { readonly kind: 'explain'; readonly record: LogRecord; readonly aml: boolean; readonly durable: number }
  | { readonly kind: 'reply'; readonly ask: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly ask: number; readonly message: string };

export type FromExplainer =
  | { readonly kind: 'get'; readonly ask: number; readonly position: number }
  | { readonly kind: 'earlier'; readonly ask: number; readonly what: EarlierAsk }
  | { readonly kind: 'explained'; readonly explanation: Explanation | NotExplained }
  | { readonly kind: 'failed'; readonly message: string };

export interface ExplainingThread {
  /** Undefined: the tenant has no decision with that id. `busy`: too many wait. */
  explain(tenant: string, id: string, aml: boolean): Promise<Explanation | NotExplained | 'busy' | undefined>;
  stop(): Promise<void>;
}

/** A replay reads the log up to the decision; what takes longer than this has gone wrong. */
const EXPLAIN_MS_MAX = 300_000;
const IDLE_MS = 60_000;

export function explainingThread(engine: Engine, folder: string): ExplainingThread {
  let worker: Worker | undefined;
  let idle: NodeJS.Timeout | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  const end = async (): Promise<void> => {
    clearTimeout(idle);
    const ending = worker;
    worker = undefined;
    await ending?.terminate();
  };
  const running = (): Worker => {
    clearTimeout(idle);
    worker ??= new Worker(new URL('./explain-worker.ts', import.meta.url), {
      workerData: { folder } satisfies ExplainerData,
    });
    return worker;
  };
  const one = async (record: LogRecord, aml: boolean): Promise<Explanation | NotExplained> => {
    const thread = running();
    try {
      return await explainIn(thread, engine, { kind: 'explain', record: copied(record), aml,
        durable: engine.measurements().logPosition });
    } catch (error) {
      if (worker === thread) await end();
      throw error;
    } finally {
      idle = setTimeout(() => { void end(); }, IDLE_MS).unref();
    }
  };
  return {
    async explain(tenant, id, aml) {
      const record = await engine.decisionRecord(tenant, id);
      if (record === undefined) return undefined;
      if (waiting >= LIMITS.explanationsWaitingMax) return 'busy';
      waiting += 1;
      const turn = last.then(() => one(record, aml));
      last = turn.catch(() => {}).finally(() => { waiting -= 1; });
      return turn;
    },
    stop: end,
  };
}

/** The answer to one order; what the thread asks meanwhile is answered from the engine. */
function explainIn(thread: Worker, engine: Engine, order: ToExplainer): Promise<Explanation | NotExplained> {
  return new Promise((resolve, reject) => {
    const post = (message: ToExplainer): void => { thread.postMessage(message); };
    const answer = (ask: number, value: Promise<unknown>): void => {
      value.then((found) => { post({ kind: 'reply', ask, value: found }); },
        (error: unknown) => { post({ kind: 'failure', ask, message: String(error) }); });
    };
    const heard = (message: FromExplainer): void => {
      switch (message.kind) {
        case 'get':
          answer(message.ask, engine.recordAt(message.position).then((found) => found && copied(found)));
          return;
        case 'earlier': {
          const { store, schema } = engine.state;
          answer(message.ask, Promise.resolve(earlierDecisions(store, schema, message.what)));
          return;
        }
        case 'explained': done(() => { resolve(message.explanation); }); return;
        case 'failed': done(() => { reject(new Error(message.message)); }); return;
        default: message satisfies never;
      }
    };
    const broke = (why: unknown): void => {
      done(() => { reject(new Error(`the explaining thread ended: ${String(why)}`)); });
    };
    const late = setTimeout(() => { broke(`no answer in ${EXPLAIN_MS_MAX} ms`); }, EXPLAIN_MS_MAX).unref();
    const done = (settle: () => void): void => {
      clearTimeout(late);
      thread.off('message', heard).off('error', broke).off('exit', broke);
      settle();
    };
    thread.on('message', heard).on('error', broke).on('exit', broke);
    post(order);
  });
}

/** Its parts are views of what was read from the disk, which would be copied with them. */
const copied = (record: LogRecord): LogRecord =>
  ({ ...record, parts: record.parts.map((part) => new Uint8Array(part)) });
