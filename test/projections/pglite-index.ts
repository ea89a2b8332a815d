/** Indexes in one embedded PostgreSQL, each in tables of its own; one session, so one after the other. */
import { PgliteSession } from '#adapters/pglite/pglite-session.ts';
import { RecordsUnavailable } from '#ports/records.ts';
import { SqlDecisionIndex } from '#projections/sql-decision-index.ts';
import { bringUpToDate } from '#records/bring-up-to-date.ts';
import type { SqlConnection, SqlSource } from '#records/sql-source.ts';

export class PgliteIndexes {
  readonly session: PgliteSession;
  #count = 0;

  private constructor(session: PgliteSession) {
    this.session = session;
  }

  static async open(): Promise<PgliteIndexes> {
    return new PgliteIndexes(await PgliteSession.open('memory://'));
  }

  /** An empty one; those made before are not to be used any more. */
  async make(): Promise<SqlSource> {
    const schema = `index_${++this.#count}`;
    await this.session.script(`create schema ${schema}; set search_path = ${schema}`);
    await bringUpToDate(this.session);
    return new TurnSource(this.session);
  }

  async index(): Promise<SqlDecisionIndex> {
    return new SqlDecisionIndex(await this.make());
  }
}

class TurnSource implements SqlSource {
  readonly #session: PgliteSession;
  #turn: Promise<void> = Promise.resolve();
  #endTurn = (): void => {};
  #isOpen = true;

  constructor(session: PgliteSession) {
    this.#session = session;
  }

  async acquire(): Promise<SqlConnection> {
    if (!this.#isOpen) throw new RecordsUnavailable('closed', 'the records are closed');
    const { promise, resolve } = Promise.withResolvers<void>();
    const before = this.#turn;
    this.#turn = promise;
    await before;
    this.#endTurn = resolve;
    return this.#session;
  }

  release(): void {
    this.#endTurn();
  }

  async close(): Promise<void> {
    this.#isOpen = false;
  }
}
