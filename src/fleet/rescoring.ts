/**
 * What a payment that was decided without windows would have been with them: judged again when it has its
 * places, by what is live on this node. The answer that was given stands; the difference is told.
 */
import { isRefusal, parseTransactionCall } from '#domain/parse-event.ts';
import { outcomeRank, type Outcome } from '#domain/outcome.ts';
import { windowsCause } from '#decisioning/decision-of.ts';
import { readDecision, requestBytes, splitKey } from '#decisioning/record.ts';
import type { EngineState } from '#decisioning/state.ts';
import type { LogRecord } from '#ports/decision-log.ts';
import type { WindowLog } from '#ports/window-log.ts';
import { caughtUp } from './caught-up.ts';
import { entryId, fleetPlace } from './identity.ts';
import { placesOf } from './places.ts';
import type { SharedWindows } from './shared-windows.ts';

export interface RescoringParts {
  readonly log: WindowLog;
  readonly state: EngineState;
  readonly windows: SharedWindows;
}

/** In the topic beside the record's places, as JSON. */
export interface Rescored {
  readonly outcome: Outcome;
  readonly fraud: { readonly outcome: Outcome; readonly score: number };
  readonly aml: { readonly outcome: Outcome; readonly score: number };
  /** Rules that would have acted, by id. */
  readonly rules: readonly string[];
}

export class Rescoring {
  readonly #parts: RescoringParts;
  /** Compared with what was answered. */
  readonly counts = { same: 0, graver: 0, milder: 0 };

  constructor(parts: RescoringParts) {
    this.#parts = parts;
  }

  /** Undefined for what was not decided without windows. Rejects with WindowLogUnavailable. */
  async rescore(record: LogRecord): Promise<Rescored | undefined> {
    if (record.kind !== 'decision') return undefined;
    const answered = readDecision(record);
    if (windowsCause(answered) === undefined) return undefined;
    const { log, state, windows } = this.#parts;
    const { tenant } = splitKey(record.key);
    const parsed = parseTransactionCall(requestBytes(record), state.schema, record.receivedAtMs, tenant);
    const admitted = isRefusal(parsed) ? parsed : state.admit(parsed.event);
    if (isRefusal(admitted)) return undefined;
    await caughtUp(log, windows, placesOf(state.schema, admitted).map(({ name }) => name));
    const row = windows.place(admitted.event);
    const { decision } = state.judgeRow(admitted, row, fleetPlace(entryId(record.key), {}));
    const difference = outcomeRank(decision.outcome) - outcomeRank(answered.outcome);
    this.counts[difference === 0 ? 'same' : difference > 0 ? 'graver' : 'milder'] += 1;
    const { outcome, fraud, aml, reasons } = decision;
    return {
      outcome, rules: reasons.map(({ rule }) => rule),
      fraud: { outcome: fraud.outcome, score: fraud.score }, aml: { outcome: aml.outcome, score: aml.score },
    };
  }
}
