/** Where SQL goes: PostgreSQL in this process or on a server. An adapter is one of these. */

export interface SqlResult {
  readonly rows: readonly unknown[];
  /** Rows that were written; undefined where the statement writes none. */
  readonly affected: number | undefined;
}

/** One session of the database. */
export interface SqlConnection {
  /** Parameters are text, number, boolean or null. Throws SqlFault; nothing else. */
  query(sql: string, params: readonly unknown[]): Promise<SqlResult>;
  /** Several statements, without parameters and results. */
  script(sql: string): Promise<void>;
}

export interface SqlSource {
  /** Throws RecordsUnavailable, within a bounded time. */
  acquire(): Promise<SqlConnection>;
  /** A connection that is not `sound` is not used again: nobody knows what it is in the middle of. */
  release(connection: SqlConnection, sound: boolean): void;
  close(): Promise<void>;
}

/** What the database said, or that it says nothing any more. */
export class SqlFault extends Error {
  /** SQLSTATE; `lost` where the connection ended or did not answer in time. */
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const INT8_OID = 20;
const JSON_OIDS = [114, 3802] as const;

/** A bigint as a number: none of ours is beyond what a double holds. */
function parseSafeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is no safe integer`);
  return value;
}

const parseJson = (text: string): unknown => JSON.parse(text);

/**
 * How values of a type, by its number in PostgreSQL, are read: the same with every driver, which by
 * themselves make a text or a number of a bigint.
 */
export const SQL_PARSERS: Readonly<Record<number, (text: string) => unknown>> = {
  [INT8_OID]: parseSafeInteger, [JSON_OIDS[0]]: parseJson, [JSON_OIDS[1]]: parseJson,
};
