/**
 * The index of decisions in PostgreSQL. One projects at a time: he has the lock row until the end, so what he
 * finds of a key before he adds to it is all there is.
 */
import { sql, type RawBuilder } from 'kysely';
import { messageOf } from '#domain/message-of.ts';
import {
  DecisionIndexUnavailable, DIFFERENCES_KEPT_MAX, differingParts, INDEX_PAGE_MAX, sameOffsets,
  type CopyDifference, type DecisionIndex, type IndexBatch, type IndexedRecord, type Projected,
} from '#ports/decision-index.ts';
import { RecordsUnavailable } from '#ports/records.ts';
import type { TopicPlace } from '#ports/topic.ts';
import { sqlOnConnection, sqlOnSource, type RecordSql } from '#records/sql-dialect.ts';
import { SqlFault, type SqlConnection, type SqlSource } from '#records/sql-source.ts';
import { idOfUuid, recordOf, rowsText, RECORD_COLUMNS, type RecordRow } from './decision-rows.ts';
import { monthStartMs, placedAtMs } from './month.ts';

export class SqlDecisionIndex implements DecisionIndex {
  readonly #source: SqlSource;
  readonly #sql: RecordSql;

  constructor(source: SqlSource) {
    this.#source = source;
    const lender = {
      acquire: () => this.#acquire(),
      release: (connection: SqlConnection, sound: boolean) => { source.release(connection, sound); },
    };
    this.#sql = sqlOnSource(lender, told);
  }

