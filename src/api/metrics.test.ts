import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { createHistogram } from 'node:perf_hooks';
import { after, test } from 'node:test';
import { fakeParts, fullDecision, payment } from './fake-parts.ts';
import { Metrics } from './metrics.ts';
import { requestLog } from './request-log.ts';
import { buildServer } from './server.ts';

const parts = fakeParts();
const fsync = createHistogram();
fsync.record(1_500);
fsync.record(2_500);
parts.measurements = () => ({
  stages: { log_fsync: fsync },
  windowStore: { events: 5, entities: 4, texts: 3, bytes: 2 },
  logPosition: 7,
  brake: {
    held: { fraud: 1, aml: 10 }, engaged: { fraud: 2, aml: 10 }, paged: { fraud: 3, aml: 10 }, hits: [
      { policy: 'cards', rule: 'many', axis: 'fraud', hits: 4 },
      { policy: 'cards', rule: 'large', axis: 'aml', hits: 5 },
    ],
  },
});
parts.expiry = () => [
  { policy: 'cards', until: '2026-11-24', isExpired: true },
  { policy: 'wires', until: undefined, isExpired: false },
];
const { http } = buildServer(parts, requestLog('silent'));
after(() => http.close());

/** Samples by name and labels. */
async function scrape(): Promise<Map<string, number>> {
  const { body, headers } = await http.inject({ url: '/metrics' });
  equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  const lines = body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  for (const line of lines) match(line, /^[a-z0-9_]+(\{([a-z_]+="[^"]*",?)+\})? (\d|NaN|-)/);
  return new Map(
    lines.map((line) => [
      line.slice(0, line.lastIndexOf(' ')),
      Number(line.slice(line.lastIndexOf(' ') + 1)),
    ]),
  );
}
const decide = (transaction: object, key = 'all') =>
  http.inject({
    method: 'POST',
    url: '/v1/decisions',
    headers: { authorization: `Bearer ${key}` },
    payload: { transaction },
  });

test('what happened is counted once, by outcome and code', async () => {
  await decide(payment);
  await decide(payment);
  await decide({ ...payment, id: 'tx_2' });
  await decide({ ...payment, id: 7 });
  await decide(payment, 'nobody');
  const samples = await scrape();
  const read = (...names: string[]) => names.map((name) => samples.get(name));
  deepEqual(
    read(
      'assay_decisions_total{outcome="hold"}',
      'assay_decisions_total{outcome="approve"}',
    ),
    [2, 0],
  );
  ok(![...samples.keys()].some((name) => /aml|axis/.test(name)), 'no key is asked for, so aml is not told');
  deepEqual(read('assay_replays_total', 'assay_degraded_total'), [1, 2]);
  deepEqual(
    read(
      'assay_refusals_total{code="invalid"}',
      'assay_refusals_total{code="unauthenticated"}',
      'assay_refusals_total{code="shedding"}',
    ),
    [1, 1, 0],
  );
  deepEqual(
    read('assay_window_store_events', 'assay_window_store_entities', 'assay_log_position'),
    [5, 4, 7],
  );
  equal(samples.get('assay_decision_duration_seconds_count'), 4);
  ok((samples.get('assay_decision_duration_seconds{quantile="0.99"}') ?? 0) > 0);
  const stage = (what: string) => samples.get(`assay_stage_duration_seconds_${what}{stage="log_fsync"}`) ?? 0;
  equal(stage('count'), 2);
  // A histogram keeps three digits.
  ok(Math.abs(stage('sum') - 0.004) < 0.000_01);
  equal(samples.get('assay_in_flight'), 1, 'the scrape itself');
  deepEqual(
    ['0.5', '0.95', '0.99', '0.999'].filter(
      (q) => !samples.has(`assay_event_loop_delay_seconds{quantile="${q}"}`),
    ),
    [],
  );
  deepEqual(
    ['held', 'engaged', 'pages'].map((name) => samples.get(`assay_brake_${name}`)),
    [1, 2, 3],
    'of fraud alone: no key is asked for',
  );
  deepEqual(read('assay_policy_expired{policy="cards"}', 'assay_policy_expired{policy="wires"}'), [1, 0]);
  equal(samples.get('assay_rule_hits_total{policy="cards",rule="many"}'), 4);
  ok(!samples.has('assay_rule_hits_total{policy="cards",rule="large"}'), 'aml is not told');
  ok((samples.get('process_resident_memory_bytes') ?? 0) > 1e6);
});

test('a histogram that has seen nothing has no quantiles', async () => {
  const metrics = new Metrics();
  const text = await metrics.text(fakeParts().measurements(), []);
  metrics.decided(fullDecision, false);
  metrics.stop();
  ok(text.includes('assay_decision_duration_seconds_count 0\n'));
  ok(!text.includes('assay_decision_duration_seconds{quantile'));
});
