/** An explanation in lines: what was decided, what made it so, and what would have made it milder. */
import type { Decision, FeatureValue } from '#domain/decision.ts';
import type {
  AnswerTree, Baseline, Exception, Explanation, MeasuredAccount, Operand, RuleAccount, SmallestChange,
} from './explanation.ts';

/** At most this many changes are told in words, the nearest outcome first; all are in the answer. */
const CHANGES_TOLD_MAX = 6;

/** `aml` as in `explain`: what it leaves out of the explanation is not said of the decision either. */
export function sentences(explanation: Explanation, aml: boolean): readonly string[] {
  const { decision, rules, values } = explanation;
  const told = rules.filter(({ effect }) => effect !== 'none');
  const quiet = rules.length - told.length;
  return [
    ...headOf(decision, aml), againOf(explanation),
    ...told.toSorted((a, b) => placeOf(a) - placeOf(b)).flatMap((rule) => ruleLines(rule)),
    ...(quiet === 0 ? [] : [`${quiet} other ${quiet === 1 ? 'rule' : 'rules'} did not hit.`]),
    ...tasksOf(decision, aml),
    ...usualLines(values, told),
    ...changeLines(explanation),
  ];
}

function headOf(decision: Decision, aml: boolean): readonly string[] {
  const { transaction_id: id, outcome, fraud, policy, degraded, adjusted } = decision;
  const by = policy.hash === 'none' ? 'no policy' : `${policy.name} version ${policy.version}`;
  return [
    `Payment ${id}: ${outcome}, by ${by}, at ${decision.created_at}.`,
    `Fraud: ${fraud.outcome}, score ${fraud.score}, band ${fraud.band}.`,
    ...(aml ? [`AML: ${decision.aml.outcome}, score ${decision.aml.score}, band ${decision.aml.band}.`] : []),
    ...degraded.filter(({ axis }) => aml || axis !== 'aml')
      .map(({ part, cause, fallback }) => `Left out: ${part} (${cause}); instead: ${fallback}.`),
    ...(adjusted === undefined ? []
      : [`Judged at ${adjusted.occurred_at.to} instead of ${adjusted.occurred_at.from}.`]),
  ];
}

function againOf({ derived }: Explanation): string {
  const { equal, from, position, publication } = derived;
  const how = from === 'facts' ? 'from its record' : 'by replay of the log';
  return equal ? `Made again ${how}, with what was live at position ${publication}: the same to the byte.`
    : `Made again ${how} at position ${position}, it is NOT what was recorded: run assay verify.`;
}

const PLACES: readonly RuleAccount['answer'][] = ['hit', 'excepted', 'unknown', 'miss', 'off'];
const placeOf = ({ answer, effect }: RuleAccount): number =>
  PLACES.indexOf(answer) + (effect === 'shadow' || effect === 'miss' ? PLACES.length : 0);

function ruleLines(rule: RuleAccount): readonly string[] {
  const { rule: id, axis, answer, effect, reason, unknown, exceptions, without } = rule;
  const lines = [`${answer.toUpperCase()} ${id} (${axis}, ${effect}): ${reason ?? `${rule.title}.`}`];
  if (unknown !== undefined) {
    lines.push(`  ${unknown.name} is missing (${unknown.reason}), so ${unknown.effect}`);
  } else lines.push(...decisiveLeaves(rule.condition).map((leaf) => `  ${leafLine(leaf)}`));
  lines.push(...exceptions.map((exception) => `  excepted: ${exceptionLine(exception)}`));
  if (rule.replaced_by !== undefined) lines.push(`  its effect was taken by ${rule.replaced_by.join(', ')}`);
  if (rule.mode_because !== undefined) lines.push(`  ${rule.mode_because}`);
  if (without !== undefined) lines.push(`  without this rule: ${without}`);
  return lines;
}

/** The comparisons that made a condition what it is. */
function decisiveLeaves(part: AnswerTree): readonly AnswerTree[] {
  if (part.parts === undefined) return [part];
  return part.parts.filter(({ decisive }) => decisive === true).flatMap(decisiveLeaves);
}

