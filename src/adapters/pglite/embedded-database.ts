/**
 * The embedded PostgreSQL with a journal. It never syncs to the disk by itself, so the order is:
 *
 *   begin, writes, audit entry, mark of the journal position -> journal, synced -> commit -> acknowledged
 *
 * INVARIANT: what is committed is in the journal. So at an open the database is at the journal's end or
 * behind it, and what it lacks is done again; a change that is in the journal and was not acknowledged is
 * there whole. The database is never the only place where something is known: damaged, lost, or of a machine
 * that stopped while it was open, it is made anew from the journal.
 */
import { mkdir, rm } from 'node:fs/promises';
import { messageOf } from '#domain/message-of.ts';
import { LogUnavailable, type DecisionLog } from '#ports/decision-log.ts';
import { RecordsUnavailable, type AuditEntry } from '#ports/records.ts';
import type { AuditHead } from '#records/audit-chain.ts';
import { bringUpToDate, SchemaRefused } from '#records/bring-up-to-date.ts';
import type { ChangeJournal } from '#records/sql-record-store.ts';
import { SqlFault, type SqlConnection, type SqlSource } from '#records/sql-source.ts';
import type { WriteCall } from '#records/write-call.ts';
import { catchUp, JournalShort, MARK_TABLE, OtherHistory, setMark } from './catch-up.ts';
import { recordsOf } from './change-record.ts';
import { mayBeTorn, noteClosed, noteOpen } from './open-note.ts';
import { PgliteSession } from './pglite-session.ts';

export interface EmbeddedParts {
  /** `database` is in it, and the note whether it was closed. */
  readonly folder: string;
  /** Opened for this database alone, by its lock; closed by it. */
  readonly openJournal: () => Promise<DecisionLog>;
  readonly now: () => number;
  readonly tell: (line: string) => void;
  /** Told once, when the database has ended by itself. */
  readonly onLost: () => void;
}

/** A change that writes millions of entries is waited for; more than that is a mistake. */
const TURN_MS_MAX = 60_000;

export class EmbeddedDatabase implements SqlSource, ChangeJournal {
  readonly #parts: EmbeddedParts;
  readonly #journal: DecisionLog;
  readonly #session: PgliteSession;
  #turn: Promise<void> = Promise.resolve();
  #endTurn: () => void = () => {};
  #isClosed = false;
  /** Settles when what was lost is put away; never rejects. */
  #abandoned: Promise<void> | undefined;

  private constructor(parts: EmbeddedParts, journal: DecisionLog, session: PgliteSession) {
    this.#parts = parts;
    this.#journal = journal;
    this.#session = session;
    void session.ended.then(() => { this.#lose(); });
  }

  /**
   * Throws a DiskError `locked` where another process has the folder, LogDamaged where the journal is
   * damaged, and SchemaRefused.
   */
  static async open(parts: EmbeddedParts): Promise<EmbeddedDatabase> {
    await mkdir(parts.folder, { recursive: true });
    const journal = await parts.openJournal();
    try {
      return new EmbeddedDatabase(parts, journal, await openSound(parts, journal));
    } catch (why) {
      await journal.close();
      throw why;
    }
  }

  /** One session, so one at a time. */
  async acquire(): Promise<SqlConnection> {
    if (this.#isClosed) throw new RecordsUnavailable('closed', 'the records are closed');
    if (this.#abandoned !== undefined) {
      throw new RecordsUnavailable('unreachable', 'the embedded database has ended, and is opened again');
    }
    const before = this.#turn;
    const mine = Promise.withResolvers<void>();
    this.#turn = before.then(() => mine.promise);
    if (!(await inTime(before))) {
      mine.resolve();
      throw new RecordsUnavailable('unreachable', `a change takes longer than ${TURN_MS_MAX} ms`);
    }
    this.#endTurn = mine.resolve;
    return this.#session;
  }

  release(_: SqlConnection, sound: boolean): void {
    if (!sound) this.#lose();
    this.#endTurn();
  }

  async beforeCommit(
    connection: SqlConnection, before: AuditHead, audit: AuditEntry | undefined, calls: readonly WriteCall[],
  ): Promise<void> {
    const atMs = audit?.atMs ?? this.#parts.now();
    try {
      const pieces = recordsOf({ calls, before, audit, atMs }, () => this.#journal.nextPosition);
      for await (const { record, isLast } of pieces) {
        if (isLast) await setMark(connection, record.position);
        await this.#journal.append(record);
      }
    } catch (why) {
      if (!(why instanceof LogUnavailable)) throw why;
      // The next change finds a journal that takes it, or the same refusal.
      await this.#journal.recover();
      const what = `the journal of the records cannot be written: ${why.message}`;
      throw new RecordsUnavailable('unreachable', what);
    }
  }

  #lose(): void {
    if (!this.#isClosed) this.#abandoned ??= this.#abandon();
  }

  /** Ends the thread without a word; whoever opens it again goes by the journal. */
  async #abandon(): Promise<void> {
    try {
      await this.#session.abandon();
      // Who is in the middle of a change may be writing the journal.
      await inTime(this.#turn);
      await this.#journal.close();
    } catch (why) {
      // Whoever opens it again meets what is wrong with the journal, and says so.
      this.#parts.tell(`records: the journal could not be closed: ${messageOf(why)}`);
    }
    this.#parts.onLost();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    await inTime(this.#turn);
    this.#isClosed = true;
    if (this.#abandoned !== undefined) return this.#abandoned;
    try {
      await this.#session.close();
      await noteClosed(this.#parts.folder);
    } finally {
      await this.#journal.close();
    }
  }
}

async function inTime(turn: Promise<void>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(resolve, TURN_MS_MAX, false);
  const isMine = await Promise.race([turn.then(() => true), promise]);
  clearTimeout(timer);
  return isMine;
}

/** The database at the journal's end; made anew where it cannot be trusted. */
async function openSound(parts: EmbeddedParts, journal: DecisionLog): Promise<PgliteSession> {
  const { folder, tell } = parts;
  if (await mayBeTorn(folder)) {
    tell('records: the machine stopped while the database was open; it is made anew from the journal');
    await removeDatabase(folder);
  }
  try {
    return await openAtEnd(parts, journal);
  } catch (why) {
    if (why instanceof SchemaRefused || why instanceof JournalShort) throw why;
    if (!(why instanceof SqlFault || why instanceof OtherHistory)) throw why;
    tell(`records: the database is made anew from the journal: ${why.message}`);
  }
  await removeDatabase(folder);
  return openAtEnd(parts, journal);
}

async function openAtEnd({ folder, tell }: EmbeddedParts, journal: DecisionLog): Promise<PgliteSession> {
  await noteOpen(folder);
  const session = await PgliteSession.open(`${folder}/database`);
  try {
    await bringUpToDate(session);
    await session.script(MARK_TABLE);
    const done = await catchUp(session, journal);
    if (done > 0) tell(`records: ${done} records of the journal were done again`);
    // Nobody else does it here: there is no other process.
    await session.script('vacuum analyze');
    return session;
  } catch (why) {
    await session.abandon();
    throw why;
  }
}

const removeDatabase = (folder: string): Promise<void> =>
  rm(`${folder}/database`, { recursive: true, force: true });
