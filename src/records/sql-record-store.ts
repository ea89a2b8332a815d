/**
 * Records in PostgreSQL. Changes are made one after the other: each has the lock row until its end, so in
 * read committed it sees all that came before, and the audit has no gap and no fork.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  RecordConflict, RecordRefused, RecordsUnavailable,
  type AuditEntry, type BacktestRunRecord, type NewAuditEntry, type RecordStore, type RecordWrites,
} from '#ports/records.ts';
import { auditText, nextAudit, type AuditHead } from './audit-chain.ts';
import { addAudit, auditHead } from './audit-rows.ts';
import { sqlOnConnection, sqlOnSource } from './sql-dialect.ts';
import { SqlReads } from './sql-reads.ts';
import { SqlFault, type SqlConnection, type SqlResult, type SqlSource } from './sql-source.ts';
import { SqlWrites } from './sql-writes.ts';
import type { WriteCall } from './write-call.ts';

/**
 * What is told of a change before it is committed. When it rejects, the change is not made; when it resolves,
 * the change is made, whatever becomes of its commit.
 */
export interface ChangeJournal {
  /** `audit` is undefined for what needs none. Runs within the transaction. */
  beforeCommit(
    connection: SqlConnection, head: AuditHead, audit: AuditEntry | undefined, calls: readonly WriteCall[],
  ): Promise<void>;
}

const CHANGE_ATTEMPTS_MAX = 5;
const RETRY_WAIT_MS_MAX = 40;
const RETRYABLE: ReadonlySet<string> = new Set(['40001', '40P01']);
const UNIQUE_VIOLATION = '23505';
const REFUSALS: ReadonlySet<string> = new Set(['23503', '23514', 'AS001']);
/** Connection, resources, a shutdown, a server that only reads, a wait that took too long. */
const UNAVAILABLE = /^(?:lost|08...|53...|57...|58...|25006|55P03|25P0[34])$/;

export class SqlRecordStore extends SqlReads implements RecordStore {
  readonly #source: SqlSource;
  readonly #journal: ChangeJournal | undefined;

  constructor(source: SqlSource, journal?: ChangeJournal) {
    super(sqlOnSource(source, told));
    this.#source = source;
    this.#journal = journal;
  }

  async change<Result>(
    entry: NewAuditEntry, act: (writes: RecordWrites) => Promise<Result>,
  ): Promise<Result> {
    auditText({ ...entry, seq: 1 });
    return this.#again(() => this.#transaction(async (connection, head) => {
      const calls: WriteCall[] = [];
      const result = await act(new SqlWrites(sqlOnConnection(connection), (call) => calls.push(call)));
      const audit = nextAudit(head, entry);
      await addAudit(connection, audit);
      await this.#journal?.beforeCommit(connection, head, audit, calls);
      return { result, audit };
    }));
  }

  async noteProgress(run: BacktestRunRecord): Promise<void> {
    await this.#again(() => this.#transaction(async (connection, head) => {
      const calls: WriteCall[] = [];
      await new SqlWrites(sqlOnConnection(connection), (call) => calls.push(call)).putBacktestRun(run);
      await this.#journal?.beforeCommit(connection, head, undefined, calls);
      return { result: undefined, audit: undefined };
    }));
  }

  async close(): Promise<void> {
    await this.#source.close();
  }

  async #again<Result>(attempt: () => Promise<Result>): Promise<Result> {
    for (let count = 1; ; count += 1) {
      try {
        return await attempt();
      } catch (why) {
        const isRetryable = why instanceof SqlFault && RETRYABLE.has(why.code);
        if (!isRetryable || count === CHANGE_ATTEMPTS_MAX) throw told(why);
        await sleep(Math.random() * RETRY_WAIT_MS_MAX);
      }
    }
  }

  async #transaction<Result>(
    act: (connection: SqlConnection, head: AuditHead) => Promise<Done<Result>>,
  ): Promise<Result> {
    const session = new Session(await this.#source.acquire());
    let done: Done<Result>;
    try {
      await session.script('begin isolation level read committed');
      const head = await takeTurn(session);
      done = await act(session, head);
    } catch (why) {
      await session.script('rollback').catch(() => {});
      this.#source.release(session.connection, !session.isLost);
      // After a fault every later query fails for it: an act that caught it gets here by the audit entry.
      throw why instanceof SqlFault ? session.fault ?? why : why;
    }
    try {
      await session.script('commit');
    } catch (why) {
      this.#source.release(session.connection, false);
      // What is in the journal is made, by whoever opens the database again: nothing is left to learn.
      if (this.#journal !== undefined) return done.result;
      if (!session.isLost || done.audit === undefined) throw why;
      return await this.#learn(done.result, done.audit, why);
    }
    this.#source.release(session.connection, true);
    return done.result;
  }

  /**
   * The connection was lost within a commit. Whoever has the lock row knows that the former holder is done,
   * and sees whether its entry is there.
   */
  async #learn<Result>(result: Result, audit: AuditEntry, why: unknown): Promise<Result> {
    let isThere: boolean;
    try {
      isThere = await this.#transaction(async (connection) => {
        const found = await sqlOnConnection(connection).selectFrom('audit').select('hash')
          .where('seq', '=', audit.seq).executeTakeFirst();
        return { result: found?.hash === audit.hash, audit: undefined };
      });
    } catch {
      throw new RecordsUnavailable('unreachable', 'the connection was lost while audit entry '
        + `${audit.seq} was committed, and whether it is there could not be learnt`);
    }
    if (!isThere) throw why;
    return result;
  }
}

interface Done<Result> { readonly result: Result; readonly audit: AuditEntry | undefined }

/** Waits for the change before to end; resolves the head of the audit. */
async function takeTurn(connection: SqlConnection): Promise<AuditHead> {
  await sqlOnConnection(connection).selectFrom('change_lock').select('only_row').forUpdate().execute();
  return auditHead(connection);
}

/** A connection within a transaction, which remembers the first fault: after it nothing can be committed. */
class Session implements SqlConnection {
  readonly connection: SqlConnection;
  fault: SqlFault | undefined;

  constructor(connection: SqlConnection) {
    this.connection = connection;
  }

  get isLost(): boolean {
    return this.fault?.code === 'lost';
  }

  query(sql: string, params: readonly unknown[]): Promise<SqlResult> {
    return this.#watch(this.connection.query(sql, params));
  }

  script(sql: string): Promise<void> {
    return this.#watch(this.connection.script(sql));
  }

  async #watch<Value>(asked: Promise<Value>): Promise<Value> {
    try {
      return await asked;
    } catch (why) {
      if (why instanceof SqlFault && (this.fault === undefined || why.code === 'lost')) this.fault = why;
      throw why;
    }
  }
}

/** What a caller may expect of the port. */
function told(why: unknown): unknown {
  if (!(why instanceof SqlFault)) return why;
  if (why.code === UNIQUE_VIOLATION || RETRYABLE.has(why.code)) {
    return new RecordConflict(why.message, { cause: why });
  }
  if (REFUSALS.has(why.code)) return new RecordRefused(why.message, { cause: why });
  if (UNAVAILABLE.test(why.code)) {
    return new RecordsUnavailable('unreachable', `the records cannot be reached: ${why.message}`);
  }
  return why;
}
