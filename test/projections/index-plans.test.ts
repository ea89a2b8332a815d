import { deepEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { badIndexPlans } from './index-plans.ts';
import { PgliteIndexes } from './pglite-index.ts';
import { scansOf } from '../records/query-plans.ts';

test('embedded, no query of the index reads a table of records from end to end', async () => {
  const indexes = await PgliteIndexes.open();
  try {
    const { bad, queries } = await badIndexPlans(await indexes.make());
    deepEqual(bad, []);
    ok(queries > 12, `${queries}`);
    // A rule that nobody has seen complain is not a rule.
    const sql = 'select 1 from decision_record where key = $1';
    ok((await scansOf(indexes.session, [{ sql, params: ['{a}'] }])).length > 0);
  } finally {
    await indexes.session.abandon();
  }
});
