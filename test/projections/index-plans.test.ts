import { deepEqual, ok } from 'node:assert/strict';
import { after, test } from 'node:test';
import { entryId } from '#fleet/identity.ts';
import { badIndexPlans } from './index-plans.ts';
import { PgliteIndexes } from './pglite-index.ts';
import { scansOf } from '../records/query-plans.ts';

const indexes = await PgliteIndexes.open();
after(() => indexes.session.abandon());

test('embedded, no query of the index reads a table of records from end to end', async () => {
  const { bad, queries } = await badIndexPlans(await indexes.make());
  deepEqual(bad, []);
  ok(queries > 12, `${queries}`);
  // A rule that nobody has seen complain is not a rule.
  const sql = 'select 1 from decision_record where key = $1';
  ok((await scansOf(indexes.session, [{ sql, params: ['{a}'] }])).length > 0);
});

test('whoever asks in SQL finds a decision by its transaction, at once', async () => {
  const index = await indexes.index();
  const key = 'acmé\0tx\0p-ü1';
  const place = { partition: 0, offset: 0 };
  const record = { key, value: Buffer.from('{"outcome":"hold"}'), headers: {}, place, writtenAtMs: 1_000 };
  await index.project({ from: [], reached: [1], records: [{ ...record, id: entryId(key) }] });
  const sql = `select id, tenant, transaction_id, answer ->> 'outcome' as outcome from decision
    where record_id = decision_record_id($1, $2)`;
  const { rows } = await indexes.session.query(sql, ['acmé', 'p-ü1']);
  deepEqual(rows, [
    { id: `dec_f_${entryId(key)}`, tenant: 'acmé', transaction_id: 'p-ü1', outcome: 'hold' },
  ]);
});