  async find(id: string): Promise<IndexedRecord | undefined> {
    const [row] = await this.#rows(this.#sql, sql`where id = ${id}::uuid
      order by topic_partition, topic_offset limit 1`);
    return row;
  }

  async project({ from, reached, records }: IndexBatch): Promise<Projected> {
    return this.#transaction(async (db) => {
      const keptFromMs = await takeTurn(db);
      if (!sameOffsets(from, await offsetsOf(db))) return { kind: 'overtaken' };
      const kept = records.filter((record) => placedAtMs(record) >= keptFromMs);
      const { added, copies, differences } = await this.#sort(db, kept);
      for (const month of new Set(added.map((record) => monthStartMs(placedAtMs(record))))) {
        await sql`select make_decision_month(${month}::bigint)`.execute(db);
      }
      await insert(db, added);
      await keepDifferences(db, differences);
      await setOffsets(db, reached);
      return {
        kind: 'projected', added: added.length, copies, differing: differences.length,
        expired: records.length - kept.length,
      };
    });
  }

  async offsets(): Promise<readonly number[]> {
    return offsetsOf(this.#sql);
  }

  async expire(beforeMs: number): Promise<number> {
    const { rows: [row] } = await sql<{ kept: number }>`
      select drop_decision_months(${Math.max(0, Math.floor(beforeMs))}::bigint) as kept`.execute(this.#sql);
    return row?.kept ?? 0;
  }

  async keptFromMs(): Promise<number> {
    const row = await this.#sql.selectFrom('decision_projection').select('kept_from_ms').executeTakeFirst();
    return row?.kept_from_ms ?? 0;
  }

  async differences(limit: number): Promise<{ count: number; examples: readonly CopyDifference[] }> {
    const counted = await this.#sql.selectFrom('decision_projection').select('differing').executeTakeFirst();
    const found = await this.#sql.selectFrom('decision_difference')
      .select(['id', 'first_partition', 'first_offset', 'copy_partition', 'copy_offset'])
      .select(sql<string[]>`to_json(parts)`.as('parts'))
      .orderBy('ordinal').limit(checkedCount(limit)).execute();
    const examples = found.map((row): CopyDifference => ({
      id: idOfUuid(row.id), first: { partition: row.first_partition, offset: row.first_offset },
      copy: { partition: row.copy_partition, offset: row.copy_offset }, parts: row.parts,
    }));
    return { count: counted?.differing ?? 0, examples };
  }

  async between(
    partition: number, from: number, before: number, limit: number,
  ): Promise<readonly IndexedRecord[]> {
    return this.#rows(this.#sql, sql`where topic_partition = ${partition} and topic_offset >= ${from}
      and topic_offset < ${before} order by topic_offset limit ${checkedCount(limit)}`);
  }

  async places(ids: readonly string[]): Promise<ReadonlyMap<string, readonly TopicPlace[]>> {
    checkedCount(Math.max(1, ids.length));
    const { rows } = await sql<{ id: string; topic_partition: number; topic_offset: number }>`
      select id, topic_partition, topic_offset from decision_record
      where id = any(${`{${ids.join()}}`}::uuid[]) order by topic_partition, topic_offset`.execute(this.#sql);
    const places = new Map<string, TopicPlace[]>();
    for (const { id, topic_partition: partition, topic_offset: offset } of rows) {
      const known = places.get(idOfUuid(id)) ?? [];
      places.set(idOfUuid(id), [...known, { partition, offset }]);
    }
    return places;
  }

  async close(): Promise<void> {
    await this.#source.close();
  }

  /** Which are the first of their keys; what of the others differs from the first. */
  async #sort(db: RecordSql, records: readonly IndexedRecord[]): Promise<{
    added: readonly IndexedRecord[]; copies: number; differences: readonly CopyDifference[];
  }> {
    const firsts = new Map<string, IndexedRecord>();
    for (let at = 0; at < records.length; at += INDEX_PAGE_MAX) {
      const ids = records.slice(at, at + INDEX_PAGE_MAX).map(({ id }) => id);
      const there = await this.#rows(db, sql`where id = any(${`{${ids.join()}}`}::uuid[])`);
      for (const record of there) firsts.set(record.id, record);
    }
    const added: IndexedRecord[] = [];
    const differences: CopyDifference[] = [];
    for (const record of records) {
      const first = firsts.get(record.id);
      if (first === undefined) {
        firsts.set(record.id, record);
        added.push(record);
        continue;
      }
      const parts = differingParts(first, record);
      const { id, place: copy } = record;
      if (parts.length > 0) differences.push({ id, first: first.place, copy, parts });
    }
    return { added, copies: records.length - added.length, differences };
  }

  async #rows(db: RecordSql, which: RawBuilder<unknown>): Promise<readonly IndexedRecord[]> {
    const { rows } = await sql<RecordRow>`
      select ${sql.raw(RECORD_COLUMNS)} from decision_record ${which}`.execute(db);
    return rows.map(recordOf);
  }

  async #transaction<Result>(act: (db: RecordSql) => Promise<Result>): Promise<Result> {
    const connection = await this.#acquire();
    let sound = false;
    try {
      await connection.script('begin isolation level read committed');
      const result = await act(sqlOnConnection(connection));
      await connection.script('commit');
      sound = true;
      return result;
    } catch (why) {
      sound = await connection.script('rollback').then(() => true, () => false);
      throw told(why);
    } finally {
      this.#source.release(connection, sound);
    }
  }

  async #acquire(): Promise<SqlConnection> {
    try {
      return await this.#source.acquire();
    } catch (why) {
      throw told(why);
    }
  }
}

/** Waits for who projects to end; resolves the time from which records are kept. */
async function takeTurn(db: RecordSql): Promise<number> {
  const row = await db.selectFrom('decision_projection').select('kept_from_ms').forUpdate()
    .executeTakeFirstOrThrow();
  return row.kept_from_ms;
}

/** A partition that nothing is known of is left out. */
async function offsetsOf(db: RecordSql): Promise<readonly number[]> {
  const rows = await db.selectFrom('decision_offset').selectAll().orderBy('topic_partition').execute();
  const offsets: number[] = [];
  for (const { topic_partition: partition, next_offset: offset } of rows) offsets[partition] = offset;
  return offsets;
}

async function insert(db: RecordSql, records: readonly IndexedRecord[]): Promise<void> {
  if (records.length === 0) return;
  await sql`
    insert into decision_record
      (id, topic_partition, topic_offset, written_at_ms, key, value, headers)
    select id, topic_partition, topic_offset, written_at_ms, key,
      decode(value, 'base64'), decode(headers, 'base64')
    from json_to_recordset(${rowsText(records)}::json) as given (id uuid, topic_partition integer,
      topic_offset bigint, written_at_ms bigint, key text[], value text, headers text)`.execute(db);
}

/** Counted all; one by one up to a limit, which those that are there already have filled in part. */
async function keepDifferences(db: RecordSql, differences: readonly CopyDifference[]): Promise<void> {
  if (differences.length === 0) return;
  const { differing } = await db.updateTable('decision_projection')
    .set((eb) => ({ differing: eb('differing', '+', differences.length) }))
    .returning('differing').executeTakeFirstOrThrow();
  const there = differing - differences.length;
  const kept = differences.slice(0, Math.max(0, DIFFERENCES_KEPT_MAX - there));
  for (const { id, first, copy, parts } of kept) {
    await sql`
      insert into decision_difference
        (id, first_partition, first_offset, copy_partition, copy_offset, parts)
      select ${id}::uuid, ${first.partition}, ${first.offset}, ${copy.partition}, ${copy.offset},
        array(select json_array_elements_text(${JSON.stringify(parts)}::json))`.execute(db);
  }
}

async function setOffsets(db: RecordSql, reached: readonly number[]): Promise<void> {
  // Of a partition of which nothing is known, nothing is said: also where that is an undefined and no gap.
  const rows = [...reached.keys()].flatMap((partition) => {
    const offset = reached[partition];
    return offset === undefined ? [] : [{ topic_partition: partition, next_offset: offset }];
  });
  if (rows.length === 0) return;
  await db.insertInto('decision_offset').values(rows)
    .onConflict((conflict) => conflict.column('topic_partition')
      .doUpdateSet((eb) => ({ next_offset: eb.ref('excluded.next_offset') })))
    .execute();
}

function checkedCount(count: number): number {
  if (Number.isInteger(count) && count >= 1 && count <= INDEX_PAGE_MAX) return count;
  throw new RangeError(`one question is about 1 to ${INDEX_PAGE_MAX}, not ${count}`);
}

/** Whatever a database says may be mended by whoever runs it; then the same is asked again. */
const told = (why: unknown): unknown =>
  (why instanceof SqlFault || why instanceof RecordsUnavailable
    ? new DecisionIndexUnavailable(`the index of decisions: ${messageOf(why)}`, { cause: why })
    : why);
