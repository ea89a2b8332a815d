import { Client, DatabaseError, Pool, type PoolClient } from 'pg';
import { messageOf } from '#domain/message-of.ts';
import { RecordsUnavailable } from '#ports/records.ts';
import { bringUpToDate } from '#records/bring-up-to-date.ts';
import {
  SQL_PARSERS, SqlFault, type SqlConnection, type SqlResult, type SqlSource,
} from '#records/sql-source.ts';

export interface PostgresOptions {
  readonly url: string;
  /** Address with the role that owns the tables and takes new steps; default: `url`. */
  readonly ownerUrl?: string | undefined;
}

const CONNECTION_COUNT_MAX = 4;
const CONNECT_MS_MAX = 3_000;
/** Of one statement, said by the server; for one that does not say anything we wait a little longer. */
const STATEMENT_MS_MAX = 15_000;
const SILENCE_MS_MAX = 17_000;
const LOCK_MS_MAX = 5_000;
const IDLE_IN_CHANGE_MS_MAX = 60_000;

const settings = (url: string, statementMsMax: number) => ({
  connectionString: url, application_name: 'assay', connectionTimeoutMillis: CONNECT_MS_MAX,
  statement_timeout: statementMsMax, lock_timeout: LOCK_MS_MAX,
  query_timeout: statementMsMax + SILENCE_MS_MAX - STATEMENT_MS_MAX,
  idle_in_transaction_session_timeout: IDLE_IN_CHANGE_MS_MAX, keepAlive: true,
  types: { getTypeParser: parserOf },
});

/** Binary is never asked for. */
const parserOf = (oid: number): ((text: string) => unknown) =>
  SQL_PARSERS[oid] ?? PLAIN[oid] ?? ((text) => text);
const BOOL_OID = 16;
const INT_OIDS = [21, 23] as const;
const PLAIN: Readonly<Record<number, (text: string) => unknown>> = {
  [BOOL_OID]: (text) => text === 't', [INT_OIDS[0]]: Number, [INT_OIDS[1]]: Number,
};

/** A step of the schema may rewrite a table. */
const STEP_MS_MAX = 600_000;

/**
 * Takes the steps that the database lacks, then lends connections. Throws SqlFault or SchemaRefused.
 */
export async function openPostgres({ url, ownerUrl = url }: PostgresOptions): Promise<SqlSource> {
  const owner = new Client({ ...settings(ownerUrl, STEP_MS_MAX) });
  // Told to whoever has asked something meanwhile; nobody else needs to know.
  owner.on('error', () => {});
  try {
    await asked(owner.connect());
    await bringUpToDate(connectionOn(owner));
  } finally {
    await owner.end().catch(() => {});
  }
  return lendPostgres(url);
}

/** Lends connections to a database as it is, and connects when one is asked for. */
export function lendPostgres(url: string): SqlSource {
  const pool = new Pool({ ...settings(url, STATEMENT_MS_MAX), max: CONNECTION_COUNT_MAX });
  // An idle connection that ends is taken out of the pool by itself.
  pool.on('error', () => {});
  return new PostgresSource(pool);
}

class PostgresSource implements SqlSource {
  readonly #pool: Pool;
  readonly #clients = new WeakMap<SqlConnection, PoolClient>();
  #closed: Promise<void> | undefined;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async acquire(): Promise<SqlConnection> {
    if (this.#closed !== undefined) throw new RecordsUnavailable('closed', 'the records are closed');
    let client: PoolClient;
    try {
      client = await this.#pool.connect();
    } catch (why) {
      const { message } = faultOf(why);
      throw new RecordsUnavailable('unreachable', `PostgreSQL cannot be reached: ${message}`);
    }
    // A connection that ends while it is lent is told by its next query.
    if (client.listenerCount('error') === 0) client.on('error', () => {});
    const connection = connectionOn(client);
    this.#clients.set(connection, client);
    return connection;
  }

  release(connection: SqlConnection, sound: boolean): void {
    const client = this.#clients.get(connection);
    this.#clients.delete(connection);
    client?.release(!sound);
  }

  async close(): Promise<void> {
    this.#closed ??= this.#pool.end();
    await this.#closed;
  }
}

const connectionOn = (client: Client | PoolClient): SqlConnection => ({
  async query(sql, params): Promise<SqlResult> {
    const { rows, rowCount, command } = await asked(client.query<Record<string, unknown>>(sql, [...params]));
    return { rows, affected: command === 'SELECT' ? undefined : rowCount ?? undefined };
  },
  async script(sql) {
    await asked(client.query(sql));
  },
});

async function asked<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (why) {
    throw faultOf(why);
  }
}

/** What the server did not say, the network or the driver did: the connection is lost. */
function faultOf(why: unknown): SqlFault {
  if (why instanceof DatabaseError && why.code !== undefined) return new SqlFault(why.code, why.message);
  if (why instanceof AggregateError) return faultOf(why.errors[0]);
  return new SqlFault('lost', messageOf(why));
}
