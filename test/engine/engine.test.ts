import type { Decision } from '#domain/decision.ts';
import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PublicationRefused } from '#decisioning/live-policies.ts';
import { writeSnapshotOf } from '../../src/main/write-snapshot.ts';
import { code, decided, EngineWorld, opened, payment, POLICY, publicationOf } from './engine-world.ts';

describe('one payment, one answer', () => {
  test('F7 F39 a hundred at once on one card see the counts 1 to 100, in the order of the log', async () => {
    const world = await opened();
    const answers = await Promise.all(Array.from({ length: 100 }, () => world.decide()));
    const at = ({ log_position: { position = 0 } }: Decision): number => position;
    const counts = answers.map(decided).toSorted((a, b) => at(a) - at(b))
      .map(({ features }) => features['card_count_1h']);
    deepEqual(counts, Array.from({ length: 100 }, (_, i) => i + 1));
  });

  test('F5 a hundred copies at once are one decision and one count', async () => {
    const world = await opened();
    const answers = await Promise.all(Array.from({ length: 100 }, () => world.decide({ id: 'same' })));
    equal(new Set(answers.map((answer) => JSON.stringify(decided(answer)))).size, 1);
    equal(answers.filter((answer) => answer.kind === 'decided' && !answer.replayed).length, 1);
    equal(decided(await world.decide()).features['card_count_1h'], 2);
  });

  test('the same values in another order of keys are the same payment', async () => {
    const world = await opened();
    const bytes = payment(world.nowMs, { id: 'a' });
    const { transaction } = JSON.parse(bytes.toString()) as { transaction: Record<string, unknown> };
    const reversed = Object.fromEntries(Object.entries(transaction).toReversed());
    const turned = Buffer.from(JSON.stringify({ transaction: reversed }));
    const first = await world.running.decide({ bytes, tenant: 'acme' });
    const second = await world.running.decide({ bytes: turned, tenant: 'acme' });
    deepEqual(second, { ...first, replayed: true });
  });

  test('F6 the same id with another payload is refused and changes nothing', async () => {
    const world = await opened();
    await world.decide({ id: 'a' });
    equal(code(await world.decide({ id: 'a', amount: { value: '11.00', currency: 'EUR' } })), 'id_conflict');
    equal(decided(await world.decide()).features['card_sum_1h'], '20.00 EUR');
  });

  test('an Idempotency-Key names one transaction', async () => {
    const world = await opened();
    const first = await world.decide({ id: 'a' }, { idempotencyKey: 'k' });
    deepEqual(await world.decide({ id: 'a' }, { idempotencyKey: 'k' }), { ...first, replayed: true });
    equal(code(await world.decide({ id: 'b' }, { idempotencyKey: 'k' })), 'id_conflict');
    equal(code(await world.decide({ id: 'b' }, { idempotencyKey: 'l' })), 'decided');
  });

  test('tenants share neither ids nor counts', async () => {
    const world = await opened();
    await world.decide({ id: 'a' });
    const amount = { value: '99.00', currency: 'EUR' };
    const other = decided(await world.decide({ id: 'a', amount }, { tenant: 'other' }));
    equal(other.features['card_count_1h'], 1);
    equal(await world.running.findDecision('acme', other.id), undefined);
    deepEqual(await world.running.findDecision('other', other.id), other);
  });

  test('a kind that no policy decides is reviewed, and the answer says why', async () => {
    const world = await opened();
    const { outcome, degraded } = decided(await world.decide({ kind: 'crypto' }));
    equal(outcome, 'review');
    const cause = 'no policy decides this kind of payment';
    deepEqual(degraded, [{ part: 'policy', cause, fallback: 'review' }]);
  });

  test('F37 a time outside the tolerance is clamped, and the answer says so', async () => {
    const world = await opened();
    const { adjusted } = decided(await world.decide({ occurred_at: '2030-01-01T00:00:00Z' }));
    const [from, to] = ['2030-01-01T00:00:00.000Z', '2026-01-15T12:05:00.000Z'];
    deepEqual(adjusted, { occurred_at: { from, to } });
  });
});

