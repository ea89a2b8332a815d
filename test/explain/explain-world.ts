/** What explains the decisions of an engine of the tests, as a process wires it. */
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import type { EventSchema } from '#domain/field.ts';
import type { LogReader, LogRecord } from '#ports/decision-log.ts';
import { earlierDecisions } from '#explain/earlier-decisions.ts';
import type { ExplainSources } from '#explain/explain.ts';
import { LiveAt } from '#explain/live-at.ts';
import { replayOne } from '#explain/replay-one.ts';
import { openDecisionLog } from '#adapters/log-files/decision-log-open.ts';
import type { EngineState } from '#decisioning/state.ts';
import type { EngineWorld } from '../engine/engine-world.ts';

export interface ExplainWorld {
  readonly sources: ExplainSources;
  readonly log: LogReader;
  readonly decisions: readonly number[];
  record(position: number): Promise<LogRecord>;
}

/** Of a world whose engine has been closed; `state` is what it ended with. */
export async function explainWorld(world: EngineWorld, state: EngineState): Promise<ExplainWorld> {
  const { log } = await openDecisionLog(world.disk.boot(), { folder: 'data/log' });
  const decisions: number[] = [];
  for await (const record of log.read(1)) if (record.kind === 'decision') decisions.push(record.position);
  const newStore = (schema: EventSchema): LocalWindowStore => new LocalWindowStore(schema);
  const { schema, store } = state;
  const snapshots = { latest: () => Promise.resolve(undefined), save: () => Promise.resolve() };
  const sources: ExplainSources = {
    get: (position) => log.get(position),
    earlier: (ask) => Promise.resolve(earlierDecisions(store, schema, ask)),
    liveAt: new LiveAt({ get: (position) => log.get(position), newStore }),
    replayOne: (record) =>
      replayOne(record, { log, snapshots, schema, newWindowStore: () => newStore(schema) }),
  };
  return {
    sources, log, decisions,
    async record(position) {
      const record = await log.get(position);
      if (record === undefined) throw new Error(`nothing at ${position}`);
      return record;
    },
  };
}
