import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { renderDecision } from '#api/render-decision.ts';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { openDecisionLog } from '#adapters/log-files/decision-log-open.ts';
import { isAmendment, readAmendment } from '#decisioning/publication.ts';
import { replay } from '#decisioning/replay.ts';
import { eventSchema } from '#domain/field.ts';
import { decided, opened, POLICY, publicationOf, type EngineWorld } from './engine-world.ts';

const DECLINES_ALL = POLICY.replace('version: 1', 'version: 2').replace('x: 4, ', '')
  .replace('card_count_1h > 3', 'card_count_1h >= 1')
  .replace('action: review, reason_code: VEL-01', 'action: decline, reason_code: VEL-01');
const CHANNELS = ['ecom', 'pos'];

/** A second of payments, on cards of their own, and the brake's look. */
async function second(
  world: EngineWorld, perSecond: number, channels = CHANNELS,
): Promise<readonly string[]> {
  const answers = await Promise.all(Array.from({ length: perSecond }, (_, i) =>
    world.decide({ channel: channels[i % channels.length], card: { id: `card-${world.nowMs}-${i}` } })));
  world.nowMs += 1_000;
  await world.running.look();
  return answers.map((answer) => decided(answer).outcome);
}

const news = (world: EngineWorld, kind: string): readonly string[] => world.news.flatMap((one) =>
  (one.kind === kind && 'rule' in one ? [`${one.rule} ${one.segment}: ${one.because}`] : []));

test('a rule that declines everyone is soon in shadow, stays so, and comes back by a person', async () => {
  const world = await opened();
  await world.running.publish(publicationOf(DECLINES_ALL));
  equal((await second(world, 400))[0], 'decline');
  const { amendment, position } = world.running.inForce();
  deepEqual(amendment?.modes.map(({ rule, segment, mode }) => [rule, segment, mode]),
    CHANNELS.map((value) => ['many', { field: 'channel', value }, 'shadow']));
  match(amendment?.because ?? '',
    /^small\/many: acts on 100 % of 200 payments in a minute \(ecom\); default 20 %;/);
  equal(news(world, 'braked').length, 2);
  const answer = decided(await world.decide({ channel: 'pos' }));
  deepEqual([answer.outcome, answer.degraded.map(({ part, fallback }) => [part, fallback])],
    ['approve', [['rule/many', 'shadow']]]);
  equal(decided(await world.decide({ channel: 'atm' })).outcome, 'decline');

  world.publication = publicationOf(DECLINES_ALL);
  world.disk.kill();
  await world.open();
  equal(world.running.inForce().position, position);
  equal(decided(await world.decide({ channel: 'pos' })).outcome, 'approve');
  const { brake } = world.running.measurements();
  deepEqual([brake.held, brake.engaged], [{ fraud: 2, aml: 0 }, { fraud: 0, aml: 0 }]);

  await world.running.amend({ modes: [], person: 'a.ng', because: 'it was meant' });
  equal(decided(await world.decide({ channel: 'pos' })).outcome, 'decline');
  await second(world, 400);
  equal(world.running.inForce().amendment?.modes.length, 2, 'and it is braked again');

  await world.running.close();
  const { log } = await openDecisionLog(world.disk.boot(), { folder: 'data/log' });
  const schema = eventSchema();
  const { different } = await replay(log.read(1), schema, () => new LocalWindowStore(schema));
  const amendments = [];
  for await (const record of log.read(1)) {
    if (isAmendment(record)) amendments.push(readAmendment(record).person);
  }
  deepEqual([different, amendments], [0, ['assay', 'a.ng', 'assay']]);
  await log.close();
});

test('of a braked aml rule nothing is said to a key without that scope', async () => {
  const world = await opened();
  const secret = DECLINES_ALL.replace('    when: card_count_1h', '    axis: aml\n    when: card_count_1h');
  await world.running.publish(publicationOf(secret));
  await second(world, 400);
  const decision = decided(await world.decide({ channel: 'pos' }));
  const seen = (aml: boolean) => renderDecision(decision, { aml, explain: false, replayed: false });
  ok(seen(true).includes('braked since'));
  ok(!/brake|many/.test(seen(false)));
  const { held, engaged } = world.running.measurements().brake;
  deepEqual([held, engaged], [{ fraud: 0, aml: 2 }, { fraud: 0, aml: 2 }]);
});

test('a look while the one before waits for a publication finds nothing twice', async () => {
  const world = await opened();
  await world.running.publish(publicationOf(DECLINES_ALL));
  await second(world, 300, ['ecom']);
  await world.running.amend({ modes: [], person: 'a.ng', because: 'again' });
  const ecom = () => Promise.all(Array.from({ length: 300 }, (_, i) =>
    world.decide({ channel: 'ecom', card: { id: `late-${world.nowMs}-${i}` } })));
  await ecom();
  const publishing = world.running.publish({ ...publicationOf(DECLINES_ALL), because: 'once more' });
  const looks = [world.running.look()];
  await ecom();
  looks.push(world.running.look());
  await Promise.all([publishing, ...looks]);
  deepEqual([news(world, 'braked').length, world.running.measurements().brake.engaged.fraud], [2, 2]);
});

