/** Every query of the index of decisions, with its plan over thirteen months of them, all of them full. */
import { DIFFERENCES_KEPT_MAX, type DecisionIndex } from '#ports/decision-index.ts';
import { SqlDecisionIndex } from '#projections/sql-decision-index.ts';
import type { SqlSource } from '#records/sql-source.ts';
import { listening, scansOf, type Asked } from '../records/query-plans.ts';

const FROM_MS = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;

const FILL = `
select make_decision_month(${FROM_MS} + i * 28 * ${DAY_MS}::bigint) from generate_series(0, 14) i;
insert into decision_record (id, topic_partition, topic_offset, written_at_ms, key, value, headers)
  select md5(i::text)::uuid, i % 12, i / 12, ${FROM_MS} + i * ${DAY_MS / 200}::bigint,
    array['t', 'tx', 'p' || i], decode(repeat('78', 400), 'hex'), '' from generate_series(0, 77999) i;
insert into decision_difference
  (id, first_partition, first_offset, copy_partition, copy_offset, parts)
  select md5(i::text)::uuid, 0, i, 0, i, array['answer'] from generate_series(1, ${DIFFERENCES_KEPT_MAX}) i;
insert into decision_offset select i, 10000 from generate_series(0, 11) i`;

/** Sentences: a query that reads records from end to end, a method that was not called. */
export async function badIndexPlans(
  source: SqlSource,
): Promise<{ readonly bad: readonly string[]; readonly queries: number }> {
  const filling = await source.acquire();
  await filling.script(FILL);
  await filling.script('analyze');
  source.release(filling, true);
  const asked = new Map<string, Asked>();
  await callAll(new SqlDecisionIndex(listening(source, asked)));
  const explaining = await source.acquire();
  const bad = await scansOf(explaining, [...asked.values()]);
  source.release(explaining, true);
  return { bad, queries: asked.size };
}

async function callAll(index: DecisionIndex): Promise<void> {
  const ids = Array.from({ length: 40 }, (_, i) => i.toString(16).padStart(32, '0'));
  await index.find(ids[7]!);
  await index.places(ids);
  await index.between(3, 5_000, 6_000, 500);
  await index.differences(20);
  await index.keptFromMs();
  const from = await index.offsets();
  const records = ids.map((id, i) => ({
    id, key: `t\0tx\0n${i}`, value: Buffer.from(`${i}`), headers: {},
    place: { partition: 1, offset: 10_000 + i }, writtenAtMs: FROM_MS,
  }));
  const doubled = [...records, { ...records[0]!, value: Buffer.from('other') }];
  await index.project({ from, reached: from.map((offset) => offset + 400), records: doubled });
  await index.expire(FROM_MS);
}
