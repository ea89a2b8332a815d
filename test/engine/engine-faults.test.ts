import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LogUnavailable } from '#ports/decision-log.ts';
import { makeState } from '#decisioning/make-state.ts';
import { PublicationRefused } from '#decisioning/live-policies.ts';
import { openDecisionLog } from '#adapters/log-files/decision-log-open.ts';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { eventSchema } from '#domain/field.ts';
import { writeSnapshotOf } from '../../src/main/write-snapshot.ts';
import { code, decided, EngineWorld, opened, POLICY, publicationOf } from './engine-world.ts';

const turn = () => new Promise((resolve) => { setImmediate(resolve); });

async function ready(world: EngineWorld): Promise<void> {
  while (world.running.phase !== 'ready') await turn();
}

const notWritten = (world: EngineWorld): readonly string[] =>
  world.news.flatMap((news) => (news.kind === 'snapshot_not_written' ? [news.because] : []));

describe('a stop ends, whatever the disk says', () => {
  test('while the disk is full and the engine waits for space', async () => {
    const world = await opened();
    await world.decide({ id: 'kept' });
    world.disk.capacityBytes = world.disk.usedBytes + 10;
    equal(code(await world.decide({ id: 'refused' })), 'log_unavailable');
    await Promise.all([world.running.close(), world.running.close()]);
    equal(world.running.phase, 'closed');
    equal(notWritten(world).length, 1);
    equal(code(await world.decide()), 'draining');
    world.disk.heal();
    await world.open();
    equal(decided(await world.decide({ id: 'refused' })).features['card_count_1h'], 2);
  });

  test('while only the snapshot does not fit', async () => {
    const world = await opened();
    await world.decide({ id: 'kept' });
    world.disk.capacityBytes = world.disk.usedBytes;
    await world.running.close();
    match(notWritten(world).join(), /no space left/);
    world.disk.heal();
    await world.open();
    equal(decided(await world.decide()).features['card_count_1h'], 2);
  });

  test('a start whose publication does not fit gives up, and gives the folder back', async () => {
    const world = await opened();
    await world.decide();
    await world.running.close();
    world.publication = publicationOf(POLICY.replace('version: 1', 'version: 2'));
    world.disk.capacityBytes = world.disk.usedBytes;
    await rejects(world.open(), LogUnavailable);
    world.disk.heal();
    await world.open();
    equal(decided(await world.decide()).policy.version, 2);
  });
});

describe('what cannot be is not half done', () => {
  test('a publication longer than a batch of the log, without what amends it', async () => {
    const entries = Array.from({ length: 40_000 }, (_, i) => ({ value: `merchant-${i}-of-a-long-list` }));
    const mode = {
      policy: 'small', rule: 'many', segment: undefined, mode: 'shadow', since: '2026-01-15T12:00:00Z',
      because: 'a test',
    } as const;
    const next = {
      ...publicationOf(POLICY.replace('version: 1', 'version: 2')), lists: [{ name: 'trusted', entries }],
    };
    const bytes = Buffer.byteLength(JSON.stringify(next));
    const seen = new Set<number>();
    for (const room of [0, 300, 500, 700, 1_000]) {
      const world = await opened();
      await world.running.amend({ modes: [mode], person: 'a.ng', because: 'a test' });
      world.disk.capacityBytes = world.disk.usedBytes + bytes + room;
      await world.running.publish(next).catch(() => undefined);
      world.disk.heal();
      await ready(world);
      const decision = decided(await world.decide());
      await world.running.close();
      seen.add(decision.policy.version);
      equal(world.running.inForce().amendment?.modes.length, 1, `room for ${room} bytes more`);
    }
    deepEqual(seen, new Set([1, 2]));
  });

  test('nothing is published while the state is being made again', async () => {
    const world = await opened();
    world.disk.failNext('write');
    await world.decide();
    const second = publicationOf(POLICY.replace('version: 1', 'version: 2'));
    await rejects(world.running.publish(second), LogUnavailable);
    await ready(world);
    equal(decided(await world.decide()).policy.version, 1);
    await world.running.publish(second);
    equal(decided(await world.decide()).policy.version, 2);
  });

  test('a custom field that the engine does not know is refused before it is in the log', async () => {
    const world = await opened();
    const custom = [{ name: 'basket', type: 'int', history: true, description: 'items' }] as const;
    await rejects(world.running.publish({ ...publicationOf(POLICY), custom }), PublicationRefused);
    equal(decided(await world.decide()).log_position.position, 2);
    world.disk.kill();
    await world.open();
    equal(decided(await world.decide()).features['card_count_1h'], 2);
  });

  test('what conflicts with a payment that does not land was not refused for good', async () => {
    const world = await opened();
    world.disk.failNext('fdatasync');
    const other = { id: 'a', amount: { value: '11.00', currency: 'EUR' } };
    const named = { idempotencyKey: 'k' };
    const answers = await Promise.all([world.decide({ id: 'a' }), world.decide(other),
      world.decide({ id: 'b' }, named), world.decide({ id: 'c' }, named)]);
    deepEqual(answers.map(code), Array(4).fill('log_unavailable'));
    await ready(world);
    deepEqual([await world.decide(other), await world.decide({ id: 'a' })].map(code),
      ['decided', 'id_conflict']);
  });

  test('an Idempotency-Key names one event', async () => {
    const world = await opened();
    const tell = (id: string, idempotencyKey: string) => {
      const event = { id, type: 'login', occurred_at: '2026-01-15T12:00:00Z', card: { id: 'c1' } };
      const bytes = Buffer.from(JSON.stringify({ event }));
      return world.running.record({ bytes, tenant: 'acme', idempotencyKey });
    };
    const first = await tell('a', 'k');
    deepEqual(await tell('a', 'k'), { ...first, replayed: true });
    deepEqual([await tell('b', 'k'), await tell('b', 'l')].map(code), ['id_conflict', 'recorded']);
    world.disk.kill();
    await world.open();
    deepEqual([await tell('c', 'k'), await tell('a', 'k')].map(code), ['id_conflict', 'recorded']);
  });

  test('a judgement that fails half-way leaves no count behind, nor takes away one in flight', async () => {
    const world = await opened();
    const { store } = world.running.state;
    const before = world.decide({ id: 'in flight' });
    const append = store.append.bind(store);
    store.append = (event) => {
      append(event);
      throw new Error('a mistake of ours');
    };
    await rejects(world.decide({ id: 'fails' }), /a mistake of ours/);
    equal(code(await before), 'decided');
    await ready(world);
    equal(decided(await world.decide({ id: 'fails' })).features['card_count_1h'], 2);
  });
});

