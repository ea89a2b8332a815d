/** Every query that the product runs on records, with its plan over tables as large as they get. */
import { SqlReads } from '#records/sql-reads.ts';
import { SqlRecordStore } from '#records/sql-record-store.ts';
import type { SqlConnection, SqlSource } from '#records/sql-source.ts';
import { SqlWrites } from '#records/sql-writes.ts';
import {
  approval, entry, evidence, listChange, listEntry, publication, run, snooze, version,
} from '../contracts/records-samples.ts';

/** Tables of one row, or of one row a step or a partition. */
const SMALL: ReadonlySet<string> =
  new Set(['change_lock', 'schema_step', 'decision_projection', 'decision_offset']);

const FILL = `
insert into policy_version (hash, policy, version, title, file, source, author, at_ms, note)
  select 'v' || i, 'policy' || i % 50, i, 't', 'f', repeat('x', 200), 'a', i, ''
  from generate_series(1, 20000) i;
insert into evidence (hash, kind, passed, at_ms, person, summary)
  select 'v' || (1 + i % 20000), 'check', true, i, 'a', '{}' from generate_series(1, 40000) i;
insert into approval (subject, hash, role, person, at_ms, seal)
  select 'version', 'v' || i, 'risk', 'b', i, '' from generate_series(1, 20000) i;
insert into list_change (id, hash, list, kind, author, at_ms, reason, state)
  select 'c' || i, 'h' || i, 'list' || i % 50, 'amend', 'a', i, '', 'published'
  from generate_series(1, 20000) i;
insert into list_change_entry (change_id, is_removal, ordinal, is_number, value, note)
  select 'c' || (1 + i % 20), i % 40 >= 20, i / 40, false, 'value' || i, '' from generate_series(0, 99999) i;
insert into list_entry (list, is_number, value, note)
  select 'list' || i % 4, false, 'value' || i, '' from generate_series(1, 200000) i;
insert into snooze (id, hash, policy, rule, field, value, from_ms, until_ms, reason, author, at_ms, state)
  select 's' || i, 'h' || i, 'policy' || i % 50, 'r', 'f', 'v', i, i + 10, '', 'a', i, 'published'
  from generate_series(1, 20000) i;
insert into backtest_run (id, hash, person, status, wanted, done, total, report, at_ms)
  select 'r' || i, 'v' || (1 + i % 200), 'a', 'done', '{}', 1, 1, '{}', i from generate_series(1, 20000) i;
insert into publication (position, hash, kind, person, at_ms, policies, detail)
  select i, 'h', 'publish', 'b', i, '[]', '{}' from generate_series(1, 20000) i;
alter table audit disable trigger audit_is_chained;
insert into audit (seq, subject, body, hash)
  select i, 'policy/' || i % 200, '{"seq":' || i || ',"subject":"policy/' || i % 200 || '"}', 'h' || i
  from generate_series(1, 50000) i;
alter table audit enable trigger audit_is_chained`;

export interface Asked { readonly sql: string; readonly params: readonly unknown[] }
interface Plan { readonly 'Node Type': string; readonly 'Relation Name'?: string; readonly Plans?: Plan[] }

/** Sentences: a query that reads a large table from end to end, a method that was not called. */
export async function badPlans(source: SqlSource): Promise<{ bad: readonly string[]; queries: number }> {
  const filling = await source.acquire();
  await filling.script(FILL);
  await filling.script('analyze');
  source.release(filling, true);
  const asked = new Map<string, Asked>();
  const called = new Set<string>();
  await callAll(new SqlRecordStore(listening(source, asked)), called);
  const methods = [SqlReads, SqlWrites].flatMap(({ prototype }) => Object.getOwnPropertyNames(prototype));
  const bad = methods.filter((name) => name !== 'constructor' && !called.has(name))
    .map((name) => `${name} is not called here, so nobody knows its plan`);
  const explaining = await source.acquire();
  bad.push(...await scansOf(explaining, [...asked.values()]));
  source.release(explaining, true);
  return { bad, queries: asked.size };
}

