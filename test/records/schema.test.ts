import { deepEqual, equal, rejects } from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { PgliteSession } from '#adapters/pglite/pglite-session.ts';
import { bringUpToDate, SchemaRefused } from '#records/bring-up-to-date.ts';
import type { SchemaStep } from '#records/schema-step.ts';
import { SqlRecordStore } from '#records/sql-record-store.ts';
import { decisionsById } from '#records/steps/decisions-by-id.ts';
import { lifeOfAPolicy } from '#records/steps/life-of-a-policy.ts';
import { entry, evidence, run, snooze, version } from '../contracts/records-samples.ts';
import { sourceOf } from './embedded-world.ts';

/** What a later program may do beside an older one: add. */
const later: SchemaStep = {
  number: 3, name: 'cases', oldestProgram: 1, sql: [
    `alter table policy_version add column owner text;
     alter table evidence add column cost_us bigint not null default 0;
     create table case_file (id text primary key)`,
    'create index evidence_by_cost on evidence (cost_us)',
  ],
};

describe('the steps of the schema', () => {
  let session: PgliteSession;
  beforeEach(async () => { session = await PgliteSession.open('memory://'); });
  afterEach(() => session.abandon());

  const stepsThere = async (): Promise<unknown> =>
    (await session.query('select number, name from schema_step order by number', [])).rows;
  const store = (): SqlRecordStore => new SqlRecordStore(sourceOf(session));

  test('each is taken once and recorded, and an older program runs on beside a later one', async () => {
    deepEqual(await bringUpToDate(session), [1, 2]);
    deepEqual(await bringUpToDate(session), []);
    await store().change(entry('t'), (writes) => writes.addVersion(version('before')));
    deepEqual(await bringUpToDate(session, [lifeOfAPolicy, decisionsById, later]), [3]);
    deepEqual(await stepsThere(), [
      { number: 1, name: lifeOfAPolicy.name }, { number: 2, name: decisionsById.name },
      { number: 3, name: 'cases' },
    ]);

    deepEqual(await bringUpToDate(session), [], 'the older program finds nothing to do');
    await store().change(entry('t'), async (writes) => {
      await writes.addVersion(version('after'));
      await writes.addEvidence(evidence('after'));
      await writes.addSnooze(snooze('s'));
      await writes.putBacktestRun(run('r', 'before'));
    });
    deepEqual(await store().version('before'), version('before'));
    deepEqual(await store().evidence('after'), [evidence('after')]);
    deepEqual(await store().backtestRun('r'), run('r', 'before'));
  });

  test('a database that needs a newer program is refused, with the reason', async () => {
    const breaking = { ...later, oldestProgram: 3 };
    await bringUpToDate(session, [lifeOfAPolicy, decisionsById, breaking]);
    await rejects(bringUpToDate(session), (why) => {
      equal(why instanceof SchemaRefused, true);
      equal(String(why), 'Error: the database is at step 3, which needs a program that knows step 3; '
        + 'this one knows up to 2. Start the newer program');
      return true;
    });
  });

  test('steps are taken all or none', async () => {
    const broken = { ...later, sql: [...later.sql, 'select no_such_column from audit'] };
    await rejects(bringUpToDate(session, [lifeOfAPolicy, decisionsById, broken]), /no_such_column/);
    const { rows } = await session.query(
      `select to_regclass('audit') as audit, to_regclass('case_file') as later`, []);
    deepEqual(rows, [{ audit: null, later: null }]);
    deepEqual(await bringUpToDate(session), [1, 2]);
  });
});
