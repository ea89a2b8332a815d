import { decisionsById } from './steps/decisions-by-id.ts';
import { lifeOfAPolicy } from './steps/life-of-a-policy.ts';
import type { SchemaStep } from './schema-step.ts';
import { SqlFault, type SqlConnection } from './sql-source.ts';

/** Every step, in order. */
const STEPS: readonly SchemaStep[] = [lifeOfAPolicy, decisionsById];

/** Any number that no other program asks this server for. */
const ADVISORY_LOCK = 4_720_811_951_366;

const SCHEMA_STEP = `
create table if not exists schema_step (
  number integer primary key, name text not null, oldest_program integer not null,
  taken_at timestamptz not null default now())`;
const NO_PRIVILEGE = '42501';

/** The database is of a program that this one cannot run beside. */
export class SchemaRefused extends Error {}

/**
 * Takes the steps that the database lacks, all or none, one program at a time. Resolves the numbers that were
 * taken. Throws SchemaRefused, with nothing changed.
 */
export async function bringUpToDate(
  connection: SqlConnection, steps: readonly SchemaStep[] = STEPS,
): Promise<readonly number[]> {
  const known = steps.at(-1)?.number ?? 0;
  if (lacking(await stepsTaken(connection), steps, known).length === 0) return [];
  await connection.script('begin');
  try {
    await connection.query('select pg_advisory_xact_lock($1::bigint)', [ADVISORY_LOCK]);
    await connection.script(SCHEMA_STEP);
    // Another program may have taken them while this one waited for the lock.
    const missing = lacking(await stepsTaken(connection), steps, known);
    for (const step of missing) await take(connection, step);
    await connection.script('commit');
    return missing.map(({ number }) => number);
  } catch (why) {
    await connection.script('rollback');
    if (!(why instanceof SqlFault) || why.code !== NO_PRIVILEGE) throw why;
    throw new SchemaRefused(`the database lacks tables, and this role may not make them (${why.message}); `
      + 'start once with ASSAY_POSTGRES_OWNER, the address with the role that owns them');
  }
}

interface Taken { readonly number: number; readonly oldestProgram: number }

async function stepsTaken(connection: SqlConnection): Promise<readonly Taken[]> {
  // Asked first, because an error would end the transaction.
  const { rows: [table] } = await connection.query(`select to_regclass('schema_step') is null as none`, []);
  if (parseFlag(table, 'none')) return [];
  const { rows } = await connection.query(
    'select number, oldest_program from schema_step order by number', []);
  return rows.map((row) => (
    { number: parseNumber(row, 'number'), oldestProgram: parseNumber(row, 'oldest_program') }));
}

function lacking(
  taken: readonly Taken[], steps: readonly SchemaStep[], known: number,
): readonly SchemaStep[] {
  const newest = taken.at(-1)?.number ?? 0;
  const oldestProgram = Math.max(0, ...taken.map((step) => step.oldestProgram));
  if (oldestProgram > known) {
    throw new SchemaRefused(`the database is at step ${newest}, which needs a program that knows step `
      + `${oldestProgram}; this one knows up to ${known}. Start the newer program`);
  }
  const there = new Set(taken.map(({ number }) => number));
  return steps.filter(({ number }) => !there.has(number));
}

async function take(connection: SqlConnection, step: SchemaStep): Promise<void> {
  const { number, name, oldestProgram, sql } = step;
  for (const script of sql) await connection.script(script);
  await connection.query('insert into schema_step (number, name, oldest_program) values ($1, $2, $3)',
    [number, name, oldestProgram]);
}

function parseNumber(row: unknown, column: string): number {
  const value = columnOf(row, column);
  if (typeof value !== 'number') throw new TypeError(`${column} is no number`);
  return value;
}

const parseFlag = (row: unknown, column: string): boolean => columnOf(row, column) === true;

const columnOf = (row: unknown, column: string): unknown =>
  (typeof row === 'object' && row !== null ? new Map(Object.entries(row)).get(column) : undefined);
