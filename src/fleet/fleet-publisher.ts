/**
 * What is in force on a node of a fleet, and how it changes: a node makes a record on what is in force here,
 * writes it to the topic, and hears from the topic, as all nodes do, whether it holds.
 */
import { LIMITS } from '#domain/limits.ts';
import { messageOf } from '#domain/message-of.ts';
import { Latest } from '#decisioning/latest.ts';
import {
  amendmentRecord, NOTHING_AMENDED, publicationContent, publicationRecord, type Amended, type Amendment,
  type Publication,
} from '#decisioning/publication.ts';
import { PublicationOvertaken, PublicationRefused } from '#decisioning/publication-refused.ts';
import type { Amending, Keeping } from '#decisioning/publisher.ts';
import type { EngineState } from '#decisioning/state.ts';
import { stepByStep } from '#policy/steps.ts';
import type { Clock } from '#ports/clock.ts';
import { LogUnavailable } from '#ports/decision-log.ts';
import { TopicUnavailable, type TopicRecord } from '#ports/topic.ts';
import { within } from '#ports/within.ts';
import { positionOf, publishedRecord, type FleetPublications, type Heard, type Kept }
  from './fleet-publications.ts';

export interface FleetPublisherParts {
  readonly publications: FleetPublications;
  readonly state: EngineState;
  readonly clock: Clock;
  readonly tell?: ((what: string) => void) | undefined;
}

/** Between steps of compiling: payments are decided meanwhile. */
const PAUSE_MS = 2;
/** What was written comes back by the topic; it is there, also where that takes longer. */
const HEARD_MS_MAX = 10_000;
/** Somebody else may be faster that often. */
const TRIES_MAX = 8;

/** Positions of which it is remembered when they were heard. */
const HEARD_KEPT = 64;

interface Standing {
  readonly publication: Publication;
  readonly amendment: Amendment | undefined;
  readonly base: number;
  readonly position: number;
}
interface Waiting {
  readonly position: number;
  readonly done: () => void;
  readonly fail: (why: Error) => void;
}

