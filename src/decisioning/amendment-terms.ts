/** What an amendment asks of the policies that are live, checked, and made fast to ask. */
import { fieldNamed, type EventSchema } from '#domain/field.ts';
import { parseInstant } from '#domain/instant.ts';
import { LIMITS } from '#domain/limits.ts';
import { nearestName } from '#domain/nearest-name.ts';
import type { CompiledPolicy, Rule } from '#policy/compiled-policy.ts';
import type { Interventions, RuleBrake, RuleIntervention, RuleSnooze } from '#policy/interventions.ts';
import type { Amended, Challenger, RuleModeOverride, Snooze } from './publication.ts';

/** A challenger that compiles. */
export interface Candidate extends Challenger { readonly policy: CompiledPolicy }

export interface Terms {
  readonly schema: EventSchema;
  /** Those that are published. */
  readonly policies: readonly CompiledPolicy[];
  readonly candidates: readonly Candidate[];
}

/** Sentences; empty where the whole amendment can be in force. */
export function amendmentProblems({ modes, snoozes, challengers }: Amended, terms: Terms): readonly string[] {
  return [
    ...tooMany('rules in shadow', modes.length, LIMITS.ruleModeCountMax),
    ...tooMany('snoozes', snoozes.length, LIMITS.snoozeCountMax),
    ...tooMany('challengers', challengers.length, LIMITS.challengerCountMax),
    ...modes.flatMap((mode) => modeProblems(mode, terms)),
    ...snoozes.flatMap((snooze) => snoozeProblems(snooze, terms)),
    ...twice(snoozes.map(({ id }) => id)).map((id) => `snooze ${id} is there twice`),
    ...candidatesProblems(terms),
  ];
}

const tooMany = (what: string, count: number, limit: number): readonly string[] =>
  (count > limit ? [`${count} ${what}; the limit is ${limit}`] : []);

const twice = (names: readonly string[]): readonly string[] =>
  [...new Set(names.filter((name, i) => names.indexOf(name) !== i))];

const near = (name: string, known: readonly string[]): string => {
  const nearest = nearestName(name, known);
  return nearest === undefined ? '' : `; did you mean ${nearest}?`;
};

export function modeProblems({ policy, rule, segment, since }: RuleModeOverride, terms: Terms): string[] {
  const what = `rule ${rule} of policy ${policy} in shadow`;
  const problems = ruleProblems(what, policy, rule, terms, 'is final: it cannot be put in shadow');
  if (segment !== undefined) problems.push(...fieldProblems(what, segment.field, terms.schema));
  if (parseInstant(since) === undefined) problems.push(`${what}: since "${since}" is not an instant`);
  return problems;
}

export function snoozeProblems(snooze: Snooze, terms: Terms): string[] {
  const { id, policy, rule, field, value, from, until } = snooze;
  const what = `snooze ${id}`;
  const problems = ruleProblems(what, policy, rule, terms, 'is final: nothing may except it');
  problems.push(...fieldProblems(what, field, terms.schema));
  if (value === '') problems.push(`${what}: names no entity; give the value of ${field}`);
  const [fromMs, untilMs] = [parseInstant(from), parseInstant(until)];
  if (fromMs === undefined) problems.push(`${what}: from "${from}" is not an instant`);
  if (untilMs === undefined) {
    problems.push(`${what}: has no end; give until as an instant such as 2026-05-01T00:00:00Z`);
  } else if (fromMs !== undefined && untilMs <= fromMs) problems.push(`${what}: ends before it begins`);
  return problems;
}

function ruleProblems(what: string, policy: string, id: string, terms: Terms, final: string): string[] {
  const { policies, candidates } = terms;
  const all = [...policies, ...candidates.map((candidate) => candidate.policy)];
  const named = all.filter(({ name }) => name === policy);
  if (named.length === 0) {
    const names = all.map(({ name }) => name);
    return [`${what}: there is no live policy ${policy}${near(policy, names)}`];
  }
  const rules = named.flatMap(({ rules: its }) => its.filter((rule) => rule.id === id));
  if (rules.length === 0) {
    const ids = named.flatMap(({ rules: its }) => its.map((rule) => rule.id));
    return [`${what}: policy ${policy} has no rule ${id}${near(id, ids)}`];
  }
  return rules.some((rule) => rule.final) ? [`${what}: rule ${id} ${final}`] : [];
}

