import { fieldNamed, shortNames, type FieldDefinition } from '#domain/field.ts';
import type { Expr } from '#expression/ast.ts';
import { OUTCOMES } from '#domain/outcome.ts';
import type { Lasting, Then } from './compiled-policy.ts';
import type { DocumentNode, MapEntry, ScalarNode } from './document.ts';
import { written, type PolicyScope } from './policy-scope.ts';
import { didYouMean, type Shape } from './shape.ts';

export const THEN_KEYS = ['action', 'score', 'reason_code', 'report', 'queue', 'label', 'on', 'for'] as const;
export const ACTIONS = ['none', ...OUTCOMES.filter((outcome) => outcome !== 'approve')] as const;
const WORD = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
export const SCORE_MAX = 1_000_000;

/** What a hit does. */
export function parseThen(node: DocumentNode, rule: string, scope: PolicyScope,
  shape: Shape): Then | undefined {
  const { errorCount } = shape.findings;
  const entries = shape.map(node, THEN_KEYS, `\`then\` of rule ${rule}`);
  if (entries === undefined) return undefined;
  const action = parseAction(entries.get('action'), shape);
  const score = entries.get('score');
  const label = parseLabel(entries, rule, scope, shape);
  const then: Then = {
    action,
    score: (score && shape.integer(score.value, -SCORE_MAX, SCORE_MAX, 'a score')) ?? 0,
    reasonCode: word(entries.get('reason_code'), 'a reason code', shape),
    report: word(entries.get('report'), 'a report', shape),
    queue: word(entries.get('queue'), 'a queue', shape),
    label,
    lasts: parseLasting(entries.get('for'), scope, shape),
  };
  const idle = then.action === undefined && !entries.has('score') && then.report === undefined &&
    label === undefined && then.queue === undefined;
  if (idle && errorCount === shape.findings.errorCount) {
    shape.findings.report('P303', { start: node.start, end: Math.min(node.end, node.start + 40) },
      `a hit of rule ${rule} does nothing`,
      'Give it an action, a score, a report or a label; to only watch it, `mode: shadow`.');
  }
  checkLasting(then, entries, rule, shape);
  return then;
}

function parseAction(entry: MapEntry | undefined, shape: Shape): Then['action'] {
  if (entry === undefined) return undefined;
  if (entry.value.kind === 'scalar' && entry.value.text === 'approve') {
    shape.findings.report('P104', entry.value, 'no rule can approve: outcomes only rise',
      'Write what must not stop this payment as `unless` of the rule that would.');
    return undefined;
  }
  const action = shape.word(entry.value, ACTIONS, 'an action');
  return action === 'none' ? undefined : action;
}

function word(entry: MapEntry | undefined, what: string, shape: Shape): string | undefined {
  const scalar = entry && shape.scalar(entry.value, what);
  if (scalar === undefined || WORD.test(scalar.text)) return scalar?.text;
  shape.findings.report('P105', scalar, `\`${scalar.text}\` cannot be ${what}`,
    'Letters, digits, `-` and `_`, at most 64.');
  return undefined;
}

function parseLabel(entries: ReadonlyMap<string, MapEntry>, rule: string, scope: PolicyScope,
  shape: Shape): Then['label'] {
  const [label, on] = [entries.get('label'), entries.get('on')];
  const name = word(label, 'a label', shape);
  if (label === undefined && on !== undefined) {
    shape.findings.report('P306', on.keyPlace, `\`on\` of rule ${rule} goes with a label`,
      'Add `label: its_name`, or remove `on`.');
  }
  if (name === undefined || label === undefined) return undefined;
  if (on === undefined || !entries.has('for')) {
    shape.findings.report('P306', label.keyPlace,
      `the label of rule ${rule} needs \`on\`, an entity, and \`for\`, a duration`,
      'For example `then: { label: drain_hold, on: debtor, for: 24h }`.');
    return undefined;
  }
  const scalar = shape.scalar(on.value, '`on`');
  const field = scalar && entityField(scalar, scope, shape);
  return field && { name, on: field };
}

function entityField(scalar: ScalarNode, scope: PolicyScope, shape: Shape): FieldDefinition | undefined {
  const field = fieldNamed(scope.schema, scalar.text);
  if (field?.indexed === true) return field;
  const known = shortNames(scope.schema).filter(({ field: one }) => one.indexed).map(({ name }) => name);
  shape.findings.report('P306', scalar, `\`${scalar.text}\` is not an entity with a log of its own`,
    didYouMean(scalar.text, known, `Entities are ${known.join(', ')}.`));
  return undefined;
}

/** A duration, or `until(instant)`. */
function parseLasting(entry: MapEntry | undefined, scope: PolicyScope, shape: Shape): Lasting | undefined {
  const scalar = entry && shape.scalar(entry.value, '`for`');
  if (scalar === undefined) return undefined;
  const until = untilIn(scalar.text);
  let expr: Expr | undefined;
  if (until === undefined) {
    expr = scope.expressionOf(written(scalar), ['duration'], '`for`');
    return expr && { kind: 'for', duration: expr };
  }
  expr = scope.expressionOf({ node: scalar, ...until }, ['instant'], '`until`');
  return expr && { kind: 'until', instant: expr };
}

/** The instant of `until(instant)`, and where in the text it begins; undefined where it is a duration. */
export function untilIn(text: string): { readonly from: number; readonly text: string } | undefined {
  const instant = /^until\(([^]*)\)\s*$/.exec(text)?.[1];
  return instant === undefined ? undefined : { from: 'until('.length, text: instant };
}

function checkLasting(then: Then, entries: ReadonlyMap<string, MapEntry>, rule: string, shape: Shape): void {
  const entry = entries.get('for');
  if (entry === undefined || then.label !== undefined || then.action === 'hold' ||
    entries.has('label')) return;
  shape.findings.report('P306', entry.keyPlace,
    `\`for\` of rule ${rule} is about a hold or a label, and there is none`,
    'Remove it, or write `action: hold`.');
}