describe('what is told counts', () => {
  test('a status and a label change what later payments see, from when they were known', async () => {
    const world = await opened();
    await world.decide({ id: 'a' });
    const status = { id: 's', type: 'status', transaction_id: 'a', status: 'declined' };
    equal(code(await world.tell(status)), 'recorded');
    world.nowMs += 60_000;
    equal(decided(await world.decide()).features['card_declines_1h'], 1);
    await world.tell({ id: 'l', type: 'label', transaction_id: 'a', label: 'confirmed_fraud' });
    equal(decided(await world.decide()).features['card_frauds_30d'], 1);
    const late = decided(await world.decide({ occurred_at: new Date(world.nowMs - 1).toISOString() }));
    equal(late.features['card_frauds_30d'], 0, 'a payment from before it was known does not see it');
  });

  test('F41 a status that comes before its payment waits for it', async () => {
    const world = await opened();
    const early = await world.tell({ id: 's', type: 'status', transaction_id: 'later', status: 'declined' });
    equal(early.kind === 'recorded' && early.recorded.state, 'waiting');
    equal(decided(await world.decide({ id: 'later' })).features['card_declines_1h'], 1);
  });

  test('a refund has the card of its payment, and does not count as one', async () => {
    const world = await opened();
    await world.decide({ id: 'a' });
    const amount = { value: '10.00', currency: 'EUR' };
    await world.tell({ id: 'r', type: 'refund', transaction_id: 'a', amount });
    const { features } = decided(await world.decide());
    deepEqual([features['refunds_30d'], features['card_count_1h']], [1, 2]);
  });

  test('an event told twice counts once; another under its id is refused', async () => {
    const world = await opened();
    const amount = { value: '1.00', currency: 'EUR' };
    const refund = { id: 'r', type: 'refund', transaction_id: 'a', amount, card: { id: 'c1' } };
    const first = await world.tell(refund);
    deepEqual(await world.tell(refund), { ...first, replayed: true });
    equal(code(await world.tell({ ...refund, card: { id: 'c2' } })), 'id_conflict');
    equal(decided(await world.decide()).features['refunds_30d'], 1);
  });

  test('a mark set by a rule is seen by later payments of that account', async () => {
    const world = await opened();
    const transfer = { kind: 'transfer', card: null, debtor: { account_id: 'acc' } };
    const first = decided(await world.decide({ ...transfer, amount: { value: '5000.00', currency: 'EUR' } }));
    deepEqual([first.outcome, first.aml.outcome, first.fraud.outcome], ['hold', 'hold', 'approve']);
    equal(decided(await world.decide(transfer)).aml.score, 10);
    world.nowMs += 86_400_000;
    equal(decided(await world.decide(transfer)).aml.score, 0);
  });

  test('simulating leaves no trace', async () => {
    const world = await opened();
    const tried = world.running.simulate({ bytes: payment(world.nowMs, {}), tenant: 'acme' });
    equal(decided(tried).features['card_count_1h'], 1);
    deepEqual([decided(tried).id, decided(tried).log_position], ['dec_0_000000000', { position: 0 }]);
    equal(decided(await world.decide()).features['card_count_1h'], 1);
  });
});

