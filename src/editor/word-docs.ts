/** A line on each word of the expression language that is not a function, for hover and completion. */
import type { AggregateName } from '#expression/ast.ts';
import { CLAUSES } from './expression-cursor.ts';

interface WordDoc { readonly form: string; readonly doc: string }

type Clause = (typeof CLAUSES)[number];

export const AGGREGATE_DOCS: Readonly<Record<AggregateName, WordDoc>> = {
  count: { form: 'count(by KEY over WINDOW)', doc: 'How many events; 0 of nothing.' },
  sum: { form: 'sum(VALUE by KEY over WINDOW)',
    doc: 'The exact sum of whole numbers, money or durations; 0 of nothing.' },
  avg: { form: 'avg(VALUE by KEY over WINDOW)', doc: 'The average; missing of nothing.' },
  min: { form: 'min(VALUE by KEY over WINDOW)', doc: 'The least; missing of nothing.' },
  max: { form: 'max(VALUE by KEY over WINDOW)', doc: 'The greatest; missing of nothing.' },
  stddev: { form: 'stddev(VALUE by KEY over WINDOW)',
    doc: 'The standard deviation of a sample; missing of fewer than two.' },
  distinct: { form: 'distinct(VALUE by KEY over WINDOW)', doc: 'How many different values; 0 of nothing.' },
  last: { form: 'last(VALUE by KEY over WINDOW)', doc: 'The value of the newest event that has one.' },
  first: { form: 'first(VALUE by KEY over WINDOW)', doc: 'The value of the oldest event that has one.' },
  exists: { form: 'exists(by KEY over WINDOW)', doc: 'Is there an event? False of nothing.' },
  histogram: { form: 'histogram(DIGIT by KEY over WINDOW)',
    doc: 'How often 1, 2, ... 9 occur, for `chi_square`.' },
  time_since_last: { form: 'time_since_last(by KEY)',
    doc: 'How long before this event the newest earlier one was; missing of nothing.' },
  first_seen: { form: 'first_seen(by KEY)', doc: 'When the oldest event was; missing of nothing.' },
};

export const PRIOR_DOC = 'Without the event that is being decided.';

export const CLAUSE_DOCS: Readonly<Record<Clause, WordDoc>> = {
  by: { form: 'by card',
    doc: 'Past events with the same value as this one; several keys: `by (card, merchant)`.' },
  match: { form: 'match creditor == this.debtor',
    doc: 'Past events whose field equals another field of this one.' },
  over: { form: 'over 24h', doc: 'The window (t - 24h, t]; also `30d..3d`, `day("Europe/Paris")`, `ever`.' },
  last: { form: 'last 10', doc: 'The newest events of the stream.' },
  tumbling: { form: 'tumbling 30d', doc: 'The stretch of that length in which t is.' },
  of: { form: 'of event == "login"', doc: 'Which events form the stream; without it, transactions.' },
  where: { form: 'where status == "declined"', doc: 'Which events of the stream count.' },
  since: { form: 'since event == "profile_change"',
    doc: 'Closes the window after the latest event for which this is true.' },
};

export const KEYWORD_DOCS: ReadonlyMap<string, string> = new Map([
  ['and', 'Both hold. False beside unknown is false.'],
  ['or', 'At least one holds. True beside unknown is true.'],
  ['not', 'It does not hold; of unknown it is unknown.'],
  ['in', 'One of values `["a", "b"]`, in an interval `[20:00, 06:00)`, or on a `list("name")`.'],
  ['as', 'Money converted at the rate of the day of the payment; without a rate it is missing.'],
  ['let', '`let x = value; condition`: a name for what follows.'],
  ['require', '`require condition else unknown; value`: missing where there is too little to judge by.'],
  ['this', 'Inside an aggregate: a field of the event that is being decided.'],
  ['true', 'It holds.'], ['false', 'It does not hold.'],
  ['ever', 'All that is kept.'],
  ['day', 'The local day in which t is, up to t.'], ['week', 'The local week from Monday, up to t.'],
  ['month', 'The local month in which t is, up to t.'],
  ['max_age', 'How old a fact may be.'], ['benford', "The distribution of first digits by Benford's law."],
]);

export const OPERATORS: readonly (readonly [sign: string, probe: string, doc: string])[] = [
  ['and', ' and', 'both hold'], ['or', ' or', 'at least one holds'],
  ['>', ' >', 'is more than'], ['>=', ' >=', 'is at least'], ['<', ' <', 'is less than'],
  ['<=', ' <=', 'is at most'], ['==', ' ==', 'is'], ['!=', ' !=', 'is not'],
  ['~=', ' ~=', 'is, upper or lower case'],
  ['+', ' +', 'plus'], ['-', ' -', 'minus'], ['*', ' *', 'times'], ['/', ' /', 'divided by'],
  ['??', ' ??', 'or, where that is missing'],
];
