/** What an explanation says, on an engine's own records over three changes of policy. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LogRecord } from '#ports/decision-log.ts';
import { explainDecision } from '../../src/api/explain-decision.ts';
import { readDecision, readFacts } from '#decisioning/record.ts';
import { explain } from '#explain/explain.ts';
import type { Exception, Explanation, RuleAccount } from '#explain/explanation.ts';
import { changedWorld } from './changed-world.ts';

const past = await changedWorld(120);
const records: readonly LogRecord[] =
  await Promise.all(past.decisions.map((position) => past.record(position)));
const everyOther = records.filter((_, i) => i % 2 === 0);

/** The first decision of which that is so, told with all scopes. */
async function firstOf(test_: (decision: ReturnType<typeof readDecision>) => boolean): Promise<Explanation> {
  const record = records.find((one) => test_(readDecision(one)));
  if (record === undefined) throw new Error('no such decision');
  return explain(record, past.sources, { aml: true });
}

const ruleOf = ({ rules }: Explanation, id: string): RuleAccount => {
  const found = rules.find(({ rule }) => rule === id);
  if (found === undefined) throw new Error(`no rule ${id}`);
  return found;
};

const effectOf = (rule: string, effect: string) =>
  ({ reasons }: ReturnType<typeof readDecision>): boolean =>
    reasons.some((reason) => reason.rule === rule && reason.effect === effect);

/** What kept that rule from acting on the last payment on which it was for this value. */
async function lastExcepted(rule: string, value: string): Promise<Exception | undefined> {
  const excepted = records.filter((record) => effectOf(rule, 'excepted')(readDecision(record)));
  for (const record of excepted.toReversed()) {
    const { exceptions } = ruleOf(await explain(record, past.sources, { aml: true }), rule);
    const found = exceptions.find((one) => one.value === value);
    if (found !== undefined) return found;
  }
  return undefined;
}

describe('what kept a rule from acting', () => {
  test('a list entry, with its note, its end and who published it', async () => {
    const { answer, exceptions, unless } = ruleOf(await firstOf(effectOf('many', 'excepted')), 'many');
    equal(answer, 'excepted');
    equal(unless?.answer, 'true');
    const { value, ...entry } = exceptions[0] ?? { kind: 'condition', name: '' };
    const note = `${String(value)} is the shop's own`;
    deepEqual(entry, { kind: 'list', name: 'known_cards', until: '2026-03-01T00:00:00Z', note,
      by: 'd.roe', approved_by: ['e.kim'] });
  });

  test('an entry that another change added, by the person of that change', async () => {
    const byHand = await lastExcepted('many', 'c2');
    deepEqual({ by: byHand?.by, approvedBy: byHand?.approved_by }, { by: 'f.ito', approvedBy: undefined });
  });

  test('each snooze by its own people, whoever amended something since', async () => {
    const people = await Promise.all(['a2', 'a3'].map((value) => lastExcepted('large', value)));
    deepEqual(people.map((one) => [one?.name, one?.by, one?.approved_by]),
      [['sn_1', 'c.diaz', ['g.roth']], ['sn_2', 'h.yu', ['i.vos']]]);
  });

  test('a snooze, by whom and until when', async () => {
    const first = await firstOf((decision) => effectOf('large', 'excepted')(decision)
      && accountOf(decision.log_position.position ?? 0) === 'a2');
    const { answer, exceptions } = ruleOf(first, 'large');
    equal(answer, 'excepted');
    deepEqual(exceptions, [{
      kind: 'snooze', name: 'sn_1', value: 'a2', from: '2026-01-01T00:00:00Z', until: '2027-01-01T00:00:00Z',
      note: 'house purchase', by: 'c.diaz', approved_by: ['g.roth'],
    }]);
  });

  test('the brake, where and since when', async () => {
    const { answer, mode, mode_because: because } =
      ruleOf(await firstOf(effectOf('many', 'shadow')), 'many');
    deepEqual({ answer, mode, because }, {
      answer: 'hit', mode: 'shadow',
      because: 'in shadow where channel is ecom since 2026-01-15T12:00:00Z: hits left the forecast band',
    });
  });
});

test('without a rule that acted alone, the outcome is that of the others', async () => {
  const explanation = await firstOf(({ outcome, reasons }) =>
    outcome === 'review' && reasons.length === 1 && reasons[0]?.effect === 'review');
  equal(ruleOf(explanation, 'many').without, 'approve');
  const change = explanation.counterfactual.changes.find(({ name }) => name === 'card_count_1h');
  const limit = explanation.decision.policy.version === 3 ? 5 : 3;
  deepEqual({ to: change?.to, outcome: change?.outcome }, { to: limit, outcome: 'approve' });
});

test('the tree of each rule says what the rule said', async () => {
  const met = { hit: 0, miss: 0, unknown: 0, excepted: 0, off: 0 };
  for (const record of everyOther) {
    const { rules } = await explain(record, past.sources, { aml: true });
    for (const { rule, answer, condition, unless } of rules) {
      met[answer] += 1;
      const wanted = answer === 'unknown' ? 'unknown' : answer === 'miss' ? 'false' : 'true';
      const fits = condition.answer === wanted || unless?.answer === 'true';
      ok(fits, `${rule} of ${record.position}: ${answer}`);
    }
  }
  ok(met.hit > 50 && met.miss > 50 && met.unknown > 20 && met.excepted > 5, JSON.stringify(met));
});

test('what is usual is what the 20 decisions before measured of the same card', async () => {
  let compared = 0;
  for (const record of everyOther) {
    const decision = readDecision(record);
    const { values } = await explain(record, past.sources, { aml: true });
    const told = values.find(({ name }) => name === 'card_count_1h')?.baseline;
    const card = cardOf(record);
    if (card === undefined || decision.policy.hash === 'none') continue;
    const before = records
      .filter((one) => one.position < record.position && cardOf(one) === card).slice(-20);
    const counts = before.map((one) => readFacts(one).cells[0]).filter((cell) => typeof cell === 'number')
      .toSorted((a, b) => a - b);
    const n = counts.length;
    const at = (share: number): number => counts[Math.ceil(n * share) - 1] ?? -1;
    deepEqual(told, n < 5 ? { kind: 'no_baseline', n }
      : { kind: 'usual', n, low: at(0.25), median: at(0.5), high: at(0.75) }, `position ${record.position}`);
    compared += n < 5 ? 0 : 1;
  }
  ok(compared > 100, `${compared} compared`);
});

function accountOf(position: number): string | undefined {
  const record = records.find((one) => one.position === position);
  const body = Buffer.from(record?.parts[1] ?? []).toString('utf8');
  const { transaction } = JSON.parse(body) as { transaction: { debtor?: { account_id: string } } };
  return transaction.debtor?.account_id;
}

function cardOf(record: LogRecord): string | undefined {
  const body = Buffer.from(record.parts[1] ?? []).toString('utf8');
  const { transaction } = JSON.parse(body) as { transaction: { card?: { id: string } } };
  return transaction.card?.id;
}

test('without the aml scope nothing of that axis is told, in any part', async () => {
  const words = ['aml', 'large', 'watched', 'pay_ins', 'sn_', 'AML-0'];
  let hidden = 0;
  for (const record of everyOther) {
    const decision = readDecision(record);
    const told = explainDecision(await explain(record, past.sources, { aml: false }), false);
    deepEqual(words.filter((word) => told.toLowerCase().includes(word.toLowerCase())), []);
    hidden += decision.aml.outcome === 'approve' ? 0 : 1;
  }
  ok(hidden > 20);
});