describe('the log is the truth', () => {
  async function history(world: EngineWorld): Promise<unknown[]> {
    const answers: unknown[] = [];
    for (let i = 0; i < 40; i++) {
      world.nowMs += 60_000;
      const [card, debtor] = [{ id: `c${i % 3}` }, { account_id: `a${i % 2}` }];
      answers.push(await world.decide({ id: `h${i}`, card, debtor }));
      if (i % 5 !== 0) continue;
      const status = { id: `s${i}`, type: 'status', transaction_id: `h${i}`, status: 'declined' };
      answers.push(await world.tell(status));
    }
    return answers;
  }
  const windows = (world: EngineWorld): Buffer => Buffer.concat([...world.running.state.store.saveState()]);

  test('F53 after kill -9 the state is made again, byte for byte, and every answer comes back', async () => {
    const world = await opened();
    const answers = await history(world);
    const before = windows(world);
    world.disk.kill();
    await world.open();
    ok(windows(world).equals(before));
    const again = await world.decide({ id: 'h7', card: { id: 'c1' }, debtor: { account_id: 'a1' },
      occurred_at: new Date(Date.UTC(2026, 0, 15, 12, 8)).toISOString() });
    deepEqual(decided(again), decided(answers.find((answer) =>
      JSON.stringify(answer).includes('"transaction_id":"h7"')) as never));
  });

  test('a start from a snapshot gives the state that the whole log gives', async () => {
    const world = await opened();
    await history(world);
    const before = windows(world);
    await world.running.close();
    await world.open();
    ok(world.news.some((news) => news.kind === 'restored'), 'the snapshot was not used');
    ok(windows(world).equals(before));
  });

  test('a snapshot made beside the engine, from the log alone, is the state at its position', async () => {
    const world = await opened();
    await history(world);
    const before = windows(world);
    const until = world.running.measurements().logPosition;
    const order = { folder: 'data', until, custom: [] };
    equal(await writeSnapshotOf(world.shared, order), until);
    equal(await writeSnapshotOf(world.shared, order), until, 'also from the snapshot before');
    world.disk.kill();
    await world.open();
    deepEqual(world.news.filter(({ kind }) => kind === 'restored'), [{ kind: 'restored', position: until }]);
    ok(windows(world).equals(before));
  });

  test('a full disk is a refusal; then the counts are as if nothing had been tried', async () => {
    const world = await opened();
    await world.decide({ id: 'first' });
    world.disk.capacityBytes = world.disk.usedBytes + 100;
    const refusals = await Promise.all([world.decide(), world.decide({ id: 'retried' }), world.decide()]);
    deepEqual(refusals.map(code), Array(3).fill('log_unavailable'));
    equal(code(await world.decide()), 'log_unavailable');
    ok('decision' in await world.decide({ id: 'first', occurred_at: new Date(world.nowMs).toISOString() }),
      'what was decided before is still answered');
    world.disk.heal();
    while (world.running.phase !== 'ready') await new Promise((resolve) => { setImmediate(resolve); });
    equal(decided(await world.decide({ id: 'retried' })).features['card_count_1h'], 2);
    const told = world.news.map((news) => (news.kind === 'phase' ? news.because : '')).join('\n');
    match(told, /full: \d+ bytes are needed/);
  });

  test('F1 a failed sync is a refusal too, and what was not answered is nowhere', async () => {
    const world = await opened();
    await world.decide();
    world.disk.failNext('fdatasync');
    equal(code(await world.decide({ id: 'lost' })), 'log_unavailable');
    while (world.running.phase !== 'ready') await new Promise((resolve) => { setImmediate(resolve); });
    equal(await world.running.findByTransaction('acme', 'lost'), undefined);
    equal(decided(await world.decide()).features['card_count_1h'], 2);
  });
});

describe('publications', () => {
  test('F8 another policy is live from its position on; a retry keeps its first version', async () => {
    const world = await opened();
    const first = await world.decide({ id: 'a' });
    const stricter = POLICY.replace('version: 1', 'version: 2').replace('> 3', '> 1');
    await world.running.publish(publicationOf(stricter));
    const second = decided(await world.decide({ id: 'b' }));
    deepEqual([second.policy.version, second.outcome], [2, 'review'], 'the windows are right at once');
    deepEqual(await world.decide({ id: 'a' }), { ...first, replayed: true });
    notEqual(second.policy.hash, decided(first).policy.hash);
  });

  test('what does not compile is refused whole, and the live one stays', async () => {
    const world = await opened();
    const misspelt = POLICY.replace('card_count_1h > 3', 'card_cuont_1h > 3');
    const broken = world.running.publish(publicationOf(misspelt));
    const refused: unknown = await broken.catch((error: unknown) => error);
    ok(refused instanceof PublicationRefused);
    match(refused.message, /small\.policy\.yaml:\d+:\d+.*card_cuont_1h.*\n[^]*Did you mean `card_count_1h`/);
    equal(decided(await world.decide()).policy.version, 1);
  });

  test('a start with the publication that is live publishes nothing', async () => {
    const world = await opened();
    await world.running.close();
    const { position } = (await world.open()).state;
    equal(position, 1);
  });
});