test('a version that was replaced before the brake had its turn is not held in the next one', async () => {
  const world = await opened();
  await world.running.publish(publicationOf(DECLINES_ALL));
  await Promise.all(Array.from({ length: 300 }, (_, i) =>
    world.decide({ channel: 'ecom', card: { id: `c-${i}` } })));
  const mended = world.running.publish(publicationOf(POLICY.replace('version: 1', 'version: 3')));
  await Promise.all([mended, world.running.look()]);
  equal(world.running.inForce().amendment, undefined);
  match(world.news.map((one) => ('because' in one ? one.because : '')).join(), /no longer live/);
});

test('a final rule stays, and a person is told', async () => {
  const world = await opened();
  await world.running.publish(publicationOf(DECLINES_ALL.replace('  many:', '  many:\n    final: true')));
  for (let i = 0; i < 3; i++) equal((await second(world, 200, ['ecom']))[0], 'decline');
  deepEqual([news(world, 'page').length, world.running.inForce().amendment], [1, undefined]);
  equal(world.running.measurements().brake.paged.fraud, 1);
});

test('a forecast of the publication is what a rule is held to', async () => {
  const world = await opened();
  const forecast = {
    policy: 'small', rule: 'many', segment: undefined, low: 0.9, high: 1, from: 'backtest',
  } as const;
  await world.running.publish({ ...publicationOf(DECLINES_ALL), forecasts: [forecast] });
  await second(world, 400);
  equal(world.running.inForce().amendment, undefined);
  await world.running.publish({ ...publicationOf(POLICY), forecasts: [forecast] });
  await second(world, 400);
  match(news(world, 'below_forecast').join(), /many ecom: hits on 0 % of 200 .*forecast 90 % to 100 %/);
});

test('a score that declines everyone is braked too, and one that only ranks is not', async () => {
  const bands = '[ { below: 50, action: approve, name: low }, { else: decline, name: high } ]';
  const scored = (points: number) => publicationOf(DECLINES_ALL
    .replace('scoring:\n', `scoring:\n  fraud: { sum: [many], floor: 0, cap: 100, bands: ${bands} }\n`)
    .replace('action: decline, reason_code: VEL-01', `score: ${points}, reason_code: VEL-01`));
  const world = await opened();
  await world.running.publish(scored(49));
  equal((await second(world, 400))[0], 'approve');
  equal(world.running.inForce().amendment, undefined);
  await world.running.publish(scored(50));
  equal((await second(world, 400))[0], 'decline');
  deepEqual(world.running.inForce().amendment?.modes.map(({ rule }) => rule), ['many', 'many']);
});

test('a challenger that goes wrong loses its share, and the champion goes on as it was', async () => {
  const world = await opened();
  const challengers = [{ file: 'b.policy.yaml', source: DECLINES_ALL, share: 0.5, salt: 's', by: 'card' }];
  await world.running.amend({ challengers, person: 'a.ng', because: 'a trial' });
  const outcomes = await second(world, 1_000, ['ecom']);
  ok(outcomes.includes('approve') && outcomes.includes('decline'));
  const { amendment } = world.running.inForce();
  deepEqual([amendment?.modes, amendment?.challengers.map(({ share }) => share)], [[], [0]]);
  equal(news(world, 'share_taken').length, 1);
  deepEqual(new Set(await second(world, 100, ['ecom'])), new Set(['approve']));
});

test('what could not be written is not counted: the same payments come again', async () => {
  const world = await opened();
  await world.running.publish(publicationOf(DECLINES_ALL));
  const at = new Date(world.nowMs).toISOString();
  const pays = () => Promise.all(Array.from({ length: 150 }, (_, i) =>
    world.decide({ id: `same-${i}`, channel: 'ecom', card: { id: `c-${i}` }, occurred_at: at })));
  world.disk.failNext('write');
  await pays();
  while (world.running.phase !== 'ready') await new Promise((resolve) => { setImmediate(resolve); });
  deepEqual(new Set((await pays()).map((answer) => decided(answer).outcome)), new Set(['decline']));
  await world.running.look();
  equal(world.running.inForce().amendment, undefined);
});

test('simulations and re-sends are not counted', async () => {
  const world = await opened();
  await world.running.publish(publicationOf(DECLINES_ALL));
  const occurredAt = new Date(world.nowMs).toISOString();
  const again = { id: 'same', channel: 'ecom', occurred_at: occurredAt };
  for (let i = 0; i < 300; i++) {
    await world.decide(again);
    const bytes = Buffer.from(JSON.stringify({ transaction: { ...again, id: `s${i}`, kind: 'card',
      amount: { value: '1.00', currency: 'EUR' }, card: { id: 'c1' } } }));
    world.running.simulate({ bytes, tenant: 'acme' });
  }
  await world.running.look();
  equal(world.running.inForce().amendment, undefined);
  equal(world.running.measurements().brake.hits.find(({ rule }) => rule === 'many')?.hits, 1);
});
