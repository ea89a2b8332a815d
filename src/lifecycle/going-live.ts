/**
 * What goes live goes into the decision log first, and its row into the records after it: the log says what
 * is
 * live. One after the other, and none while a row of an earlier one is not written.
 */
import {
  publicationHashSteps, type Amended, type Amendment, type Approval, type Publication,
} from '#decisioning/publication.ts';
import type { Keeping } from '#decisioning/publisher.ts';
import { PublicationOvertaken, PublicationRefused } from '#decisioning/publication-refused.ts';
import { formatInstant } from '#domain/instant.ts';
import { isRefusal } from '#domain/parse-event.ts';
import type { Refusal } from '#domain/refusal.ts';
import { LogUnavailable } from '#ports/decision-log.ts';
import {
  RecordsUnavailable, type ApprovalRecord, type Json, type PublicationRecord, type RecordWrites,
} from '#ports/records.ts';
import { stepsInTurns } from './in-turns.ts';
import type { Actor, InForceView, LifecycleParts } from './parts.ts';
import { audited, gateClosed, refuse, type Act } from './refuse.ts';
import { rowsFound } from './rows-found.ts';
import { hashOfJson, isMap } from './seals.ts';

export interface WentLive {
  readonly position: number;
  /** False: it is live, and its row in the records is written as soon as they can be. */
  readonly recorded: boolean;
  readonly notes: readonly string[];
}

/** One thing that is to be in force, and how it is written down. */
export interface LiveChange {
  readonly act: Act;
  readonly kind: PublicationRecord['kind'];
  readonly because: string;
  readonly notes?: readonly string[];
  /** Appends to the log; the position, and the content hash of what stands there. See LiveEngine. */
  readonly enact: (madeOn: number) => Promise<{ readonly position: number; readonly hash: string }>;
  /** What else is written with the row. */
  readonly also?: (writes: RecordWrites, atMs: number) => Promise<void>;
}

/** A row that is not written yet; without `atMs` it is of the moment when it is. */
export interface Pending {
  readonly person: string;
  readonly act: Act;
  readonly row: Omit<PublicationRecord, 'atMs'> & { readonly atMs?: number };
  readonly also?: LiveChange['also'];
}

export class GoingLive {
  readonly #parts: LifecycleParts;
  #last: Promise<unknown> = Promise.resolve();
  /**
   * INVARIANT: rows are written in the order of the log, and none is left out: so the newest row says up to
   * where the records know the log. At most one of a person waits, because the next one asks for its row
   * first.
   */
  #pending: Pending[] = [];
  /** Whether the log had something, since this start, that the records had not. */
  hasFound = false;
  /** Up to here a row is written, or waits; undefined: not yet asked for. */
  #knownTo: number | undefined;
  /** Base of what is live as the running step was told. */
  #madeOn = 0;

  constructor(parts: LifecycleParts) {
    this.#parts = parts;
  }

  /**
   * Runs when all before it have ended. `seen` is the position of the publication that the caller decided on:
   * where another is live by then, nothing is done.
   */
  serially<Result extends object>(
    seen: number | undefined, step: (live: InForceView) => Promise<Result | Refusal>,
  ): Promise<Result | Refusal> {
    const base = seen ?? this.#parts.engine.inForce().base;
    return this.inTurn((live) =>
      (live.base === base ? step(live) : Promise.resolve(meanwhile(base, live))));
  }

