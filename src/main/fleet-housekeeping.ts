/** What is done beside the payments of a fleet: copies that are old go, and what differs is counted. */
import type { Measurement } from '#api/parts.ts';
import { messageOf } from '#domain/message-of.ts';
import type { DecisionIndex } from '#ports/decision-index.ts';

const LOOK_EVERY_MS = 10_000;
const EXPIRE_EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;

export interface HousekeepingParts {
  readonly index: Pick<DecisionIndex, 'expire' | 'differences'>;
  /** Records of the topic that are not in the index. */
  readonly lag: () => Promise<number>;
  /** Undefined: for ever. */
  readonly retentionDays: number | undefined;
  readonly tell: (what: string) => void;
}

export interface Housekeeping {
  measurements(): readonly Measurement[];
  close(): void;
}

/** Every node may do it: to take away again what is gone changes nothing. */
export function keepHouse({ index, lag, retentionDays, tell }: HousekeepingParts): Housekeeping {
  const seen = { lag: Number.NaN, differing: Number.NaN, keptFromMs: 0 };
  const look = async (): Promise<void> => {
    seen.lag = await lag().catch(() => Number.NaN);
    seen.differing = await index.differences(1).then(({ count }) => count, () => Number.NaN);
  };
  const expire = async (days: number): Promise<void> => {
    try {
      seen.keptFromMs = await index.expire(Date.now() - days * DAY_MS);
    } catch (error) {
      tell(`retention: nothing was taken away, and it is tried again within the hour: ${messageOf(error)}`);
    }
  };
  const timers = [setInterval(() => { void look(); }, LOOK_EVERY_MS)];
  if (retentionDays !== undefined) {
    void expire(retentionDays);
    timers.push(setInterval(() => { void expire(retentionDays); }, EXPIRE_EVERY_MS));
  }
  for (const timer of timers) timer.unref();
  return {
    measurements: () => [
      { name: 'assay_index_lag', type: 'gauge', samples: [[{}, seen.lag]],
        help: 'Records of the topic of decisions that are not in PostgreSQL; NaN while nobody says.' },
      { name: 'assay_index_differing_total', type: 'counter', samples: [[{}, seen.differing]],
        help: 'Copies in the topic of decisions that are not what the first of their key is.' },
      { name: 'assay_index_kept_from_seconds', type: 'gauge', samples: [[{}, seen.keptFromMs / 1_000]],
        help: 'Time from which all decisions are in PostgreSQL; 0 where none was taken away.' },
    ],
    close() {
      for (const timer of timers) clearInterval(timer);
    },
  };
}
