/** The query builder over connections of ours. */
import {
  Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler,
  type CompiledQuery, type DatabaseConnection, type Dialect, type Driver, type QueryResult,
} from 'kysely';
import { SqlFault, type SqlConnection, type SqlSource } from './sql-source.ts';
import type { RecordTables } from './tables.ts';

export type RecordSql = Kysely<RecordTables>;
type Lender = Pick<SqlSource, 'acquire' | 'release'>;

type Tell = (why: unknown) => unknown;

/** Each query on a connection that the source lends for it; `tell`: what a caller is thrown for a fault. */
export const sqlOnSource = (source: Lender, tell: Tell): RecordSql =>
  new Kysely({ dialect: dialectOn(source, tell) });

/** All queries on this one connection. */
export const sqlOnConnection = (connection: SqlConnection): RecordSql =>
  new Kysely({ dialect: dialectOn({ acquire: async () => connection, release: () => {} }, (why) => why) });

const dialectOn = (lender: Lender, tell: Tell): Dialect => ({
  createDriver: () => new LentDriver(lender, tell),
  createQueryCompiler: () => new PostgresQueryCompiler(),
  createAdapter: () => new PostgresAdapter(),
  createIntrospector: (db) => new PostgresIntrospector(db),
});

class LentConnection implements DatabaseConnection {
  readonly lent: SqlConnection;
  isSound = true;
  readonly #tell: Tell;

  constructor(lent: SqlConnection, tell: Tell) {
    this.lent = lent;
    this.#tell = tell;
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    try {
      const { rows, affected } = await this.lent.query(sql, parameters);
      return {
        rows: parseRows<Row>(rows),
        ...(affected === undefined ? {} : { numAffectedRows: BigInt(affected) }),
      };
    } catch (why) {
      if (!(why instanceof SqlFault) || why.code === 'lost') this.isSound = false;
      throw this.#tell(why);
    }
  }

  streamQuery(): never {
    throw new Error('rows are read in pages');
  }
}

/** The columns that the query builder says there are. */
const parseRows = <Row>(rows: readonly unknown[]): Row[] => rows as Row[];

/** Transactions are made by the store, on a connection that it holds. */
class LentDriver implements Driver {
  readonly #lender: Lender;
  readonly #tell: Tell;

  constructor(lender: Lender, tell: Tell) {
    this.#lender = lender;
    this.#tell = tell;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return new LentConnection(await this.#lender.acquire(), this.#tell);
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    if (connection instanceof LentConnection) this.#lender.release(connection.lent, connection.isSound);
  }

  async destroy(): Promise<void> {}

  async beginTransaction(): Promise<void> {
    throw new Error('the store begins transactions');
  }

  async commitTransaction(): Promise<void> {
    throw new Error('the store commits transactions');
  }

  async rollbackTransaction(): Promise<void> {
    throw new Error('the store rolls transactions back');
  }
}
