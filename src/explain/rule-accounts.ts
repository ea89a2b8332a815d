/** Every rule of a policy: what it said of a payment, why, what it did, and what kept it from doing it. */
import type { Decision } from '#domain/decision.ts';
import { T_SLOT, type ParsedEvent } from '#domain/event.ts';
import { parseInstant } from '#domain/instant.ts';
import type { World } from '#expression/world.ts';
import { printExpression } from '#expression/print.ts';
import { englishRule, englishThen } from '#policy/english-policy.ts';
import type { CompiledPolicy, Rule } from '#policy/compiled-policy.ts';
import { EXCEPTED, HIT, UNKNOWN } from '#policy/policy-result.ts';
import { slotOf } from '#decisioning/amendment-terms.ts';
import type { InForce } from '#decisioning/in-force.ts';
import type { Publication } from '#decisioning/publication.ts';
import { answerTree, type TreeWorld } from './answer-tree.ts';
import type { AnswerTree, Exception, ListHit, RuleAccount, RuleAnswerWord } from './explanation.ts';

export interface JudgedRules {
  readonly policy: CompiledPolicy;
  readonly inForce: Pick<InForce, 'publication' | 'amendment'>;
  readonly event: ParsedEvent;
  /** By rule index. */
  readonly answers: Uint8Array;
  readonly world: Omit<World, 'salt'>;
  readonly decision: Decision;
}

export function ruleAccounts(rules: readonly Rule[], judged: JudgedRules): readonly RuleAccount[] {
  const entryOf = entriesOf(judged.policy, judged.inForce.publication);
  return rules.map((rule) => account(rule, judged, { world: { ...judged.world, salt: rule.id }, entryOf }));
}

function account(rule: Rule, judged: JudgedRules, given: TreeWorld): RuleAccount {
  const { policy, decision } = judged;
  const reason = decision.reasons.find((one) => one.rule === rule.id);
  const unknown = decision.unknown.find((one) => one.rule === rule.id);
  const unless = rule.unless && answerTree(rule.unless, given);
  const { answer, exceptions } = answerOf(rule, unless, judged);
  const brake = brakeOf(rule, judged);
  const replacedBy = reason?.effect === 'replaced' ? replacersOf(rule, judged) : [];
  return {
    rule: rule.id, axis: rule.axis, title: rule.title,
    mode: brake === undefined || rule.mode !== 'live' ? rule.mode : 'shadow',
    ...(brake === undefined ? {} : { mode_because: brake }), answer,
    effect: reason?.effect ?? unknown?.effect ?? 'none',
    does: englishThen(rule), english: englishRule(rule, policy),
    references: rule.because.map((key) => policy.references.get(key)?.text ?? key),
    condition: answerTree(rule.when, given),
    ...(unless === undefined ? {} : { unless }),
    ...(unknown === undefined ? {} : { unknown: { ...unknown.because, effect: unknown.effect } }),
    exceptions,
    ...(replacedBy.length === 0 ? {} : { replaced_by: replacedBy }),
    ...(reason === undefined ? {} : { reason: reason.text }),
  };
}

/** A hit that a snooze takes back is excepted, like one that an exception of its own takes back. */
function answerOf(
  rule: Rule, unless: AnswerTree | undefined, judged: JudgedRules,
): { readonly answer: RuleAnswerWord; readonly exceptions: readonly Exception[] } {
  const answer = wordOf(judged.answers[rule.index], rule);
  if (answer === 'excepted' && unless !== undefined) {
    return { answer, exceptions: exceptionsIn(unless, rule, judged.inForce.publication) };
  }
  const snoozes = answer === 'hit' || answer === 'unknown' ? snoozesOf(rule, judged) : [];
  if (snoozes.length === 0 || rule.mode !== 'live') return { answer, exceptions: [] };
  return { answer: answer === 'hit' ? 'excepted' : answer, exceptions: snoozes };
}