describe('a policy that goes wrong', () => {
  test('an end that no calendar has is a failed policy; the payment is answered and counts', async () => {
    const world = new EngineWorld();
    world.publication = publicationOf(POLICY
      .replace('action: review, reason_code: VEL-01', 'action: hold, reason_code: VEL-01, for: 99999999d')
      .replace('card_count_1h > 3', 'card_count_1h >= 1').replace('x: 4, ', ''));
    await world.open();
    const { outcome, degraded, tasks } = decided(await world.decide());
    deepEqual([outcome, tasks, degraded], ['review', [],
      [{ part: 'policy', cause: 'the policy failed: Invalid time value', fallback: 'review' }]]);
    const transfer = { kind: 'transfer', debtor: { account_id: 'a' }, card: null };
    equal(decided(await world.decide(transfer)).features['card_count_1h'], null);
    equal(world.running.state.store.size.events, 2);
  });

  test('a hold that comes of the score of fraud is told as fraud', async () => {
    const world = new EngineWorld();
    const bands = '[ { below: 1, action: approve, name: low }, { else: hold, name: high, for: 1d } ]';
    world.publication = publicationOf(POLICY
      .replace('scoring:\n', `scoring:\n  fraud: { sum: [many], floor: 0, cap: 100, bands: ${bands} }\n`)
      .replace('action: review, reason_code: VEL-01', 'score: 50, reason_code: VEL-01'));
    await world.open();
    for (let i = 0; i < 3; i += 1) await world.decide();
    deepEqual(decided(await world.decide()).tasks, [
      { kind: 'hold_until', rule: 'fraud-score', axis: 'fraud', value: '2026-01-16T12:00:00.000Z' },
    ]);
  });
});

describe('snapshots', () => {
  test('the state is made again from the newest one, when the one of the start is gone', async () => {
    const world = await opened();
    await world.decide({ id: 'a' });
    await world.running.close();
    await world.open();
    for (let i = 0; i < 3; i += 1) {
      await world.decide();
      const until = world.running.measurements().logPosition;
      await writeSnapshotOf(world.shared, { folder: 'data', until, custom: [] });
    }
    world.news.length = 0;
    world.disk.failNext('fdatasync');
    equal(code(await world.decide()), 'log_unavailable');
    await ready(world);
    deepEqual(world.news.filter(({ kind }) => kind === 'restored'), [{ kind: 'restored', position: 5 }]);
    equal(decided(await world.decide()).features['card_count_1h'], 5);
  });

  test('one that another version has written is left, and the log is read', async () => {
    const world = await opened();
    await world.decide();
    await world.running.close();
    const { log } = await openDecisionLog(world.disk.boot(), { folder: 'data/log' });
    const schema = eventSchema();
    const news: string[] = [];
    const state = await makeState({
      log, schema, newWindowStore: () => new LocalWindowStore(schema),
      tell: ({ kind }) => { news.push(kind); },
      snapshots: {
        latest: async () => ({ position: 2, publication: 1, windows: [Buffer.from('of another format')] }),
        save: async () => {},
      },
    });
    deepEqual([news, state.position, state.store.size.events], [['snapshot_not_used'], 2, 1]);
    ok(state.live !== undefined);
    await log.close();
  });
});
