/**
 * What a change does: two judges have seen the same payments in the same order; which hits were gained and
 * lost, and which outcomes became which.
 */
import { OUTCOMES, type Outcome } from '#domain/outcome.ts';

/** What a judge said of one payment. */
export interface JudgedPayment {
  readonly transactionId: string;
  readonly outcome: Outcome;
  /** Ids of the rules that hit, with or without effect. */
  readonly hits: readonly string[];
}

export interface EffectDifference {
  readonly payments: number;
  /** Payments of which the outcome or a hit is another. */
  readonly changed: number;
  /** Rules with a hit more or less, the most changed first. */
  readonly rules: readonly RuleEffect[];
  /** Every pair of outcomes that occurred, the same outcome twice among them. */
  readonly outcomes: readonly OutcomeChange[];
}

export interface OutcomeChange {
  readonly before: Outcome;
  readonly after: Outcome;
  readonly payments: number;
}

export interface RuleEffect {
  readonly rule: string;
  readonly gained: HitChange;
  readonly lost: HitChange;
}
/** The first few of the payments, in the order of the sample. */
export interface HitChange { readonly payments: number; readonly examples: readonly string[] }

const EXAMPLES_MAX = 5;

/** The two are of the same payments in the same order; throws RangeError where they are not. */
export function effectDifference(before: readonly JudgedPayment[],
  after: readonly JudgedPayment[]): EffectDifference {
  if (before.length !== after.length) {
    throw new RangeError(`one judge saw ${before.length} payments, the other ${after.length}`);
  }
  const rules = new Map<string, { gained: string[]; lost: string[] }>();
  const outcomes = new Map<string, number>();
  let changed = 0;
  before.forEach((old, i) => {
    const now = after[i];
    if (now?.transactionId !== old.transactionId) throw new RangeError(`payment ${i + 1} is not the same`);
    const gained = now.hits.filter((rule) => !old.hits.includes(rule));
    const lost = old.hits.filter((rule) => !now.hits.includes(rule));
    if (gained.length + lost.length > 0 || old.outcome !== now.outcome) changed += 1;
    for (const [which, all] of [['gained', gained], ['lost', lost]] as const) {
      for (const rule of all) {
        const effect = rules.get(rule) ?? { gained: [], lost: [] };
        effect[which].push(old.transactionId);
        rules.set(rule, effect);
      }
    }
    const pair = `${old.outcome} ${now.outcome}`;
    outcomes.set(pair, (outcomes.get(pair) ?? 0) + 1);
  });
  return {
    payments: before.length, changed,
    rules: [...rules]
      .map(([rule, { gained, lost }]) => ({ rule, gained: counted(gained), lost: counted(lost) }))
      .toSorted((a, b) => size(b) - size(a) || (a.rule < b.rule ? -1 : 1)),
    outcomes: OUTCOMES.flatMap((from) => OUTCOMES.flatMap((to) => {
      const payments = outcomes.get(`${from} ${to}`);
      return payments === undefined ? [] : [{ before: from, after: to, payments }];
    })),
  };
}

const counted = (ids: readonly string[]): HitChange =>
  ({ payments: ids.length, examples: ids.slice(0, EXAMPLES_MAX) });
const size = ({ gained, lost }: RuleEffect): number => gained.payments + lost.payments;

/** Markdown; ends with a line break. */
export function englishEffect({ payments, changed, rules, outcomes }: EffectDifference): string {
  const lines = rules.flatMap(({ rule, gained, lost }) => [
    ...sayHits(rule, 'more', gained), ...sayHits(rule, 'fewer', lost)]);
  const moved = outcomes.filter(({ before, after }) => before !== after);
  return [
    `## Effect on ${payments} payments`,
    `${changed} are judged differently.`,
    ...(lines.length === 0 ? [] : ['', ...lines]),
    ...(moved.length === 0 ? [] : ['', ...matrix(outcomes)]),
    '',
  ].join('\n');
}

function sayHits(rule: string, word: string, { payments, examples }: HitChange): readonly string[] {
  if (payments === 0) return [];
  return [`- **${rule}**: ${payments} ${word}, such as ${examples.join(', ')}`];
}

/** Before in rows, after in columns. */
function matrix(outcomes: readonly OutcomeChange[]): readonly string[] {
  const count = (from: Outcome, to: Outcome): number =>
    outcomes.find(({ before, after }) => before === from && after === to)?.payments ?? 0;
  return [
    `| was \\ is | ${OUTCOMES.join(' | ')} |`, `|---${'|---:'.repeat(OUTCOMES.length)}|`,
    ...OUTCOMES.map((from) => `| ${from} | ${OUTCOMES.map((to) => count(from, to)).join(' | ')} |`),
  ];
}
