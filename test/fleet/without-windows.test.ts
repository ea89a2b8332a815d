// The shared logs cannot be asked: what is answered, what it costs, and that nothing of it is lost.
import { deepEqual, equal, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryWindowLog } from '#adapters/memory/window-log.ts';
import type { DecideAnswer } from '#decisioning/call.ts';
import type { Decision } from '#domain/decision.ts';
import type { FleetNode, FleetNodeParts } from '#fleet/fleet-node.ts';
import type { FleetIndex } from '#fleet/record-finder.ts';
import type { Topic } from '#ports/topic.ts';
import { decided, payment, POLICY, publicationOf } from '../engine/engine-world.ts';
import { FailingLog } from './failing-log.ts';
import { FleetWorld } from './fleet-world.ts';

const card = (id: string) => ({ card: { id } });
const euros = (value: string) => ({ value, currency: 'EUR' });
const partsOf = ({ degraded }: Decision) => degraded.map(({ part, cause, fallback }) =>
  [part, cause, fallback].join(' '));

/** Two nodes, the first of them behind a log that can fail. */
async function failingWorld(
  world = new FleetWorld(), more: Partial<FleetNodeParts> = { index: world.fleetIndex, deadlineMs: 100 },
) {
  const log = new FailingLog(world.log);
  const node = await world.join({ log, ...more });
  const other = await world.join(more);
  await world.publish(publicationOf(POLICY));
  return { world, log, node, other };
}

describe('without windows', () => {
  for (const [fault, cause] of [
    ['late', 'late'], ['unreachable', 'unreachable'], ['refused', 'refused'],
    ['recovering', 'state_recovering'],
  ] as const) {
    test(`F50 logs that are ${fault}: decided on what the payment says, and labelled`, async () => {
      const { world, log, node } = await failingWorld();
      log.fault = fault;
      const large = decided(await world.decide(node, { ...card('c'), amount: euros('2000.00') }));
      deepEqual(partsOf(large), [`windows ${cause} rules_without_windows`]);
      deepEqual([large.aml.outcome, large.features['card_count_1h'], large.log_position],
        ['hold', null, { windows: {} }], 'a rule that needs no window still holds it');
      ok(large.unknown.some(({ rule, because }) => rule === 'many' && because.reason === 'degraded'));
      await world.close();
    });
  }

  test('P3 its copies, on any node, then and when the logs are there again, have its answer', async () => {
    const { world, log, node, other } = await failingWorld();
    log.fault = 'unreachable';
    const bytes = payment(world.nowMs, { id: 'once' });
    const copies = await Promise.all([1, 2, 3].map(() => node.decide({ bytes, tenant: 'acme' })));
    const [first] = copies.map(decided);
    await world.project();
    log.fault = undefined;
    world.nowMs += 60_000;
    for (const one of [node, other]) copies.push(await one.decide({ bytes, tenant: 'acme' }));
    for (const copy of copies) deepEqual(decided(copy), first);
    const isFirst = (answer: DecideAnswer): boolean => answer.kind === 'decided' && !answer.replayed;
    equal(copies.filter(isFirst).length, 1);
    await world.close();
  });

  test('P3 what another node kept between the look and the append is its answer', async () => {
    const world = new FleetWorld();
    // Whoever waits for the index has it projected.
    const index: FleetIndex = {
      ...world.fleetIndex, reached: async () => {
        await world.project();
        return world.index.offsets();
      },
    };
    const log = new FailingLog(world.log);
    let before = async (): Promise<void> => {};
    const inner = world.decisions;
    const decisions: Topic = {
      name: inner.name, partitionCount: inner.partitionCount, starts: () => inner.starts(),
      ends: () => inner.ends(), read: (from) => inner.read(from),
      follow: (...asked) => inner.follow(...asked), close: async () => {},
      append: async (record) => {
        await before();
        return inner.append(record);
      },
    };
    const [node, other] = [await world.join({ log, index, decisions }), await world.join({ index })];
    await world.publish(publicationOf(POLICY));
    const bytes = payment(world.nowMs, { id: 'both' });
    const answers: DecideAnswer[] = [];
    before = async () => {
      before = async () => {};
      answers.push(await other.decide({ bytes, tenant: 'acme' }));
    };
    log.fault = 'late';
    answers.push(await node.decide({ bytes, tenant: 'acme' }));
    log.fault = undefined;
    answers.push(await node.decide({ bytes, tenant: 'acme' }));
    const [first, ...copies] = answers.map(decided);
    deepEqual(first?.degraded, []);
    for (const copy of copies) deepEqual(copy, first);
    deepEqual(answers.map((answer) => answer.kind === 'decided' && answer.replayed), [false, true, true]);
    await world.close();
  });

  test('another payload under its id is refused', async () => {
    const { world, log, node } = await failingWorld();
    log.fault = 'unreachable';
    await world.decide(node, { id: 'p' });
    const other = await world.decide(node, { id: 'p', amount: euros('7.00') });
    equal(other.kind === 'refused' && other.refusal.code, 'id_conflict');
    await world.close();
  });

  test('what is told meanwhile is kept, and says that it counts later', async () => {
    const { world, log, node } = await failingWorld();
    log.fault = 'unreachable';
    const told = await world.tell(node, { id: 'e', type: 'login', debtor: { account_id: 'd' } });
    ok(told.kind === 'recorded');
    deepEqual([told.recorded.state, told.recorded.degraded],
      ['waiting', [{ part: 'windows', cause: 'unreachable', fallback: 'counted_later' }]]);
    deepEqual(await world.decisions.ends().then((ends) => ends.reduce((sum, end) => sum + end)), 1);
    await world.close();
  });

  test('a trial is refused: it would show what is not so', async () => {
    const { world, log, node } = await failingWorld();
    log.fault = 'unreachable';
    const trial = await node.simulate({ bytes: payment(world.nowMs, {}), tenant: 'acme' });
    equal(trial.kind === 'refused' && trial.refusal.code, 'log_unavailable');
    await world.close();
  });

  test('F50 logs that never answer are left alone when the time is up', async () => {
    const { world, log, node } = await failingWorld();
    log.fault = 'silent';
    const call = { bytes: payment(world.nowMs, {}), tenant: 'acme', deadlineMs: 40 };
    // Its own wait is over before the logs say anything: the adapters see to that (`withinMs`).
    const asked = node.decide(call);
    equal(await Promise.race([asked, sleep(20).then(() => 'waits')]), 'waits');
    await world.close();
  });
});

