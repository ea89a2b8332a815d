/** Rules: what they look for, what they do, and what they do when they cannot tell. */
import { AXES, outcomeRank } from '#domain/outcome.ts';
import { LIMITS } from '#domain/limits.ts';
import type { Expr } from '#expression/ast.ts';
import { RULE_DURINGS, RULE_MODES, type Rule, type Then, type UnknownEffect } from './compiled-policy.ts';
import type { DocumentNode, MapEntry, MapNode } from './document.ts';
import { checkDegraded } from './check-degraded.ts';
import { reportRuleCount } from './parse-document.ts';
import { readShare } from './parse-gate.ts';
import { KEBAB, parseBecause, UNKNOWN_WORDS, type Head } from './parse-head.ts';
import { isConstant } from './parse-names.ts';
import { parseThen } from './parse-then.ts';
import { written, type PolicyScope } from './policy-scope.ts';
import { parseReason, plainReason } from './reason-text.ts';
import { didYouMean, type Shape } from './shape.ts';
import { atOnce, type Steps } from './steps.ts';

export const RULE_KEYS = [
  'title', 'axis', 'because', 'during', 'when', 'unless', 'then', 'unknown', 'degraded', 'reason', 'final',
  'mode', 'replaces', 'owner', 'hits_max',
] as const;
type RuleKey = (typeof RULE_KEYS)[number];

/** Words that mean something else where a test expects a rule by its id. */
export const EXPECTATION_WORDS = ['outcome', 'fraud', 'aml', 'fraud_score', 'aml_score'] as const;

/** About a millisecond. */
const RULES_A_STEP = 16;

export const parseRules = (...parts: Parameters<typeof ruleSteps>): readonly Rule[] =>
  atOnce(ruleSteps(...parts));

/** The same in steps. */
export function* ruleSteps(
  node: DocumentNode | undefined, head: Pick<Head, 'references' | 'degradedUnknown'>, scope: PolicyScope,
  shape: Shape,
): Steps<readonly Rule[]> {
  const map = node === undefined ? undefined : shape.anyMap(node, '`rules`');
  if (map === undefined) return [];
  if (map.entries.length > LIMITS.ruleCountMax) {
    reportRuleCount(map.entries.length, { start: map.start, end: map.start + 1 }, shape.findings);
    return [];
  }
  const parts = { head, scope, shape };
  const rules: Rule[] = [];
  for (const [index, entry] of map.entries.entries()) {
    if (index % RULES_A_STEP === 0) yield;
    const rule = new RuleReader(entry, parts).rule(index);
    if (rule !== undefined) rules.push(rule);
  }
  return resolveReplacements(rules, map, shape);
}

interface Parts {
  readonly head: Pick<Head, 'references' | 'degradedUnknown'>;
  readonly scope: PolicyScope;
  readonly shape: Shape;
}

class RuleReader {
  readonly #entry: MapEntry;
  readonly #scope: PolicyScope;
  readonly #shape: Shape;
  readonly #head: Parts['head'];
  readonly #entries: ReadonlyMap<string, MapEntry>;

  constructor(entry: MapEntry, { head, scope, shape }: Parts) {
    this.#entry = entry;
    this.#scope = scope;
    this.#shape = shape;
    this.#head = head;
    this.#entries = shape.map(entry.value, RULE_KEYS, `rule ${entry.key}`) ?? new Map<string, MapEntry>();
  }

