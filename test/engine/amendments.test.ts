import { deepEqual, equal, match, notEqual, ok, rejects } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openDecisionLog } from '#adapters/log-files/decision-log-open.ts';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { inForceAt } from '#decisioning/in-force.ts';
import type { Challenger, RuleModeOverride, Snooze } from '#decisioning/publication.ts';
import { PublicationRefused } from '#decisioning/publication-refused.ts';
import { replay } from '#decisioning/replay.ts';
import { readVersions } from '#decisioning/record.ts';
import { eventSchema } from '#domain/field.ts';
import { decided, opened, POLICY, publicationOf, type EngineWorld } from './engine-world.ts';

const BY = { person: 'a.ng', because: 'a test' };
/** Every card payment is one of many. */
const EAGER = POLICY.replace('card_count_1h > 3', 'card_count_1h >= 1').replace('x: 4, ', '');
const VERSION_2 = POLICY.replace('version: 1', 'version: 2');

const snooze = (change: Partial<Snooze> = {}): Snooze => ({
  id: 'sn_1', policy: 'small', rule: 'many', field: 'card.id', value: 'c1', from: '2026-01-15T12:00:00Z',
  until: '2026-01-15T13:00:00Z', by: 'a.ng', reason: 'known', ...change,
});
const mode = (change: Partial<RuleModeOverride> = {}): RuleModeOverride => ({
  policy: 'small', rule: 'many', segment: undefined, mode: 'shadow', since: '2026-01-15T12:00:00Z',
  because: 'hits 90 % of 300 payments', ...change,
});
const challenger = (change: Partial<Challenger> = {}): Challenger => ({
  file: 'second.policy.yaml', source: VERSION_2, share: 0.5, salt: 'trial', by: 'card.id', ...change,
});

async function eager(): Promise<EngineWorld> {
  const world = await opened();
  await world.running.publish(publicationOf(EAGER));
  return world;
}

describe('a rule that the brake holds', () => {
  test('hits, does nothing, and the answer says so', async () => {
    const world = await eager();
    equal(decided(await world.decide()).outcome, 'review');
    await world.running.amend({ ...BY, modes: [mode()] });
    const { outcome, reasons, degraded } = decided(await world.decide());
    deepEqual([outcome, reasons.map(({ effect, text }) => [effect, text])], ['approve',
      [['shadow', '2 payments in an hour (in shadow since 2026-01-15T12:00:00Z: braked)']]]);
    deepEqual(degraded, [{
      part: 'rule/many', cause: 'braked since 2026-01-15T12:00:00Z: hits 90 % of 300 payments',
      fallback: 'shadow', axis: 'fraud',
    }]);
    await world.running.amend({ ...BY, modes: [] });
    equal(decided(await world.decide()).outcome, 'review');
  });

  test('in one segment acts in the others', async () => {
    const world = await eager();
    await world.running.amend({ ...BY, modes: [mode({ segment: { field: 'channel', value: 'ecom' } })] });
    const outcomes = [];
    for (const channel of ['ecom', 'pos', null]) {
      outcomes.push(decided(await world.decide({ channel })).outcome);
    }
    deepEqual(outcomes, ['approve', 'review', 'review']);
  });

  test('that cannot say raises to nothing', async () => {
    const world = await opened();
    const nothing = { amount: { value: '10.00', currency: 'SEK' } };
    equal(decided(await world.decide(nothing)).aml.outcome, 'review', 'there is no rate');
    await world.running.amend({ ...BY, modes: [mode({ rule: 'large' })] });
    const { aml, unknown, degraded } = decided(await world.decide(nothing));
    deepEqual([aml.outcome, unknown.find(({ rule }) => rule === 'large')?.effect, degraded[0]?.axis],
      ['approve', 'shadow', 'aml']);
  });
});

describe('a snooze', () => {
  test('excepts its entity from one rule until its end, by the time of the payment', async () => {
    const world = await eager();
    await world.running.amend({ ...BY, snoozes: [snooze()] });
    const at = (occurredAt: string, card: string) =>
      world.decide({ occurred_at: occurredAt, card: { id: card } }).then((answer) => decided(answer).outcome);
    world.nowMs += 3_600_000;
    deepEqual([
      await at('2026-01-15T11:59:59.999Z', 'c1'), await at('2026-01-15T12:00:00Z', 'c1'),
      await at('2026-01-15T12:59:59.999Z', 'c1'), await at('2026-01-15T13:00:00Z', 'c1'),
      await at('2026-01-15T12:30:00Z', 'c2'),
    ], ['review', 'approve', 'approve', 'review', 'review']);
  });

  test('is named in the answer with its end', async () => {
    const world = await eager();
    await world.running.amend({ ...BY, snoozes: [snooze({ field: 'card' })] });
    const { reasons, degraded } = decided(await world.decide());
    deepEqual([reasons.map(({ effect, text }) => [effect, text]), degraded],
      [[['excepted', '1 payments in an hour (snoozed until 2026-01-15T13:00:00Z: sn_1)']], []]);
  });
});