describe('the breaker of the shared logs', () => {
  test('F51 opens after failures in a row, asks nobody, and closes by one probe', async () => {
    const { world, log, node } = await failingWorld(new FleetWorld(), {});
    const stateOf = ({ logs }: FleetNode): string => logs.breakerState;
    log.fault = 'unreachable';
    for (let i = 0; i < 20; i++) await world.decide(node);
    ok(log.asked <= 5, `${log.asked} were asked`);
    equal(stateOf(node), 'open');
    ok(node.logs.counts.refusedByBreaker >= 15);
    log.fault = undefined;
    while (stateOf(node) !== 'closed') {
      await sleep(20);
      await world.decide(node);
    }
    const before = log.asked;
    const after = decided(await world.decide(node));
    deepEqual([after.degraded, log.asked], [[], before + 1]);
    await world.close();
  });
});

describe('hedging', () => {
  test('what is late is asked over another connection, and counts once', async () => {
    const world = new FleetWorld();
    const log = new FailingLog(world.log);
    const node = await world.join({ log, spareLog: world.log });
    await world.publish(publicationOf(POLICY));
    const counts: unknown[] = [];
    for (let i = 0; i < 6; i++) {
      // Taken and not answered, taken not at all, and as it should be.
      log.fault = i % 3 === 0 ? 'silent' : undefined;
      if (i % 3 === 1) {
        const lost = log.inner.call.bind(log.inner);
        log.inner.call = async (...asked) => {
          await lost(...asked);
          log.inner.call = lost;
          return new Promise(() => {});
        };
      }
      const answer = await world.decide(node, card('c'));
      const { degraded, features } = decided(answer);
      deepEqual([degraded, answer.kind === 'decided' && answer.replayed], [[], false]);
      counts.push(features['card_count_1h']);
    }
    deepEqual(counts, [1, 2, 3, 4, 5, 6]);
    equal(node.logs.counts.hedged, 4);
    await world.close();
  });

  test('not more than a share of the calls', async () => {
    const world = new FleetWorld();
    const log = new FailingLog(world.log);
    const node = await world.join({ log, spareLog: new MemoryWindowLog() });
    await world.publish(publicationOf(POLICY));
    log.fault = 'silent';
    const asked = Array.from({ length: 40 }, () => world.decide(node));
    await sleep(50);
    ok(node.logs.counts.hedged <= 10, `${node.logs.counts.hedged}`);
    void asked;
    await world.close();
  });
});

describe('the decision without windows, in shadow', () => {
  test('is made for a share of what is decided with them, and compared', async () => {
    const { world, other } = await failingWorld();
    for (let i = 0; i < 1_000; i++) await world.decide(other, { id: `p${i}` });
    await sleep(5);
    const { same, graver, milder, failed } = other.shadow;
    ok(same + graver + milder > 2 && same + graver + milder < 30, JSON.stringify(other.shadow));
    equal(failed, 0);
    await world.close();
  });
});
