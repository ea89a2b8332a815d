/** A rule whose effect another has taken says which, and whatever is told is as the contract says. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { Errors } from 'typebox/value';
import { explain } from '#explain/explain.ts';
import { sentences } from '#explain/sentences.ts';
import { EXPLANATION } from '../../src/api/explanation-schema.ts';
import { explainDecision } from '../../src/api/explain-decision.ts';
import { EngineWorld, POLICY, publicationOf } from '../engine/engine-world.ts';
import { changedWorld } from './changed-world.ts';
import { explainWorld } from './explain-world.ts';

const rule = (id: string, when: string, replaces: string, mode = 'live'): string => `
  ${id}:
    title: ${id}
    when: ${when}
    then: { action: review, reason_code: R-01 }
    unknown: miss
    reason: "${id}"
    mode: ${mode}
    replaces: [${replaces}]`;
const REPLACING = POLICY.replace('rules:', `rules:${rule('shade', 'amount as EUR > 1 EUR', 'many', 'shadow')}`
  + `${rule('first', 'amount as EUR > 5 EUR', 'second, many')}`
  + `${rule('second', 'amount as EUR > 5 EUR', 'many')}${rule('third', 'amount as EUR > 9 EUR', 'many')}`)
  .replace('card_count_1h > 3', 'card_count_1h > 0').replace(/tests:[^]*/, '');

test('who took the effect of a rule is told; one in shadow, or replaced itself, took nothing', async () => {
  const world = new EngineWorld();
  world.publication = publicationOf(REPLACING);
  const engine = await world.open();
  for (const value of ['3.00', '7.00', '10.00']) await world.decide({ amount: { value, currency: 'EUR' } });
  const { state } = engine;
  await engine.close();
  const past = await explainWorld(world, state);
  const told = await Promise.all(past.decisions.map(async (position) =>
    explain(await past.record(position), past.sources, { aml: false })));
  const takenFrom = (id: string) =>
    told.map(({ rules }) => rules.find((one) => one.rule === id)?.replaced_by);
  deepEqual(takenFrom('many'), [undefined, ['first'], ['first', 'third']]);
  deepEqual(takenFrom('second'), [undefined, ['first'], ['first']]);
  const [, , last] = told;
  ok(last !== undefined && sentences(last, false).includes('  its effect was taken by first, third'));
  for (const one of told) deepEqual(Errors(EXPLANATION, JSON.parse(explainDecision(one, false))), []);
});

test('explanations of every kind are as the contract says', async () => {
  const past = await changedWorld(60);
  let excepted = 0;
  for (const [i, position] of past.decisions.entries()) {
    const aml = i % 3 !== 0;
    const told = await explain(await past.record(position), past.sources, { aml });
    excepted += told.rules.filter(({ exceptions }) => exceptions.length > 0).length;
    deepEqual(Errors(EXPLANATION, JSON.parse(explainDecision(told, aml))), [], `position ${position}`);
  }
  equal(excepted > 5, true, `${excepted} excepted`);
});
