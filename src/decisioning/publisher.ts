/**
 * Publications and amendments, one after the other. What takes long (compiling, binding) is done in steps
 * while payments are decided; making it live is one step by reference, at one position of the log.
 */
import { LIMITS } from '#domain/limits.ts';
import type { Clock } from '#ports/clock.ts';
import type { DecisionLog } from '#ports/decision-log.ts';
import { stepByStep } from '#policy/steps.ts';
import type { LocalArrivals } from './local-arrivals.ts';
import type { Prepared, Wanted } from './prepare-policies.ts';
import {
  amendmentRecord, NOTHING_AMENDED, publicationContent, publicationRecord, type Amended, type Amendment,
  type Publication,
} from './publication.ts';
import { PublicationRefused } from './publication-refused.ts';

export interface PublisherParts {
  readonly log: DecisionLog;
  readonly clock: Clock;
  /** The one that decides now; throws LogUnavailable where nothing can be published. */
  readonly arrivals: () => LocalArrivals;
}

/** What an amendment changes, and by whom; a part that is absent stays as it is. */
export type Amending = Partial<Amended> & Pick<Amendment, 'person' | 'because'>
  & Partial<Pick<Amendment, 'approvals'>>;

/** Parts in the place of those a publication would keep; a function is given what is in force at its turn. */
export type Keeping = Partial<Amended> | ((inForce: Amended) => Partial<Amended>);

interface Ready { readonly arrivals: LocalArrivals; readonly prepared: Prepared }

/** Between steps, most of which are shorter: whoever publishes can wait, and payers have most of the time. */
const PAUSE_MS = 2;

export class Publisher {
  readonly #parts: PublisherParts;
  readonly #pause = (): Promise<void> => this.#parts.clock.sleep(PAUSE_MS);
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: PublisherParts) {
    this.#parts = parts;
  }

  publish(publication: Publication, keeping: Keeping): Promise<number> {
    return this.#inTurn(async () => {
      // Where nothing can be published now, that is said at once.
      this.#parts.arrivals();
      const content = await stepByStep(publicationContent(publication), this.#pause);
      if (content.length > LIMITS.publicationBytesMax) {
        throw new PublicationRefused([`the publication has ${content.length} bytes; at most `
          + `${LIMITS.publicationBytesMax} fit into the log: shorten notes, or split lists by their use`]);
      }
      const { arrivals, prepared } = await this.#prepared((inForce) => {
        const kept = inForce ?? NOTHING_AMENDED;
        const amended = typeof keeping === 'function' ? keeping(kept) : keeping;
        return { publication, amended, kept, nowMs: this.#parts.clock.now() };
      });
      const { log, clock } = this.#parts;
      const base = log.nextPosition;
      let durable = arrivals.append(publicationRecord(content, base, clock.now()));
      let position = base;
      let amendment: Amendment | undefined;
      if (Object.values(prepared.amended).some((part: readonly unknown[]) => part.length > 0)) {
        position = base + 1;
        const { person = 'assay' } = publication;
        amendment = {
          format: 1, base, ...prepared.amended, person, because: `in force with the publication at ${base}`,
          approvals: [],
        };
        // The publication alone would set free what the brake holds: a crash leaves both, or neither. A
        // failure of the first fails the second, and the arrivals have heard of it.
        durable = arrivals.append(amendmentRecord(amendment, position, clock.now()), 'joined');
      }
      arrivals.state.enact(prepared, { base, position, amendment });
      await durable;
      return base;
    });
  }

  amend(amending: Amending | ((inForce: Amended) => Amending)): Promise<number> {
    return this.#inTurn(async () => {
      let change: Amending | undefined;
      const { arrivals, prepared } = await this.#prepared((inForce, publication) => {
        if (publication === undefined) throw new PublicationRefused(['nothing is live to be amended']);
        const now = inForce ?? NOTHING_AMENDED;
        change = typeof amending === 'function' ? amending(now) : amending;
        const { modes = now.modes, snoozes = now.snoozes, challengers = now.challengers } = change;
        return { publication, amended: { modes, snoozes, challengers }, kept: NOTHING_AMENDED, nowMs: 0 };
      });
      const { log, clock } = this.#parts;
      const base = arrivals.state.live?.base ?? 0;
      const position = log.nextPosition;
      const { person, because, approvals = [] } = change ?? { person: '', because: '' };
      const amendment: Amendment = { format: 1, base, ...prepared.amended, person, because, approvals };
      const durable = arrivals.append(amendmentRecord(amendment, position, clock.now()));
      arrivals.state.enact(prepared, { base, position, amendment });
      await durable;
      return position;
    });
  }

  /**
   * In steps. Where the state was made again meanwhile, what was prepared is bound to windows of the past,
   * and it is prepared for those of now.
   */
  async #prepared(
    wanted: (inForce: Amended | undefined, publication: Publication | undefined) => Wanted,
  ): Promise<Ready> {
    for (;;) {
      const { state } = this.#parts.arrivals();
      const { live } = state;
      const steps = state.prepare(wanted(live?.amendment, live?.publication));
      const prepared = await stepByStep(steps, this.#pause);
      await stepByStep(state.warm(prepared), this.#pause);
      const arrivals = this.#parts.arrivals();
      if (arrivals.state === state && arrivals.sound) return { arrivals, prepared };
    }
  }

  #inTurn(act: () => Promise<number>): Promise<number> {
    const turn = this.#last.then(act);
    this.#last = turn.catch(() => {});
    return turn;
  }
}