/** `yes: amount as EUR (450.00 EUR) > usual_factor * usual (152.50 EUR), where usual_factor is 5`. */
function leafLine({ text, answer, compared, reads = [], list }: AnswerTree): string {
  const says = answer === 'true' ? 'yes' : answer === 'false' ? 'no' : 'unknown';
  const on = list === undefined ? '' : ` (on ${list.list}${list.note === undefined ? '' : `: ${list.note}`})`;
  const sides = compared === undefined ? [] : [compared.left, compared.right];
  const said = compared === undefined ? text
    : `${side(compared.left)} ${compared.op} ${side(compared.right)}`;
  // What a side says already is not said again, nor the time, which every age is measured from.
  const more = reads.filter(({ name, value }) =>
    value !== null && name !== 't' && !sides.some((one) => one.value === value));
  const where = more.length === 0 ? ''
    : `, where ${more.map(({ name, value }) => `${name} is ${say(value)}`).join(', ')}`;
  return `${says}: ${said}${where}${on}`;
}

const LITERAL = /^-?[\d"]/;

/** A name with its value; a literal is its own. */
function side({ name, value, missing }: Operand): string {
  if (LITERAL.test(name) || (value === null && missing === undefined)) return name;
  return `${name} (${value === null ? `missing: ${missing}` : say(value)})`;
}

function exceptionLine({ kind, name, value, until, note, by, approved_by: approvedBy }: Exception): string {
  const head = kind === 'list' ? `${value} is on ${name}`
    : kind === 'snooze' ? `snooze ${name} of ${value}` : name;
  const more = [
    ...(until === undefined ? [] : [`until ${until}`]), ...(note === undefined ? [] : [`"${note}"`]),
    ...(by === undefined ? [] : [`by ${by}`]),
    ...(approvedBy === undefined ? [] : [`approved by ${approvedBy.join(', ')}`]),
  ];
  return [head, ...more].join(', ');
}

function tasksOf({ tasks }: Decision, aml: boolean): readonly string[] {
  return tasks.filter(({ axis }) => aml || axis !== 'aml')
    .map(({ kind, rule, value }) => `Asked by ${rule}: ${kind.replaceAll('_', ' ')} ${value}.`);
}

/** Of what the rules that are told of read. */
function usualLines(values: readonly MeasuredAccount[], told: readonly RuleAccount[]): readonly string[] {
  const read = new Set(told.flatMap(({ condition }) => namesOf(condition)));
  return values.filter(({ name, value }) => read.has(name) && value !== null).flatMap((account) => {
    const { name, value, entity, baseline } = account;
    if (baseline === undefined) return [];
    return [`Usual for this ${entity}: ${name} ${usual(baseline)}; now ${say(value)}.`];
  });
}

function namesOf({ compared, reads = [], parts = [] }: AnswerTree): readonly string[] {
  const operands = compared === undefined ? reads : [compared.left, compared.right, ...reads];
  return [...operands.map(({ name }) => name), ...parts.flatMap(namesOf)];
}

function usual(baseline: Baseline): string {
  if (baseline.kind === 'no_baseline') return `has no baseline (${baseline.n} earlier)`;
  const { n, low, median, high } = baseline;
  return `${say(median)}, half of the time ${say(low)} to ${say(high)} (${n} earlier)`;
}

function changeLines({ counterfactual: { of, outcome, changes } }: Explanation): readonly string[] {
  if (outcome === 'approve') return [];
  const helping = changes.filter((change) => change.to !== null);
  const what = of === 'overall' ? 'outcome' : 'fraud outcome';
  if (helping.length === 0) return [`No single value, changed alone, gives a lower ${what}.`];
  const lines = helping.slice(0, CHANGES_TOLD_MAX).map(changeLine);
  const more = helping.length - lines.length;
  return [
    `A lower ${what}, had one value alone been another:`, ...lines,
    ...(more === 0 ? [] : [`  and ${more} more`]),
  ];
}

const changeLine = ({ name, value, to, outcome }: SmallestChange): string =>
  `  ${name} ${say(to)} instead of ${say(value)}: ${outcome}`;

const say = (value: FeatureValue): string =>
  (value === null ? 'missing' : typeof value === 'object' ? `[${value.join(', ')}]` : String(value));