export class FleetPublisher {
  readonly #parts: FleetPublisherParts;
  readonly #pause: () => Promise<void>;
  readonly #heardAtMs = new Latest<number>(HEARD_KEPT);
  /** What is in force, as far as it was heard. */
  #standing: Standing | undefined;
  #waiting: readonly Waiting[] = [];
  #reached = 0;
  #apart: string | undefined;
  /** Why nothing is heard any more. */
  #deaf: LogUnavailable | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: FleetPublisherParts) {
    this.#parts = parts;
    this.#pause = () => parts.clock.sleep(PAUSE_MS);
  }

  /** Resolves when what is live is live here. Rejects where it cannot be learnt. */
  open(): Promise<void> {
    return this.#parts.publications.open((...heard) => this.#enact(...heard), (error) => {
      const why = `publications are not heard any more: ${messageOf(error)}`;
      this.#deafen(new LogUnavailable('io_error', why));
    });
  }

  /**
   * Why this node must not decide: it cannot make live what is live for the others. INVARIANT: two nodes that
   * decide do so by what was in force at one position or another of the same topic, and each decision names
   * its position.
   */
  get apart(): string | undefined { return this.#apart; }

  /** For how long it has been known what another node published; of what this one did: for ever. */
  foreignAgeMs(position: number): number {
    const heardAtMs = this.#heardAtMs.get(`${position}`);
    return heardAtMs === undefined ? Infinity : performance.now() - heardAtMs;
  }

  /**
   * The position from which on it decides, on this node when it resolves. `madeOn` is the base that it was
   * made on; default: the one at this call. Throws PublicationRefused; PublicationOvertaken where another was
   * faster; LogUnavailable, and then the topic may have it all the same.
   */
  publish(publication: Publication, keeping: Keeping = {}, madeOn = this.#base): Promise<number> {
    const { state, clock } = this.#parts;
    return this.#inTurn(async () => {
      this.#mustBeWhole();
      const content = await stepByStep(publicationContent(publication), this.#pause);
      if (content.length > LIMITS.publicationBytesMax) {
        throw new PublicationRefused([`the publication has ${content.length} bytes; at most `
          + `${LIMITS.publicationBytesMax} may go live: shorten notes, or split lists by their use`]);
      }
      return this.#untilItHolds(madeOn, async (inForce) => {
        const kept = state.live?.amendment ?? NOTHING_AMENDED;
        const amended = typeof keeping === 'function' ? keeping(kept) : keeping;
        const wanted = { publication, amended, kept, nowMs: clock.now() };
        const prepared = await stepByStep(state.prepare(wanted), this.#pause);
        const { person = 'assay' } = publication;
        return publishedRecord(publicationRecord(content, 0, clock.now()), inForce,
          keptOf(prepared.amended, person));
      });
    });
  }

  /** The same for an amendment; without `madeOn` of whatever publication is in force at its turn. */
  amend(amending: Amending | ((inForce: Amended) => Amending), madeOn?: number): Promise<number> {
    const { state, clock } = this.#parts;
    return this.#inTurn(() => this.#untilItHolds(madeOn, async (inForce) => {
      const { live } = state;
      if (live === undefined) throw new PublicationRefused(['nothing is live to be amended']);
      const now = live.amendment ?? NOTHING_AMENDED;
      const change = typeof amending === 'function' ? amending(now) : amending;
      const { modes = now.modes, snoozes = now.snoozes, challengers = now.challengers } = change;
      const amended = { modes, snoozes, challengers };
      const wanted = { publication: live.publication, amended, kept: NOTHING_AMENDED, nowMs: 0 };
      const prepared = await stepByStep(state.prepare(wanted), this.#pause);
      const { person, because, approvals = [] } = change;
      const { base } = live;
      const amendment: Amendment = { format: 1, base, ...prepared.amended, person, because, approvals };
      return publishedRecord(amendmentRecord(amendment, 0, clock.now()), inForce);
    }));
  }

  /** Resolves when all up to this position was heard, and is in force here where it holds. */
  async hasEnacted(position: number): Promise<void> {
    if (position <= this.#reached) return;
    if (this.#deaf !== undefined) throw this.#deaf;
    const { promise, resolve: done, reject: fail } = Promise.withResolvers<void>();
    this.#waiting = [...this.#waiting, { position, done, fail }];
    await promise;
  }

  async close(): Promise<void> {
    await this.#parts.publications.close();
    this.#deafen(new LogUnavailable('closed', 'this node stops'));
  }

  get #base(): number { return this.#parts.state.live?.base ?? 0; }

  async #untilItHolds(
    madeOn: number | undefined, make: (inForce: number) => Promise<TopicRecord>,
  ): Promise<number> {
    const { state, publications } = this.#parts;
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      this.#mustBeWhole();
      if (madeOn !== undefined && madeOn !== this.#base) break;
      const position = await this.#append(await make(state.live?.position ?? 0));
      if (publications.holds(position)) return position;
    }
    throw new PublicationOvertaken(madeOn ?? this.#base);
  }

  /** Settles when this node has heard of it. */
  async #append(record: TopicRecord): Promise<number> {
    try {
      const position = positionOf(await this.#parts.publications.append(record));
      await within(HEARD_MS_MAX, this.hasEnacted(position), () => new LogUnavailable('io_error',
        `what was published at position ${position} was not heard within ${HEARD_MS_MAX / 1_000} s`));
      for (const one of [position, position + 1]) this.#heardAtMs.put(`${one}`, -Infinity);
      return position;
    } catch (error) {
      if (!(error instanceof TopicUnavailable)) throw error;
      throw new LogUnavailable('io_error', `the topic of publications: ${error.message}`);
    }
  }

  /** What is past is not compiled: what is in force follows from the last of it. */
  async #enact(heard: Heard, isPast: boolean): Promise<void> {
    const { position } = heard;
    for (const one of [position, position + 1]) this.#heardAtMs.put(`${one}`, performance.now());
    if (heard.kind === 'holds') this.#standing = standingAfter(heard, this.#standing);
    if (heard.kind === 'void' && !isPast) this.#tell(`position ${position} is void: ${heard.why}`);
    if (heard.kind === 'unreadable') this.#goApart(position, heard.why);
    else if (!isPast) await this.#makeLive();
    this.#reached = position;
    const due = this.#waiting.filter((one) => one.position <= position);
    this.#waiting = this.#waiting.filter((one) => one.position > position);
    for (const { done } of due) done();
    // Whoever published it sees his own in force, and not what comes next.
    if (due.length > 0) await this.#pause();
  }

  async #makeLive(): Promise<void> {
    const { state } = this.#parts;
    const standing = this.#standing;
    if (standing === undefined || standing.position === state.live?.position) return;
    const { publication, amendment, position } = standing;
    try {
      const wanted = { publication, amended: amendment ?? {}, kept: NOTHING_AMENDED, nowMs: 0 };
      const prepared = await stepByStep(state.prepare(wanted), this.#pause);
      await stepByStep(state.warm(prepared), this.#pause);
      state.enact(prepared, standing);
      if (this.#apart !== undefined) this.#tell(`position ${position} is in force here; this node decides`);
      this.#apart = undefined;
    } catch (error) {
      this.#goApart(position, messageOf(error));
    }
  }

  #goApart(position: number, why: string): void {
    this.#apart = `what was published at position ${position} cannot go live on this node, which decides `
      + `nothing until something does that it can: ${why}`;
    this.#tell(this.#apart);
  }

  #deafen(why: LogUnavailable): void {
    this.#deaf = why;
    this.#apart ??= why.message;
    if (why.code !== 'closed') this.#tell(why.message);
    for (const { fail } of this.#waiting) fail(why);
    this.#waiting = [];
  }

  #mustBeWhole(): void {
    if (this.#deaf !== undefined) throw this.#deaf;
    if (this.#apart !== undefined) throw new LogUnavailable('io_error', this.#apart);
  }

  #tell(what: string): void {
    this.#parts.tell?.(`publications: ${what}`);
  }

  #inTurn(act: () => Promise<number>): Promise<number> {
    const turn = this.#last.then(act);
    this.#last = turn.catch(() => {});
    return turn;
  }
}

function standingAfter(heard: Extract<Heard, { kind: 'holds' }>, before: Standing | undefined): Standing {
  const { position: at, inForce: position, publication = before?.publication, amendment } = heard;
  if (publication === undefined) throw new Error('what amends nothing is void');
  return { publication, amendment, base: amendment?.base ?? at, position };
}

/** Undefined where nothing amends it. */
function keptOf({ modes, snoozes, challengers }: Amended, person: string): Kept | undefined {
  const count = modes.length + snoozes.length + challengers.length;
  return count === 0 ? undefined : { modes, snoozes, challengers, person };
}
