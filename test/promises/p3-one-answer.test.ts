import { deepEqual, equal, match } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { parseAnswer } from '../server/caller.ts';
import type { PaymentSent } from '../server/caller.ts';
import { ServerProcess } from '../server/server-process.ts';

describe('the same payment, sent again, gets the same answer and counts once', () => {
  let server: ServerProcess;
  const payment: PaymentSent = {
    id: 'p3-1',
    card: 'p3-card',
    amount: '25.00',
    occurredAt: new Date().toISOString(),
  };
  const countOf = async (id: string): Promise<unknown> => {
    const caller = server.caller(1);
    const { body } = await caller.decide({ ...payment, id });
    caller.close();
    return parseAnswer(body).features['card_count_1h'];
  };

  before(async () => {
    server = await ServerProcess.make();
    await server.start();
  });
  after(() => server.remove());

  test('F5 100 copies at once are one decision, one count, one body', async () => {
    const caller = server.caller(100);
    const responses = await Promise.all(Array.from({ length: 100 }, () => caller.decide(payment)));
    caller.close();
    deepEqual(new Set(responses.map(({ status }) => status)), new Set([200]));
    equal(new Set(responses.map(({ stored }) => stored)).size, 1);
    equal(responses.filter(({ replayed }) => !replayed).length, 1);
    equal(await countOf('p3-2'), 2);
  });

  test('F6 another payload under the id is refused, and changes nothing', async () => {
    const caller = server.caller(1);
    const [first] = [await caller.decide(payment)];
    const other = await caller.decide({ ...payment, amount: '26.00' });
    equal(other.status, 422);
    match(other.body, /"code":"id_conflict"/);
    equal((await caller.decide(payment)).stored, first.stored);
    caller.close();
    equal(await countOf('p3-3'), 3);
  });

  test('F2 F46 after kill -9 the answer is the same, and the count goes on', async () => {
    const before9 = server.caller(1);
    const { stored } = await before9.decide(payment);
    before9.close();
    await server.kill();
    await server.start();
    const caller = server.caller(1);
    const again = await caller.decide(payment);
    caller.close();
    deepEqual([again.status, again.replayed, again.stored], [200, true, stored]);
    equal(await countOf('p3-4'), 4);
  });
});
