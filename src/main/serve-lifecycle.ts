/** The life cycle beside a server: opened in the background, so that the first decision does not wait. */
import { openSealKey } from '#adapters/key-file/seal-key.ts';
import { messageOf } from '#domain/message-of.ts';
import type { BacktestRunner } from '#lifecycle/backtest-runner.ts';
import type { Lifecycle } from '#lifecycle/lifecycle.ts';
import type { LiveEngine } from '#lifecycle/parts.ts';
import type { RecordStore } from '#ports/records.ts';
import type { LiveKeys } from './live-keys.ts';
import { openLifecycle, type RunningLifecycle } from './open-lifecycle.ts';
import { openRecords, type RecordsPlace } from './open-records.ts';
import type { ShadowKeeper } from './shadow-keeper.ts';
import { systemClock } from './system-clock.ts';

export interface LifecycleServing {
  readonly engine: LiveEngine;
  /** Where the key of the seals is. */
  readonly folder: string;
  readonly place: RecordsPlace;
  readonly keys: LiveKeys;
  readonly tell: (line: string) => void;
  /** Of a fleet: before anything is sealed, that this is the key of the other nodes. */
  readonly claim?: (records: RecordStore, sealKey: Uint8Array) => Promise<void>;
  /** Who judges the past again, over the same records; without, no backtests are run. */
  readonly backtests?: (records: RecordStore) => BacktestRunner & { stop(): Promise<void> };
  /** What challengers would have answered. */
  readonly shadow?: ShadowKeeper;
}

export interface ServedLifecycle {
  /** Undefined while it is being opened. */
  lifecycle(): Lifecycle | undefined;
  /** The brake has acted: who did it is on the record too. */
  braked(): void;
  stop(): Promise<void>;
}

const EXPIRY_LOOK_MS = 3_600_000;

export function serveLifecycle(
  { engine, folder, place, keys, tell, claim, backtests, shadow }: LifecycleServing,
): ServedLifecycle {
  let running: RunningLifecycle | undefined;
  let runner: ReturnType<NonNullable<typeof backtests>> | undefined;
  let stopped = false;
  const tellOverdue = (): void => {
    for (const { policy, until = '' } of running?.life.overdue() ?? []) {
      tell(`policies: ${policy} was meant to hold until ${until}, and goes on deciding until another is `
        + `published`);
    }
  };
  const opened = (async () => {
    const [sealKey, { store }] = await Promise.all([openSealKey(folder), openRecords(place, tell)]);
    try {
      await claim?.(store, sealKey);
    } catch (error) {
      await store.close();
      throw error;
    }
    runner = backtests?.(store);
    running = openLifecycle({
      engine, records: store, sealKey, clock: systemClock, tell, keys: () => keys.list(),
      shadow: shadow && (() => shadow.shadowReport()),
      ...(runner === undefined ? {} : { backtests: runner }),
    });
    keys.onRead(() => { running?.keysChanged(); });
    if (stopped) await running.stop();
    else tellOverdue();
  })().catch((error: unknown) => {
    tell(`life cycle: not opened: ${messageOf(error)}`);
  });
  const timer = setInterval(tellOverdue, EXPIRY_LOOK_MS);
  timer.unref();
  return {
    lifecycle: () => running?.life,
    braked: () => { running?.life.braked(); },
    async stop() {
      stopped = true;
      clearInterval(timer);
      await opened;
      await Promise.all([runner?.stop(), shadow?.stop()]);
      await running?.stop();
    },
  };
}
