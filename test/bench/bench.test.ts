import { deepEqual, equal, ok } from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { eventSchema } from '#domain/field.ts';
import { isRefusal, parseTransactionCall } from '#domain/parse-event.ts';
import { compilePolicy } from '#policy/compile-policy.ts';
import { runLoad } from '../../bench/open-loop.ts';
import { FEATURE_COUNT_MAX, policyOfSize } from '../../bench/policy-of-size.ts';
import { secondsOfClock } from '../../bench/process-usage.ts';
import { exponential, seededRandom, zipf } from '../../bench/random.ts';
import { metric, slope } from '../../bench/soak.ts';
import { Traffic, USUAL_TRAFFIC } from '../../bench/traffic.ts';

interface Sent {
  readonly id: string;
  readonly occurred_at: string;
  readonly merchant: { readonly id: string };
}
const NOW_MS = Date.UTC(2026, 10, 23);

function payments(count: number, seed: number): readonly Sent[] {
  const traffic = new Traffic(seed, 'test', USUAL_TRAFFIC);
  return Array.from({ length: count }, (_, i) =>
    (JSON.parse(traffic.next(NOW_MS + i).body) as { transaction: Sent }).transaction);
}

test('the same seed is the same traffic', () => {
  deepEqual(payments(200, 7), payments(200, 7));
  ok(payments(200, 7).some(({ merchant }, i) => merchant.id !== payments(200, 8)[i]?.merchant.id));
});

test('every payment of the traffic is a sound call', () => {
  const traffic = new Traffic(3, 'test');
  const schema = eventSchema();
  for (let i = 0; i < 500; i++) {
    const parsed = parseTransactionCall(Buffer.from(traffic.next(NOW_MS).body), schema, NOW_MS, 'bench');
    ok(!isRefusal(parsed), JSON.stringify(parsed));
  }
});

test('duplicates, late ones and hot merchants come in their shares', () => {
  const sent = payments(40_000, 1);
  const seen = new Set<string>();
  let [again, late, hot] = [0, 0, 0];
  sent.forEach(({ id, occurred_at, merchant }, i) => {
    if (seen.has(id)) again++;
    else if (Date.parse(occurred_at) < NOW_MS + i - 1_000) late++;
    if (/^merchant-[012]$/.test(merchant.id)) hot++;
    seen.add(id);
  });
  const near = (count: number, share: number): boolean => Math.abs(count / sent.length - share) < 0.004;
  ok(near(again, 0.005), `${again} duplicates`);
  ok(near(late, 0.02), `${late} late`);
  ok(near(hot, 0.01), `${hot} at hot merchants`);
});

test('Zipf ranks fall as their law says, and waits have their mean', () => {
  const random = seededRandom(5);
  const draw = zipf(100, 1);
  const counts = new Map<number, number>();
  for (let i = 0; i < 200_000; i++) {
    const rank = draw(random);
    counts.set(rank, (counts.get(rank) ?? 0) + 1);
  }
  equal([...counts.keys()].every((rank) => rank >= 0 && rank < 100), true);
  const ratio = (counts.get(0) ?? 0) / (counts.get(9) ?? 1);
  ok(ratio > 9 && ratio < 11, `rank 1 is drawn ${ratio} times as often as rank 10`);
  let total = 0;
  for (let i = 0; i < 100_000; i++) total += exponential(random, 2);
  ok(Math.abs(total / 100_000 - 2) < 0.05);
});

test('the policy of the benchmark compiles, with the size it says', () => {
  for (const [rules, features] of [[100, 30], [10, 5], [250, FEATURE_COUNT_MAX]] as const) {
    const compiled = compilePolicy(policyOfSize(rules, features), 'bench.policy.yaml', eventSchema());
    ok('policy' in compiled, JSON.stringify(compiled));
    deepEqual([compiled.policy.rules.length, compiled.policy.features.length], [rules, features]);
  }
});

test('a stall is paid for by every call that it delayed', async () => {
  let calls = 0;
  const server = createServer((request, response) => {
    // One stop of the whole process, in the middle: a closed loop would see a single slow call.
    if (++calls === 100) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600);
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-length': 2 });
      response.end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/decisions`);
  const order: string[] = [];
  const result = await runLoad({
    urls: [url], key: 'none', seed: 1, perSecond: 200, seconds: 2, warmUpSeconds: 0,
    next: () => ({ body: '{"transaction":{}}', lane: 0 }),
    onMeasuring: () => order.push('measuring'), onMeasured: () => order.push('measured'),
  });
  server.close();
  deepEqual(order, ['measuring', 'measured']);
  equal(result.errors, 0);
  ok(result.latency.count > 300, `${result.latency.count} calls`);
  // 600 ms at 200 calls a second: some 120 of 400 calls wait, half of those for more than 300 ms.
  ok(result.latency.ms(95) > 250, `p95 ${result.latency.ms(95)} ms`);
});

test('what cannot be answered is an error, not a fast answer', async () => {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(503, { 'content-length': 4, connection: 'close' });
      response.end('busy');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/decisions`);
  const nothing = (): void => {};
  const result = await runLoad({
    urls: [url], key: 'none', seed: 1, perSecond: 100, seconds: 1, warmUpSeconds: 0,
    next: () => ({ body: '{}', lane: 0 }),
    onMeasuring: nothing, onMeasured: nothing,
  });
  server.close();
  equal(result.errors, result.latency.count);
  ok(result.errors > 50);
  equal(result.firstError, '503 busy');
});

test('CPU clocks, metrics and slopes are read as they are written', () => {
  deepEqual(['0:01.50', '02:03:04', '1-00:00:01'].map(secondsOfClock), [1.5, 7_384, 86_401]);
  equal(metric('# HELP a_b x\na_b 12.5\na_bc 3\n', 'a_b'), 12.5);
  equal(slope([[0, 1], [1, 3], [2, 5]]), 2);
});