function fieldProblems(what: string, name: string, schema: EventSchema): readonly string[] {
  const field = fieldNamed(schema, name);
  if (field === undefined) {
    return [`${what}: there is no field ${name}${near(name, [...schema.byPath.keys()])}`];
  }
  return field.textSlot < 0 ? [`${what}: field ${name} is not a text`] : [];
}

function candidatesProblems(terms: Terms): readonly string[] {
  const { candidates } = terms;
  return candidates.flatMap((candidate, i) => candidateProblems(candidate, candidates.slice(0, i), terms));
}

/** Of one challenger, given those before it. */
export function candidateProblems(
  candidate: Candidate, before: readonly Candidate[], { policies, schema }: Terms,
): readonly string[] {
  const { policy, share, by, salt } = candidate;
  const what = `challenger ${candidate.file}`;
  const problems = [...fieldProblems(what, by, schema)];
  if (!(share >= 0 && share <= 1)) problems.push(`${what}: a share is above 0 and at most 1, not ${share}`);
  const champion = policies.find(({ name }) => name === policy.name);
  if (champion === undefined) {
    const names = policies.map(({ name }) => name);
    return [...problems, `${what}: no live policy is called ${policy.name}${near(policy.name, names)}`];
  }
  if (champion.hash === policy.hash) problems.push(`${what}: is the live policy ${policy.name} itself`);
  const more = kindsOf(policy).filter((kind) => champion.kinds.length > 0 && !champion.kinds.includes(kind));
  if (more.length > 0) {
    problems.push(`${what}: decides ${more.join(', ')}, which the live policy ${policy.name} does not`);
  }
  const rivals = before.filter((one) => one.policy.name === policy.name);
  for (const kind of share > 0 ? kindsOf(policy) : []) {
    const shares = rivals.filter((one) => kindsOf(one.policy).some((its) => sameKind(its, kind)))
      .reduce((sum, one) => sum + one.share, share);
    if (shares > 1 + 1e-9) problems.push(`${what}: the shares of ${kind} add up to ${shares}; at most 1`);
  }
  if (share > 0 && rivals.some((one) => one.share > 0 && one.salt === salt)) {
    problems.push(`${what}: another challenger of ${policy.name} has the salt "${salt}": each has its own`);
  }
  return problems;
}

const ANY_KIND = 'any kind';
const kindsOf = ({ kinds }: CompiledPolicy): readonly string[] => (kinds.length === 0 ? [ANY_KIND] : kinds);
const sameKind = (a: string, b: string): boolean => a === b || a === ANY_KIND || b === ANY_KIND;

/** What is in force on the rules of a policy; undefined where nothing is, and then nothing is asked. */
export function interventionsOn(
  policy: CompiledPolicy, { modes, snoozes }: Pick<Amended, 'modes' | 'snoozes'>, schema: EventSchema,
): Interventions | undefined {
  const found = policy.rules.map((rule) => interventionOn(rule, policy.name, { modes, snoozes }, schema));
  return found.some((one) => one !== undefined) ? found : undefined;
}

function interventionOn(
  rule: Rule, policy: string, { modes, snoozes }: Pick<Amended, 'modes' | 'snoozes'>, schema: EventSchema,
): RuleIntervention | undefined {
  const mine = <One extends { policy: string; rule: string }>(all: readonly One[]): readonly One[] =>
    (rule.final ? [] : all.filter((one) => one.policy === policy && one.rule === rule.id));
  const brakes = mine(modes).map(({ segment, since, because }): RuleBrake => ({
    segment: segment && { slot: slotOf(schema, segment.field), value: segment.value }, since, because,
  }));
  const bySlot = new Map<number, Map<string, RuleSnooze[]>>();
  for (const { id, field, value, from, until } of mine(snoozes)) {
    const slot = slotOf(schema, field);
    const [fromMs = Infinity, untilMs = -Infinity] = [parseInstant(from), parseInstant(until)];
    const snooze = { id, slot, value, until, fromMs, untilMs };
    const byValue = bySlot.get(slot) ?? new Map<string, RuleSnooze[]>();
    byValue.set(value, [...byValue.get(value) ?? [], snooze]);
    bySlot.set(slot, byValue);
  }
  return brakes.length === 0 && bySlot.size === 0 ? undefined : { brakes, snoozes: bySlot };
}

/** Of a text; -1 holds nothing. */
export const slotOf = (schema: EventSchema, field: string): number =>
  fieldNamed(schema, field)?.textSlot ?? -1;