function snoozesOf(rule: Rule, { policy, inForce, event }: JudgedRules): readonly Exception[] {
  const { snoozes = [] } = inForce.amendment ?? {};
  const now = event.numbers[T_SLOT] ?? Number.NaN;
  if (rule.final) return [];
  return snoozes.filter((snooze) => snooze.policy === policy.name && snooze.rule === rule.id
    && event.texts[slotOf(policy.schema, snooze.field)] === snooze.value
    && (parseInstant(snooze.from) ?? Infinity) <= now && now < (parseInstant(snooze.until) ?? -Infinity))
    .map(({ id, value, from, until, by, reason, approvals = [] }) => {
      const approvedBy = approvals.map(({ person }) => person);
      return {
        kind: 'snooze', name: id, value, from, until, note: reason, by,
        ...(approvedBy.length === 0 ? {} : { approved_by: approvedBy }),
      };
    });
}

/** A hit that was held back takes nothing from another. */
const HELD_BACK: ReadonlySet<string> = new Set(['excepted', 'shadow', 'replaced']);

const replacersOf = ({ index }: Rule, { policy, decision }: JudgedRules): readonly string[] =>
  policy.rules.filter(({ id, replaces }) => replaces.includes(index)
    && decision.reasons.some(({ rule, effect }) => rule === id && !HELD_BACK.has(effect)))
    .map(({ id }) => id);

/** Who put the rule in shadow where this payment is, since when and why. */
function brakeOf(rule: Rule, { policy, inForce, event }: JudgedRules): string | undefined {
  const modes = rule.final ? [] : inForce.amendment?.modes ?? [];
  const mode = modes.find(({ policy: name, rule: id, segment }) => name === policy.name && id === rule.id
    && (segment === undefined || event.texts[slotOf(policy.schema, segment.field)] === segment.value));
  if (mode === undefined) return undefined;
  const where = mode.segment === undefined ? '' : ` where ${mode.segment.field} is ${mode.segment.value}`;
  return `in shadow${where} since ${mode.since}: ${mode.because}`;
}

function wordOf(answer: number | undefined, rule: Rule): RuleAnswerWord {
  if (rule.mode === 'off') return 'off';
  return answer === HIT ? 'hit' : answer === UNKNOWN ? 'unknown' : answer === EXCEPTED ? 'excepted' : 'miss';
}

/** The list entries that made the exception hold, or else its text. */
function exceptionsIn(unless: AnswerTree, rule: Rule, publication: Publication): readonly Exception[] {
  const hits = listHits(unless);
  if (hits.length === 0 && rule.unless !== undefined) {
    return [{ kind: 'condition', name: printExpression(rule.unless) }];
  }
  return hits.map(({ list, change, ...entry }) => {
    const changes = publication.lists.find(({ name }) => name === list)?.changes ?? [];
    const of = changes.find(({ id, kind }) => (change === undefined ? kind === 'replace' : id === change));
    return {
      kind: 'list', name: list, ...entry, ...(of === undefined ? {} : { by: of.author }),
      ...(of === undefined || of.approvers.length === 0 ? {} : { approved_by: of.approvers }),
    };
  });
}

function listHits(part: AnswerTree): readonly ListHit[] {
  if (part.answer !== 'true') return [];
  return [...(part.list === undefined ? [] : [part.list]), ...(part.parts ?? []).flatMap(listHits)];
}

/** Finds what was published of a value that is on a list; what stands in the policy itself has no entry. */
function entriesOf({ lists: declared }: CompiledPolicy, { lists }: Publication): TreeWorld['entryOf'] {
  const own = new Set(declared.flatMap(({ name, values }) => (values === undefined ? [] : [name])));
  return (list, value, tMs) => {
    const entries = own.has(list) ? [] : lists.find(({ name }) => name === list)?.entries ?? [];
    const entry = entries.find((one) => isEntryOf(one.value, value)
      && (one.from === undefined || (parseInstant(one.from) ?? Infinity) <= tMs)
      && (one.until === undefined || (parseInstant(one.until) ?? -Infinity) > tMs));
    return entry && { list, ...entry };
  };
}

/** Whole numbers may have been published as texts. */
const isEntryOf = (listed: string | number, value: string | number): boolean =>
  (typeof value === 'number' ? Number(listed) : listed) === value;