export async function scansOf(
  connection: SqlConnection, asked: readonly Asked[],
): Promise<readonly string[]> {
  const scans: string[] = [];
  for (const { sql, params } of asked) {
    const { rows: [row] } = await connection.query(`explain (format json) ${sql}`, params);
    for (const plan of Object.values(row ?? {}).flat() as { Plan: Plan }[]) {
      for (const table of scannedIn(plan.Plan)) scans.push(`reads ${table} from end to end: ${sql}`);
    }
  }
  return scans;
}

function scannedIn(plan: Plan): readonly string[] {
  const table = plan['Relation Name'];
  const own = plan['Node Type'] === 'Seq Scan' && table !== undefined && !SMALL.has(table) ? [table] : [];
  return [...own, ...(plan.Plans ?? []).flatMap(scannedIn)];
}

export function listening(source: SqlSource, asked: Map<string, Asked>): SqlSource {
  const lent = new Map<SqlConnection, SqlConnection>();
  return {
    async acquire() {
      const connection = await source.acquire();
      const heard: SqlConnection = {
        query: (sql, params) => {
          if (!asked.has(sql)) asked.set(sql, { sql, params });
          return connection.query(sql, params);
        },
        script: (sql) => connection.script(sql),
      };
      lent.set(heard, connection);
      return heard;
    },
    release(heard, sound) {
      const connection = lent.get(heard);
      if (connection !== undefined) source.release(connection, sound);
    },
    close: () => source.close(),
  };
}

/** The same object, noting which of its methods are called. */
const noting = <Target extends object>(target: Target, called: Set<string>): Target => new Proxy(target, {
  get(of, name) {
    const value: unknown = Reflect.get(of, name, of);
    if (typeof value !== 'function') return value;
    called.add(String(name));
    return value.bind(of);
  },
});

async function callAll(store: SqlRecordStore, called: Set<string>): Promise<void> {
  const reads = noting(store, called);
  const page = { limit: 50, after: 10_000 };
  await reads.version('v7');
  await reads.versions('policy7', page);
  await reads.policyNames();
  await reads.evidence('v7');
  await reads.approvals('version', 'v7');
  await reads.listChange('c7');
  await reads.listChangeSummary('c7');
  await reads.listChanges('list7', { limit: 5, after: 10_000 });
  await reads.listEntries('list3');
  await reads.snooze('s7');
  await reads.snoozesInForce(19_900);
  await reads.snoozes('policy7', page);
  await reads.backtestRun('r7');
  await reads.backtestRuns('v7', page);
  await reads.publications(page);
  await reads.audit(100, 100);
  await reads.auditOf('policy/7', { limit: 50, after: 40_000 });
  await reads.noteProgress(run('r7', 'v7'));
  await store.change(entry('t'), async (plain) => {
    const writes = noting(plain, called);
    await writes.addVersion(version('new', { atMs: 30_000 }));
    await writes.withdrawVersion('v7', 1);
    await writes.addEvidence(evidence('v7'));
    await writes.addApproval(approval('v7'));
    const remove = Array.from({ length: 150 }, (_, index) => `value${index * 4}`);
    await writes.addListChange(listChange('new', 'list0', { add: [listEntry('x')], remove: [...remove, 7] }));
    await writes.setListChangeState('new', 'published');
    await writes.applyListChange('new');
    await writes.addListChange(listChange('newer', 'list1', { kind: 'replace', add: [listEntry('x')] }));
    await writes.applyListChange('newer');
    await writes.addSnooze(snooze('new'));
    await writes.setSnoozeState('s7', 'ended');
    await writes.putBacktestRun(run('new', 'v7'));
    await writes.addPublication(publication(30_000));
    // Made by addListChange, one for each piece.
    called.add('addChangeEntries');
  });
}