  rule(index: number): Rule | undefined {
    const id = this.#entry.key;
    this.#checkId(id);
    const shape = this.#shape;
    const when = this.#condition('when');
    if (!this.#entries.has('when')) shape.missing(this.#entry.keyPlace, 'when', `rule ${id}`);
    const unless = this.#condition('unless');
    const thenNode = this.#node('then');
    if (thenNode === undefined) shape.missing(this.#entry.keyPlace, 'then', `rule ${id}`,
      'Say what a hit does: `then: { score: 10 }`.');
    const then = thenNode && parseThen(thenNode, id, this.#scope, shape);
    const title = this.#text('title') ?? id;
    const reason = this.#node('reason');
    const reasonText = reason && shape.scalar(reason, `the reason of rule ${id}`);
    const final = this.#flag('final');
    const unknown = this.#unknown(then, final);
    if (final && unless !== undefined) {
      shape.findings.report('P302', this.#place('unless'), `rule ${id} is final and has an exception`,
        'A final rule cannot be excepted: remove `unless`, or `final`.');
    }
    const mode = this.#node('mode');
    const axis = this.#node('axis');
    const hitsMax = this.#node('hits_max');
    const during = this.#node('during');
    const unknownDegraded = this.#unknownDegraded(unknown, final);
    if (when === undefined || then === undefined) return undefined;
    const rule: Rule = {
      id, index, title, when, unless, does: then, unknown, unknownDegraded, final,
      during: during && shape.word(during, RULE_DURINGS, '`during`'),
      axis: (axis && shape.word(axis, AXES, 'the axis')) ?? 'fraud',
      because: parseBecause(this.#node('because'), this.#head.references, shape),
      reason: reasonText === undefined ? plainReason(title)
        : parseReason(reasonText, when, this.#scope, shape.findings),
      mode: (mode && shape.word(mode, RULE_MODES, 'the mode')) ?? 'live',
      replaces: [],
      owner: this.#text('owner'),
      hitsMax: hitsMax && readShare(hitsMax, 'hits_max', shape),
    };
    checkDegraded(rule, this.#entries, this.#entry, shape.findings);
    return rule;
  }

  #checkId(id: string): void {
    const place = this.#entry.keyPlace;
    const { findings } = this.#shape;
    if (!KEBAB.test(id)) {
      findings.report('P105', place, `\`${id}\` cannot be the id of a rule`,
        'Small letters and digits, parts joined by `-`.');
    } else if (EXPECTATION_WORDS.some((word) => word === id) || this.#scope.declaredNames.includes(id)) {
      findings.report('P107', place, `\`${id}\` means something else in a test's expectations`,
        'Choose another id.');
    }
  }

  #condition(key: RuleKey): Expr | undefined {
    const node = this.#node(key);
    const scalar = node && this.#shape.scalar(node, `\`${key}\``);
    const expr = scalar && this.#scope.expressionOf(written(scalar), ['bool'], `\`${key}\``);
    if (expr !== undefined && scalar !== undefined && isConstant(expr)) {
      this.#shape.findings.report('P605', scalar, `\`${key}\` is the same for every payment`,
        'Compare a field or a feature, or remove it.');
    }
    return expr;
  }

  /** A rule that can stop a payment, or that owes a report, has to say what it does when it cannot tell. */
  #unknown(then: Then | undefined, final: boolean): UnknownEffect {
    const node = this.#node('unknown');
    if (node !== undefined) return this.#shape.word(node, UNKNOWN_WORDS, '`unknown`') ?? 'miss';
    const can = then?.action !== undefined && outcomeRank(then.action) > 0 ? `can ${then.action} a payment`
      : then?.report !== undefined ? 'owes a report'
      : final ? 'is final' : undefined;
    if (can === undefined) return 'miss';
    const suggestion = then?.action === 'decline' || then?.action === undefined ? 'review' : then.action;
    const others = ['review', 'hold', 'miss'].filter((word) => word !== suggestion).join(', ');
    this.#shape.findings.report('P301', this.#entry.keyPlace,
      `rule ${this.#entry.key} ${can} but does not say what to do when it cannot decide`,
      `Add \`unknown: ${suggestion}\` (or ${others}).`);
    return 'miss';
  }

  /** The word of the policy is not for a final rule: whatever it is about shall not pass unseen. */
  #unknownDegraded(unknown: UnknownEffect, final: boolean): UnknownEffect {
    const node = this.#node('degraded');
    if (node === undefined) return final ? unknown : this.#head.degradedUnknown ?? unknown;
    return this.#shape.word(node, UNKNOWN_WORDS, '`degraded`') ?? unknown;
  }

  #node(key: RuleKey): DocumentNode | undefined {
    return this.#entries.get(key)?.value;
  }

  #place(key: RuleKey): { start: number; end: number } {
    return this.#entries.get(key)?.keyPlace ?? this.#entry.keyPlace;
  }

  #text(key: RuleKey): string | undefined {
    const node = this.#node(key);
    return node === undefined ? undefined : this.#shape.text(node, `\`${key}\` of rule ${this.#entry.key}`);
  }

  #flag(key: RuleKey): boolean {
    const node = this.#node(key);
    return node !== undefined && this.#shape.flag(node, `\`${key}\``);
  }
}

/**
 * `replaces` may only take the effect of a rule that is not final, no graver, on the same axis, and further
 * down no loop.
 */
function resolveReplacements(rules: readonly Rule[], map: MapNode, shape: Shape): readonly Rule[] {
  const byId = new Map(rules.map((rule) => [rule.id, rule]));
  const resolved = rules.map((rule): Rule => {
    const value = map.entries[rule.index]?.value;
    const entry = value?.kind === 'map' ? value.entries.find(({ key }) => key === 'replaces') : undefined;
    if (entry === undefined) return rule;
    const replaces = shape.scalars(entry.value, 'a replaced rule').flatMap((scalar) => {
      const other = byId.get(scalar.text);
      if (other === undefined) {
        shape.findings.report('P304', scalar, `there is no rule \`${scalar.text}\``,
          didYouMean(scalar.text, [...byId.keys()]));
        return [];
      }
      const because = whyNot(rule, other);
      if (because === undefined) return [other.index];
      shape.findings.report('P304', scalar, `${rule.id} cannot replace ${other.id}: ${because}`,
        'Let both have their effect.');
      return [];
    });
    return { ...rule, replaces };
  });
  return resolved;
}

function whyNot(rule: Rule, other: Rule): string | undefined {
  const rank = (one: Rule): number => (one.does.action === undefined ? 0 : outcomeRank(one.does.action));
  if (rule === other) return 'it is the same rule';
  if (other.final) return 'it is final';
  if (rule.axis !== other.axis) return 'it is on the other axis';
  if (rank(other) > rank(rule)) return 'it is the graver one';
  if (other.does.report !== undefined &&
    other.does.report !== rule.does.report) return `it owes a ${other.does.report} report`;
  if (other.index < rule.index) return 'it stands above; the replacing rule stands first';
  return undefined;
}
