/** Which entry of a list is told of is the one that the policy looked at. */
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { explain } from '#explain/explain.ts';
import type { RuleAccount } from '#explain/explanation.ts';
import type { ListSource } from '#policy/lists.ts';
import { EngineWorld, POLICY, publicationOf } from '../engine/engine-world.ts';
import { explainWorld } from './explain-world.ts';

const excepting = (list: string, unless: string): string => POLICY
  .replace('features:', `lists:\n  known: ${list}\nfeatures:`)
  .replace('card_count_1h > 3\n', `card_count_1h > 0\n    unless: ${unless}\n`).replace('x: 4, ', '');

/** How the rule `many` is told of one payment. */
async function told(source: string, known: ListSource): Promise<RuleAccount | undefined> {
  const world = new EngineWorld();
  world.publication = { ...publicationOf(source), lists: [known] };
  const engine = await world.open();
  await world.decide();
  const { state } = engine;
  await engine.close();
  const past = await explainWorld(world, state);
  const { rules } = await explain(await past.record(past.decisions[0] ?? 0), past.sources, { aml: true });
  return rules.find(({ rule }) => rule === 'many');
}

const entry = { note: 'asked for by the bank', change: 'lch_1' };
const changes = [{ id: 'lch_1', kind: 'amend', author: 'ann', approvers: ['ben'] }] as const;

test('a number that was published as a text is found, with who put it there', async () => {
  const source = excepting('{ of: int, managed: true }', 'card_count_1h in list("known")');
  const many = await told(source, { name: 'known', entries: [{ value: '001', ...entry }], changes });
  equal(many?.answer, 'excepted');
  deepEqual(many.exceptions, [{ kind: 'list', name: 'known', value: '001', note: entry.note, by: 'ann',
    approved_by: ['ben'] }]);
});

test('a list that stands in the policy has no entry, whatever is published under its name', async () => {
  const source = excepting('{ of: card, values: [c1] }', 'card in list("known")');
  const many = await told(source, { name: 'known', entries: [{ value: 'c1', ...entry }], changes });
  equal(many?.answer, 'excepted');
  deepEqual(many.exceptions, [{ kind: 'condition', name: 'card.id in list("known")' }]);
  const other = excepting('{ of: card, values: [c2] }', 'card in list("known")');
  const missed = await told(other, { name: 'known', entries: [{ value: 'c1', ...entry }], changes });
  equal(missed?.answer, 'hit');
  deepEqual(missed.unless?.list, undefined);
});
