/**
 * Challengers beside the champion: a backtest that does not end. It follows the log's tail, judges each
 * payment
 * on the windows and marks that the champion saw, and learns labels as they come.
 */
import type { EventSchema } from '#domain/field.ts';
import type { Amendment, Challenger, Publication } from '#decisioning/publication.ts';
import type { PersistentWindowStore } from '#ports/window-store.ts';
import { armsOf, type ArmReport } from './arms.ts';
import { BacktestRun } from './backtest.ts';
import { withPolicies } from './candidate-publication.ts';
import type { History } from './history.ts';
import { makeReport } from './make-report.ts';
import type { BacktestOrder } from './order.ts';
import type { BacktestReport } from './report.ts';

export interface ShadowReport {
  /** Last position of the log that is in it. */
  readonly position: number;
  /** Undefined until a payment has been judged. */
  readonly comparison: BacktestReport | undefined;
  readonly arms: readonly ArmReport[];
}

export interface ShadowOrder {
  readonly publication: Publication;
  readonly challengers: readonly Pick<Challenger, 'file' | 'source'>[];
  /** Arrival time of the record that set them. */
  readonly fromMs: number;
}

export interface ShadowParts {
  readonly history: History;
  readonly schema: EventSchema;
  readonly newWindowStore: () => PersistentWindowStore;
  /** Resolves when the log has grown; false to end. */
  readonly more: () => Promise<boolean>;
  /** Asked often, also far from the end of the log. */
  readonly cancelled?: () => boolean;
  readonly checkpoint?: { readonly file: string; readonly everyMs: number };
}

/** Which challengers an amendment sets, as an order; undefined for none. */
export function shadowOrderOf(
  publication: Publication, amendment: Pick<Amendment, 'challengers'> | undefined, fromMs: number,
): ShadowOrder | undefined {
  const challengers = (amendment?.challengers ?? []).map(({ file, source }) => ({ file, source }));
  return challengers.length === 0 ? undefined : { publication, challengers, fromMs };
}

export class ShadowComparison {
  readonly #run: BacktestRun;
  readonly #title: string;

  constructor({ publication, challengers, fromMs }: ShadowOrder, parts: ShadowParts) {
    const order: BacktestOrder = {
      baseline: 'recorded', fromMs, untilMs: Infinity, capacityPerDay: undefined, labels: [],
      candidates: challengers.map((challenger, i) => ({
        name: challengers.filter(({ file }) => file === challenger.file).length > 1
          ? `${challenger.file} ${i + 1}` : challenger.file,
        publication: withPolicies(publication, [challenger]),
      })),
    };
    this.#title = parts.history.title;
    this.#run = new BacktestRun(order, { ...parts, marks: 'recorded' });
  }

  /** Until `more` says so, or it is cancelled: what was read is in the checkpoint then. */
  async follow(): Promise<void> {
    await this.#run.run();
  }

  report(): ShadowReport {
    const { judging, position } = this.#run;
    const judged = judging.accounts.counts.payments > 0;
    return {
      position, arms: armsOf(judging), comparison: judged ? makeReport(this.#run, this.#title) : undefined,
    };
  }
}
