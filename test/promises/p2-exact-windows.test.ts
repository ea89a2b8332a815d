import { deepEqual, equal } from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parseAnswer } from '../server/caller.ts';
import { ServerProcess } from '../server/server-process.ts';

let server: ServerProcess;

before(async () => {
  server = await ServerProcess.make();
  await server.start();
});
after(() => server.remove());

test('F7 100 simultaneous payments on one card see the counts 1 to 100, no gap, no tie', async () => {
  const caller = server.caller(100);
  const occurredAt = new Date().toISOString();
  const responses = await Promise.all(
    Array.from({ length: 100 }, (_, i) =>
      caller.decide({ id: `p2-${i}`, card: 'p2-card', amount: '10.00', occurredAt }),
    ),
  );
  caller.close();
  deepEqual(new Set(responses.map(({ status }) => status)), new Set([200]));
  const seen = responses
    .map(({ body }) => parseAnswer(body))
    .toSorted((a, b) => a.log_position.position - b.log_position.position);
  deepEqual(
    seen.map(({ features }) => features['card_count_1h']),
    Array.from({ length: 100 }, (_, i) => i + 1),
  );
  equal(seen.at(-1)?.features['card_sum_1h'], '1000.00 EUR');
});
