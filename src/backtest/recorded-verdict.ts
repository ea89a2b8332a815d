/** The verdict that stands in the record of a decision. */
import type { AxisResult, Decision, Reason, UnknownRule } from '#domain/decision.ts';
import type { LogRecord } from '#ports/decision-log.ts';
import { answerBytes } from '#decisioning/record.ts';
import type { RuleAnswer, Verdict, VerdictBook } from './verdict.ts';

const TASKS = Buffer.from(',"tasks":[');
const POLICY = Buffer.from(',"policy":{"name":');
/** The policy could not be applied; other parts that were left out are in the reasons. */
const FAILED = Buffer.from('{"part":"policy",');
const LOG_POSITION = Buffer.from(',"log_position":');

export interface RecordedDecision {
  readonly number: number;
  readonly reasons: readonly Reason[];
}

/**
 * Reads only what is compared. INVARIANT: a quote inside a JSON text is escaped, so `,"tasks":[` begins the
 * tasks and nothing else; no key of a reason or an unknown rule is that word.
 */
export function recordedDecision(record: LogRecord, book: VerdictBook): RecordedDecision {
  const part = answerBytes(record);
  const bytes = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
  const end = bytes.indexOf(TASKS);
  const head = JSON.parse(`${bytes.toString('utf8', 0, end)}}`) as Answers;
  const from = bytes.indexOf(POLICY, end);
  const to = bytes.indexOf(LOG_POSITION, from);
  const policy = bytes.toString('utf8', from, to);
  const degraded = bytes.indexOf(FAILED, to) >= 0;
  const { reasons } = head;
  const key = `${policy}|${degraded ? 1 : 0}|${answersKey(head)}`;
  const number = book.numberOf(key, () => verdictOf(parsePolicy(policy), head, degraded));
  return { number, reasons };
}

type Answers = Pick<Decision, 'outcome' | 'fraud' | 'aml' | 'reasons' | 'unknown'>;

/** The same for the same results and the same effects of all rules, whatever was measured. */
export function answersKey({ outcome, fraud, aml, reasons, unknown }: Answers): string {
  const axis = (one: AxisResult): string => `${one.outcome}|${one.score}|${one.band}|`;
  let key = `${outcome}|${axis(fraud)}${axis(aml)}`;
  for (const { rule, effect } of reasons) key += `${rule}:${effect},`;
  key += '|';
  for (const { rule, effect } of unknown) key += `${rule}:${effect},`;
  return key;
}

interface Named { readonly name: string; readonly hash: string }

const parsePolicy = (text: string): Named =>
  (JSON.parse(`{${text.slice(1)}}`) as { readonly policy: Named }).policy;

/** What was recorded of a policy, and what one says now, in the same shape. */
export function verdictOf({ name, hash }: Named, answers: Answers, degraded = false): Verdict {
  const { outcome, fraud, aml, reasons, unknown } = answers;
  return { policy: name, hash, outcome, fraud, aml, degraded, rules: ruleAnswers(name, reasons, unknown) };
}

const IDLE: ReadonlySet<string> = new Set(['excepted', 'replaced', 'shadow']);

/**
 * What reasons and unknown rules say of each rule, by name; the same for what was recorded and what was
 * not.
 */
function ruleAnswers(
  policy: string, reasons: readonly Reason[], unknown: readonly UnknownRule[],
): readonly RuleAnswer[] {
  const answers = reasons.map(({ rule, effect }): RuleAnswer => ({
    rule: `${policy}/${rule}`, answer: effect === 'excepted' ? 'excepted' : 'hit', acts: !IDLE.has(effect),
  }));
  // `unknown:` may say hit or an outcome: then the rule does something where it cannot say.
  const unsure = unknown.map(({ rule, effect }): RuleAnswer =>
    ({ rule: `${policy}/${rule}`, answer: 'unknown', acts: effect !== 'miss' && !IDLE.has(effect) }));
  return [...answers, ...unsure].toSorted((a, b) => (a.rule < b.rule ? -1 : 1));
}
