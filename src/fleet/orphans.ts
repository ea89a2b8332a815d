/**
 * What was placed in the shared logs and is not kept: as a rule it is on its way. Where its node died, it is
 * decided again, as a copy of it would be.
 */
import type { Clock } from '#ports/clock.ts';
import type { RepairableLog } from '#ports/window-repair.ts';
import type { FleetNode } from './fleet-node.ts';
import { readFlight, type FlightCall } from './flight-bytes.ts';

/** False where it must be tried again. */
export type Complete = (flight: FlightCall) => Promise<boolean>;

export interface OrphansParts {
  readonly log: RepairableLog;
  readonly clock: Pick<Clock, 'now'>;
  readonly complete: Complete | undefined;
  readonly orphanMs: number;
}

const COMPLETED_MS_MAX = 10_000;

/** Decides or records it on a node, as a copy of what came. */
export const completedOn = (node: Pick<FleetNode, 'decide' | 'record'>): Complete =>
  async ({ kind, call }) => {
    const again = { ...call, deadlineMs: COMPLETED_MS_MAX };
    const answer = kind === 'payment' ? await node.decide(again) : await node.record(again);
    return answer.kind !== 'refused' || answer.refusal.code !== 'log_unavailable';
  };

/** In one look; the others have the next. */
const COMPLETED_MAX = 100;

export class Orphans {
  readonly #parts: OrphansParts;
  /** Since when each was seen, by this clock: clocks of nodes differ. */
  #seen = new Map<string, number>();

  constructor(parts: OrphansParts) {
    this.#parts = parts;
  }

  /** How many were completed. Rejects with WindowLogUnavailable. */
  async look(): Promise<number> {
    const { log, clock, complete, orphanMs } = this.#parts;
    if (complete === undefined) return 0;
    const nowMs = clock.now();
    const before = this.#seen;
    const ids = await log.flights();
    this.#seen = new Map(ids.map((id) => [id, before.get(id) ?? nowMs]));
    const due = ids.filter((id) => nowMs - (this.#seen.get(id) ?? nowMs) >= orphanMs).slice(0, COMPLETED_MAX);
    const done: string[] = [];
    for (const id of due) {
      const bytes = await log.flight(id);
      if (bytes !== undefined && await complete(readFlight(bytes))) done.push(id);
    }
    if (done.length > 0) await log.landed(done);
    return done.length;
  }
}