  /** The same for what does not depend on what was live at the call. */
  inTurn<Result extends object>(
    step: (live: InForceView) => Promise<Result | Refusal>,
  ): Promise<Result | Refusal> {
    const next = this.#last.then(async () => {
      await this.#settle();
      const live = this.#parts.engine.inForce();
      this.#madeOn = live.base;
      return step(live);
    });
    this.#last = next.catch(() => undefined);
    return next;
  }

  /** Within `serially`. */
  async goLive(actor: Pick<Actor, 'person'>, change: LiveChange): Promise<WentLive | Refusal> {
    let live: { readonly position: number; readonly hash: string };
    try {
      live = await change.enact(this.#madeOn);
    } catch (error) {
      if (error instanceof PublicationRefused) return gateClosed(error.problems);
      if (error instanceof PublicationOvertaken) {
        return meanwhile(error.madeOn, this.#parts.engine.inForce());
      }
      if (error instanceof LogUnavailable) {
        return refuse('log_unavailable', `${error.message}; what was live stays, unless the log has it: `
          + `look at `
          + 'GET /v1/publications before you send it again');
      }
      throw error;
    }
    this.#pending.push(pendingOf(actor, change, live, this.#parts.engine.inForce()));
    try {
      await this.#settle();
    } catch (error) {
      if (!(error instanceof RecordsUnavailable)) throw error;
    }
    return { position: live.position, recorded: this.#pending.length === 0, notes: change.notes ?? [] };
  }

  /** Writes the rows that wait, and those of what the log has and the records do not. */
  async #settle(): Promise<void> {
    await this.#find();
    for (let next = this.#pending[0]; next !== undefined; next = this.#pending[0]) {
      const refused = await this.#write(next);
      if (refused !== undefined && !await this.#isWritten(next)) {
        throw new RecordsUnavailable('unreachable',
          `the row of position ${next.row.position} could not be written: ${refused.detail}`);
      }
      this.#pending.shift();
    }
  }

  /** What may not be written with the row is left out and named: it is live, and what comes after goes on. */
  async #write({ also, ...pending }: Pending): Promise<Refusal | undefined> {
    const refused = await this.#writeRow(pending, also, {});
    if (refused?.code !== 'not_allowed' || also === undefined) return refused;
    return this.#writeRow(pending, undefined, { not_written: refused.detail });
  }

  async #writeRow(
    { person, act, row }: Pending, also: LiveChange['also'], more: { readonly [key: string]: Json },
  ): Promise<Refusal | undefined> {
    const { position } = row;
    const detail = { position, ...(isMap(act.detail) ? act.detail : {}), ...more };
    const written = await audited(this.#parts, { person }, { ...act, detail }, async (writes, atMs) => {
      await writes.addPublication({ atMs, ...row });
      await also?.(writes, atMs);
      return {};
    });
    return isRefusal(written) ? written : undefined;
  }

  /** A conflict is of a row that is there, or of two transactions: then it is written later. */
  async #isWritten({ row: { position } }: Pending): Promise<boolean> {
    const [newest] = await this.#parts.records.publications({ limit: 1, after: position + 1 });
    return newest?.position === position;
  }

  /** What went live by another hand: of the brake, of a start, or before a crash. */
  async #find(): Promise<void> {
    const { records, engine } = this.#parts;
    this.#knownTo ??= (await records.publications({ limit: 1, after: undefined }))[0]?.position ?? 0;
    if (engine.inForce().position <= this.#knownTo) return;
    const found = rowsFound(this.#parts, engine.publishedAfter(this.#knownTo));
    for await (const pending of found) {
      const { position } = pending.row;
      if (!this.#pending.some(({ row }) => row.position === position)) {
        this.#pending.push(pending);
        this.hasFound = true;
      }
      this.#knownTo = position;
    }
    this.#pending = this.#pending.toSorted((left, right) => left.row.position - right.row.position);
  }
}

function pendingOf(
  { person }: Pick<Actor, 'person'>, { because, notes = [], act, kind, also }: LiveChange,
  { position, hash }: { readonly position: number; readonly hash: string }, { policies }: InForceView,
): Pending {
  const detail: Json = { because, ...(isMap(act.detail) ? act.detail : {}) };
  return {
    person, act: { ...act, detail }, also,
    row: { position, hash, kind, person, policies: policies.map((one) => one.hash),
      detail: { notes, ...detail } },
  };
}

function meanwhile(base: number, { base: now, publication, policies }: InForceView): Refusal {
  if (base === now) {
    return refuse('conflict', 'others change what is in force in this moment. Nothing of yours went live; '
      + 'look at it, and send it again');
  }
  const names = policies.map(({ name, version }) => `${name} ${version}`).join(', ');
  return refuse('conflict', `since position ${base}, which you saw, ${publication.person ?? 'a start'} `
    + `has published `
    + `at position ${now}: ${names}${publication.because === undefined ? '' : ` (${publication.because})`}. `
    + 'Nothing of yours went live; look at it, and publish again');
}

/** What the log keeps of an approval. */
export const loggedApproval = ({ atMs, ...approval }: ApprovalRecord): Approval =>
  ({ ...approval, at: formatInstant(atMs) });

export async function enactPublication(
  { engine }: Pick<LifecycleParts, 'engine'>, publication: Publication, madeOn: number, keeping?: Keeping,
): Promise<{ position: number; hash: string }> {
  const hash = await stepsInTurns(publicationHashSteps(publication));
  return { position: await engine.publish(publication, keeping, madeOn), hash };
}

/** Who amends, why, and by whose leave. */
export type AmendedBy = Pick<Amendment, 'person' | 'because' | 'approvals'>;

/** Amends what is in force; the parts that are not named stay, also those that the brake adds meanwhile. */
export async function enactAmendment(
  { engine }: Pick<LifecycleParts, 'engine'>,
  change: Keeping, by: AmendedBy, madeOn: number,
): Promise<{ position: number; hash: string }> {
  const position = await engine.amend(
    typeof change === 'function' ? (inForce) => ({ ...change(inForce), ...by }) : { ...change, ...by },
    madeOn);
  return { position, hash: hashOfJson({ ...amendedNow(engine.inForce()), ...by }) };
}

export const amendedNow = ({ amendment }: InForceView): Amended => ({
  modes: amendment?.modes ?? [], snoozes: amendment?.snoozes ?? [], challengers: amendment?.challengers ?? [],
});
