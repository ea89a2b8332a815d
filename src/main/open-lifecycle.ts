/** The life cycle of a running server: over its engine, its records, and a thread that checks documents. */
import { messageOf } from '#domain/message-of.ts';
import type { LiveEngine } from '#lifecycle/parts.ts';
import type { BacktestRunner } from '#lifecycle/backtest-runner.ts';
import { Lifecycle } from '#lifecycle/lifecycle.ts';
import { Seals } from '#lifecycle/seals.ts';
import type { Clock } from '#ports/clock.ts';
import { SYSTEM_PERSON, type ListedKey } from '#ports/key-store.ts';
import { RecordsUnavailable, type RecordStore } from '#ports/records.ts';
import { checkingThread } from './checking-thread.ts';
import { listReader } from './list-reader.ts';

const RETRY_MS = 2_000;

export interface LifecycleOrder {
  readonly engine: LiveEngine;
  readonly records: RecordStore;
  readonly sealKey: Uint8Array;
  readonly clock: Clock;
  readonly tell: (line: string) => void;
  readonly backtests?: BacktestRunner;
  readonly shadow?: (() => Promise<object | undefined>) | undefined;
  /** Keys as they are now: each that is new or revoked gets its line in the audit. */
  readonly keys: () => readonly ListedKey[];
}

export interface RunningLifecycle {
  readonly life: Lifecycle;
  /** The records have learnt what the log says. */
  readonly caughtUp: Promise<void>;
  /** The keys may have changed. */
  keysChanged(): void;
  stop(): Promise<void>;
}

export function openLifecycle(order: LifecycleOrder): RunningLifecycle {
  const { engine, records, sealKey, clock, tell, backtests, shadow, keys } = order;
  const checking = checkingThread(engine.inForce().publication.custom);
  const lists = listReader();
  const life = new Lifecycle({
    records, engine, check: checking.check, readList: lists.read,
    seals: new Seals(sealKey), now: () => clock.now(), backtests, shadow,
  });
  let stopped = false;
  let told = '';
  /** Until it succeeds: the records may be opening, or away. */
  const untilDone = async (what: string, step: () => Promise<void>): Promise<void> => {
    while (!stopped) {
      try {
        await step();
        return;
      } catch (error) {
        const why = `${what}: ${messageOf(error)}`;
        const isOpening = error instanceof RecordsUnavailable && error.code === 'starting';
        if (why !== told && !stopped && !isOpening) tell(why);
        told = why;
      }
      await clock.sleep(RETRY_MS);
    }
  };
  const caughtUp = untilDone('records', () => life.catchUp());
  let noting = caughtUp;
  const noted = new Set<string>();
  const keysChanged = (): void => {
    noting = noting.then(() => untilDone('records of keys', () => noteKeys(records, keys(), clock, noted)));
  };
  keysChanged();
  return {
    life, caughtUp, keysChanged,
    async stop() {
      stopped = true;
      await Promise.all([checking.stop(), lists.stop()]);
      await records.close();
    },
  };
}

/** Whoever makes a key makes a person: that it was made, for whom and by whom, is on the record. */
async function noteKeys(
  records: RecordStore, keys: readonly ListedKey[], clock: Clock, noted: Set<string>,
): Promise<void> {
  for (const { id, name, tenant, scopes, person, roles, madeBy, createdAt, revokedAt } of keys) {
    const subject = `key/${id}`;
    const acts = revokedAt === undefined ? ['key.create'] : ['key.create', 'key.revoke'];
    for (const action of acts) {
      if (noted.has(`${action} ${id}`)) continue;
      const known = await records.auditOf(subject, { limit: 10, after: undefined });
      if (!known.some((entry) => entry.action === action)) {
        const detail = action === 'key.revoke' ? { revoked_at: revokedAt ?? '' } : {
          name, tenant, scopes, person: person ?? null, roles: roles ?? [], made_by: madeBy ?? null,
          created_at: createdAt,
        };
        const entry = { atMs: clock.now(), person: SYSTEM_PERSON, action, subject, detail };
        await records.change(entry, () => Promise.resolve(undefined));
      }
      noted.add(`${action} ${id}`);
    }
  }
}