describe('what an amendment cannot be', () => {
  const other = 'policy: other\nversion: 1\nevent: transaction.v1\nkinds: [crypto]\nrules:\n'
    + '  any: { when: known(amount), then: { action: review }, unknown: review }\n';
  const cases: readonly (readonly [string, Parameters<EngineWorld['running']['amend']>[0], RegExp])[] = [
    ['an unknown policy', { ...BY, snoozes: [snooze({ policy: 'smal' })] },
      /policy smal; did you mean small/],
    ['an unknown rule', { ...BY, modes: [mode({ rule: 'mny' })] }, /has no rule mny; did you mean many/],
    ['a snooze without end', { ...BY, snoozes: [snooze({ until: '' })] }, /has no end; give until/],
    ['one that ends first', { ...BY, snoozes: [snooze({ until: '2026-01-15T12:00:00Z' })] },
      /ends before it/],
    ['a field that is not', { ...BY, snoozes: [snooze({ field: 'card.ix' })] }, /no field card.ix/],
    ['two of one id', { ...BY, snoozes: [snooze(), snooze({ value: 'c2' })] }, /sn_1 is there twice/],
    ['a share above 1', { ...BY, challengers: [challenger({ share: 1.5 })] }, /at most 1, not 1.5/],
    ['a share below 0', { ...BY, challengers: [challenger({ share: -0.1 })] }, /not -0.1/],
    ['shares above 1 in all', { ...BY, challengers: [challenger(), challenger({
      share: 0.6, salt: 'b', source: VERSION_2.replace('version: 2', 'version: 3') })] }, /add up to 1.1/],
    ['one salt for two', { ...BY, challengers: [challenger({ share: 0.1 }), challenger({
      share: 0.1, source: VERSION_2.replace('version: 2', 'version: 3') })] }, /has the salt "trial"/],
    ['more kinds than the champion', { ...BY, challengers: [challenger({
      source: VERSION_2.replace('[card, transfer]', '[card, cash]') })] }, /decides cash, which/],
    ['no champion', { ...BY, challengers: [challenger({ source: other })] },
      /no live policy is called other/],
    ['the champion itself', { ...BY, challengers: [challenger({ source: POLICY })] },
      /is the live policy small/],
    ['what does not compile', { ...BY, challengers: [challenger({
      source: VERSION_2.replace('card_count_1h > 3', 'card_cuont_1h > 3') })] }, /card_cuont_1h/],
  ];
  for (const [what, amending, problem] of cases) {
    test(what, async () => {
      const world = await opened();
      await rejects(world.running.amend(amending), (error) =>
        error instanceof PublicationRefused && problem.test(error.message));
      deepEqual([world.running.inForce().position, world.running.measurements().logPosition], [1, 1]);
    });
  }

  test('a final rule is neither snoozed nor braked, and all problems are told at once', async () => {
    const world = await opened();
    await world.running.publish(publicationOf(POLICY.replace('  many:', '  many:\n    final: true')));
    const refused: unknown = await world.running.amend({ ...BY, snoozes: [snooze()], modes: [mode()] })
      .catch((error: unknown) => error);
    ok(refused instanceof PublicationRefused);
    equal(refused.problems.length, 2);
    match(refused.message, /many is final: it cannot be put in shadow\n.*is final: nothing may except it/);
  });
});

