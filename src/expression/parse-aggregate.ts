/** The clauses of an aggregate: `by card over 24h where declined`, in any order, each at most once. */
import type { AggregateExpr, AggregateName, Expr, WindowExpr } from './ast.ts';
import { ParseFailure, type TokenStream } from './token.ts';

type Clauses = Pick<AggregateExpr, 'keys' | 'window' | 'of' | 'where' | 'since'>;
interface Draft { keys?: AggregateExpr['keys']; window?: WindowExpr; of?: Expr; where?: Expr; since?: Expr }
type Parse = () => Expr;

const CLAUSES: ReadonlySet<string> =
  new Set(['by', 'match', 'over', 'of', 'where', 'since', 'last', 'tumbling']);

/**
 * Does a clause start here? `last` is one only before a number; elsewhere it is the aggregate `last(...)`.
 */
export function startsClause(tokens: TokenStream): boolean {
  const { next } = tokens;
  if (next.kind !== 'name' || !CLAUSES.has(next.text)) return false;
  return next.text !== 'last' || tokens.after(1).kind === 'literal';
}

/**
 * Everything up to the closing parenthesis. Without a window, `since` and the times look back over all that
 * is kept.
 */
export function parseAggregate(tokens: TokenStream, name: AggregateName, parse: Parse): Clauses {
  const draft: Draft = {};
  const { start } = tokens.next.span;
  while (startsClause(tokens)) clause(tokens, draft, parse);
  const { keys, window, ...conditions } = draft;
  if (keys === undefined) {
    throw new ParseFailure('E113', tokens.spanFrom(start), `${name} does not say by what`,
      'add `by card`, for example');
  }
  const looksBack = name === 'time_since_last' || name === 'first_seen' || draft.since !== undefined;
  if (window === undefined && !looksBack) {
    throw new ParseFailure('E113', tokens.spanFrom(start), `${name} does not say over which window`,
      'add `over 24h`, `over day("Europe/Paris")`, `last 10`, `tumbling 30d` or `over ever`');
  }
  return { keys, window: window ?? { kind: 'ever' }, ...conditions };
}

function clause(tokens: TokenStream, draft: Draft, parse: Parse): void {
  const token = tokens.take();
  if (token.kind !== 'name') throw new TypeError('a clause starts with a word');
  const slot = slotOf(token.text);
  if (draft[slot] !== undefined) {
    const message = slot === token.text ? `\`${slot}\` stands twice`
      : `a second ${slot === 'keys' ? 'key' : 'window'}`;
    throw new ParseFailure('E113', token.span, message, slot === 'keys'
      ? 'several keys: `by (card, merchant)`' : undefined);
  }
  switch (slot) {
    case 'keys':
      draft.keys = token.text === 'by' ? byKeys(tokens) : matchKeys(tokens);
      break;
    case 'window':
      draft.window = windowOf(token.text, tokens);
      break;
    case 'of': case 'where': case 'since':
      draft[slot] = parse();
  }
}

function slotOf(word: string): keyof Draft {
  if (word === 'by' || word === 'match') return 'keys';
  if (word === 'of' || word === 'where' || word === 'since') return word;
  return 'window';
}

type Name = Extract<Expr, { kind: 'name' }>;

function fieldName(tokens: TokenStream): Name {
  const token = tokens.next;
  if (token.kind !== 'name') tokens.fail('a field');
  tokens.take();
  const current = token.text.startsWith('this.');
  return { kind: 'name', name: current ? token.text.slice(5) : token.text, current, span: token.span };
}

function byKeys(tokens: TokenStream): AggregateExpr['keys'] {
  const names: Name[] = [];
  if (tokens.accept('(')) {
    do names.push(fieldName(tokens)); while (tokens.accept(','));
    tokens.expect(')', 'or `,` after a key');
  } else names.push(fieldName(tokens));
  return names.map((past) => {
    if (past.current) {
      throw new ParseFailure('E113', past.span, '`by` takes the same field then and now',
        'two different fields: `match creditor == this.debtor`');
    }
    return { past, current: { ...past, current: true } };
  });
}

function matchKeys(tokens: TokenStream): AggregateExpr['keys'] {
  const keys: { past: Expr; current: Expr }[] = [];
  do {
    const left = fieldName(tokens);
    tokens.expect('==', 'between the two fields of `match`');
    const right = fieldName(tokens);
    if (left.current === right.current) {
      throw new ParseFailure('E113', { start: left.span.start, end: right.span.end },
        '`match` compares a field of the past event with one of this event',
          'write `match creditor == this.debtor`');
    }
    keys.push(left.current ? { past: right, current: left } : { past: left, current: right });
  } while (tokens.accept('and') || tokens.accept(','));
  return keys;
}

function windowOf(word: string, tokens: TokenStream): WindowExpr {
  if (word === 'last') return { kind: 'last', count: numberOf(tokens, 'int', 'a number of events') };
  if (word === 'tumbling') return { kind: 'tumbling',
    spanMs: numberOf(tokens, 'duration', 'a duration such as 30d') };
  const { next } = tokens;
  if (next.kind === 'name') return calendarOf(next.text, tokens);
  const fromMs = numberOf(tokens, 'duration', 'a duration such as 24h');
  const toMs = tokens.accept('..') ? numberOf(tokens, 'duration', 'a duration such as 3d') : 0;
  return { kind: 'sliding', fromMs, toMs };
}

function numberOf(tokens: TokenStream, kind: 'int' | 'duration', expected: string): number {
  const { next } = tokens;
  if (next.kind !== 'literal' || typeof next.value !== 'number') tokens.fail(expected);
  if (next.type.kind === 'period') {
    throw new ParseFailure('E306', next.span, 'a month has no fixed length',
      'write `over 30d`, or `over month("Europe/Paris")`');
  }
  if (next.type.kind !== kind) {
    tokens.fail(expected, next.type.kind === 'distance'
      ? '` m` is metres; minutes are written without a blank' : undefined);
  }
  tokens.take();
  return next.value;
}

function calendarOf(unit: string, tokens: TokenStream): WindowExpr {
  if (unit === 'ever') {
    tokens.take();
    return { kind: 'ever' };
  }
  if (unit === 'business_day') {
    throw new ParseFailure('E113', tokens.next.span, 'there are no business-day calendars',
      'write `over day("Europe/Paris")`');
  }
  if (unit !== 'day' && unit !== 'week' &&
    unit !== 'month') tokens.fail('a duration, day, week, month or ever after `over`');
  tokens.take();
  tokens.expect('(', `after \`${unit}\`, and the zone: ${unit}("Europe/Paris")`);
  const zone = tokens.take();
  if (zone.kind !== 'literal' || typeof zone.value !== 'string') {
    throw new ParseFailure('E113', zone.span, 'the zone of a calendar window is a text',
      'write `over day("Europe/Paris")`');
  }
  tokens.expect(')', 'after the zone');
  return { kind: 'calendar', unit, zone: zone.value };
}
