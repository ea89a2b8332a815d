/**
 * The decision without windows, made beside the real one for a share of the payments, so that the way that is
 * taken when the logs are away is never cold, and so that it is known what it would cost. It answers nobody.
 */
import type { Decision } from '#domain/decision.ts';
import type { ParsedEvent } from '#domain/event.ts';
import { outcomeRank } from '#domain/outcome.ts';
import type { Admitted, EngineState } from '#decisioning/state.ts';

/** By the end of the decision's id, which is a hash: one in a hundred. */
const ONE_IN = 100;
const DIGITS = 8;

export class DegradedShadow {
  readonly #state: EngineState;
  /** Compared with the outcome that was answered; `failed`: it threw, or its policy could not be applied. */
  readonly counts = { same: 0, graver: 0, milder: 0, failed: 0 };

  constructor(state: EngineState) {
    this.#state = state;
  }

  /** Done when the answer is on its way. */
  decided(event: ParsedEvent, decision: Decision): void {
    const drawn = Number.parseInt(decision.id.slice(-DIGITS), 16);
    if (drawn % ONE_IN !== 0 || decision.degraded.length > 0) return;
    const { live: inForce } = this.#state;
    const live = inForce?.policyFor(event);
    const admitted = { kind: 'admitted', event, inForce, live, adjusted: undefined } as const;
    setImmediate(() => { this.#judge(admitted, decision); });
  }

  #judge(admitted: Admitted, { id, log_position: logPosition, outcome }: Decision): void {
    const { decision } = this.#state.judgeDegraded(admitted, { id, logPosition }, 'late');
    const isApplied = decision.degraded.every(({ part }) => part !== 'policy');
    const difference = outcomeRank(decision.outcome) - outcomeRank(outcome);
    if (!isApplied) this.counts.failed += 1;
    else if (difference === 0) this.counts.same += 1;
    else if (difference > 0) this.counts.graver += 1;
    else this.counts.milder += 1;
  }
}