describe('amendments and publications', () => {
  test('what still applies goes on with a publication, in an amendment directly behind it', async () => {
    const world = await eager();
    const renamed = VERSION_2.replace('watched:\n    title', 'seen:\n    title')
      .replaceAll('[watched]', '[seen]').replaceAll('watched: hit', 'seen: hit');
    const trial = challenger({ source: renamed.replace('version: 2', 'version: 3') });
    const gone = snooze({ id: 'sn_2', until: '2026-01-15T12:00:01Z' });
    const snoozes = [snooze(), gone, snooze({ id: 'sn_3', rule: 'watched' })];
    await world.running.amend({ ...BY, modes: [mode()], snoozes, challengers: [trial] });
    world.nowMs += 1_000;
    const position = await world.running.publish(publicationOf(renamed));
    const { base, amendment, position: at } = world.running.inForce();
    deepEqual([base, at, amendment?.base], [position, position + 1, position]);
    deepEqual([amendment?.modes, amendment?.snoozes, amendment?.challengers],
      [[mode()], [snooze()], [trial]]);
    const promoted = publicationOf(trial.source);
    const next = await world.running.publish(promoted, { modes: [], snoozes: [] });
    deepEqual(world.running.inForce().amendment, undefined, 'a challenger that was promoted is none');
    equal(world.running.inForce().position, next);
  });

  test('parts that are not named stay; a function sees what is in force at its turn', async () => {
    const world = await eager();
    await Promise.all([
      world.running.amend({ ...BY, modes: [mode()] }),
      world.running.amend(({ snoozes }) => ({ ...BY, snoozes: [...snoozes, snooze()] })),
      world.running.amend(({ snoozes }) => ({ ...BY, snoozes: [...snoozes, snooze({ id: 'sn_2' })] })),
    ]);
    const { amendment } = world.running.inForce();
    deepEqual([amendment?.modes.length, amendment?.snoozes.map(({ id }) => id)], [1, ['sn_1', 'sn_2']]);
  });

  test('two at once land in order, and each decision names what was in force', async () => {
    const world = await opened();
    const versions = Array.from({ length: 50 }, (_, i) =>
      publicationOf(POLICY.replace('version: 1', `version: ${i + 2}`)));
    const published = versions.map((one) => world.running.publish(one));
    const answers = [];
    let done = false;
    const all = Promise.all(published).finally(() => { done = true; });
    while (!done) answers.push(decided(await world.decide()));
    const positions = await all;
    deepEqual(positions, positions.toSorted((a, b) => a - b));
    ok(new Set(answers.map(({ policy }) => policy.version)).size > 5, 'payments were decided between');
    for (const { policy, log_position: { position = 0 } } of answers) {
      equal(policy.version, 1 + positions.filter((at) => at < position).length);
    }
  });

  test('a start and a start from a snapshot restore both; the log replays to the same bytes', async () => {
    const world = await eager();
    await world.running.amend({ ...BY, modes: [mode()], challengers: [challenger()] });
    for (let i = 0; i < 20; i++) await world.decide({ card: { id: `k${i}` } });
    const before = JSON.stringify(world.running.inForce().amendment);
    const ask = async (id: string) => decided(await world.decide({ id, card: { id } })).policy.version;
    const arms = [await ask('k1'), await ask('k2'), await ask('k3')];
    world.publication = publicationOf(EAGER);
    world.disk.kill();
    await world.open();
    equal(JSON.stringify(world.running.inForce().amendment), before);
    await world.running.close();
    await world.open();
    ok(world.news.some(({ kind }) => kind === 'restored'));
    equal(JSON.stringify(world.running.inForce().amendment), before);
    deepEqual([await ask('k1'), await ask('k2'), await ask('k3')], arms);
    await world.running.close();
    const { log } = await openDecisionLog(world.disk.boot(), { folder: 'data/log' });
    const schema = eventSchema();
    const empty = () => new LocalWindowStore(schema);
    const { different, decisions, state } = await replay(log.read(1), schema, empty);
    deepEqual([different, decisions, state.live?.position], [0, 23, 3]);
    for await (const record of log.read(4)) {
      if (record.kind !== 'decision') continue;
      const { amendment, base } = await inForceAt(log, readVersions(record).publication);
      deepEqual([base, amendment?.modes.length], [2, 1]);
    }
    await log.close();
  });

  test('what could not be written is not in force, not even while the state is made again', async () => {
    const world = await opened();
    world.disk.failNext('write');
    const failing = world.running.amend({ ...BY, snoozes: [snooze()] });
    await rejects(failing, /write/i);
    deepEqual([world.running.phase, world.running.inForce().amendment], ['healing', undefined]);
    while (world.running.phase !== 'ready') await new Promise((resolve) => { setImmediate(resolve); });
    equal(world.running.inForce().amendment, undefined);
  });

  test('nothing is amended while the state is being made again', async () => {
    const world = await opened();
    world.disk.failNext('write');
    await world.decide();
    await rejects(world.running.amend({ ...BY, modes: [] }), /healing/);
    while (world.running.phase !== 'ready') await new Promise((resolve) => { setImmediate(resolve); });
    notEqual(await world.running.amend({ ...BY, snoozes: [snooze()] }), 0);
  });
});

test('what a publication keeps is asked at its turn: a share taken meanwhile is not given back', async () => {
  const world = await opened();
  const { running } = world;
  const other = challenger({ source: POLICY.replace('version: 1', 'version: 3'), salt: 'other' });
  await running.amend({ ...BY, challengers: [challenger(), other] });
  await Promise.all([
    running.amend(({ challengers }) =>
      ({ ...BY, challengers: challengers.map((one) => ({ ...one, share: 0 })) })),
    running.publish(publicationOf(VERSION_2),
      ({ challengers }) => ({ challengers: challengers.filter(({ source }) => source !== VERSION_2) })),
  ]);
  deepEqual(running.inForce().amendment?.challengers, [{ ...other, share: 0 }]);
});
