/**
 * What may stand at the end of a half-typed expression, by its words alone: a value, an operator, a clause
 * of an aggregate, a currency.
 */
import { AGGREGATE_NAMES } from '#expression/ast.ts';
import { tokensOf } from '#expression/lex.ts';
import { ParseFailure, type Token } from '#expression/token.ts';

export type Wanted =
  /** `key`: a field of past and current event; `past key`, `this key`: the two sides of `match`. */
  | 'value' | 'operator' | 'currency' | 'set' | 'list' | 'zone' | 'window' | 'key' | 'past key' | 'this key'
  | 'in' | 'unknown'
  /** Nobody can know: a new name, a number. */
  | 'anything';

export interface Bracket {
  readonly kind: 'group' | 'call' | 'aggregate' | 'set' | 'interval' | 'list' | 'zone' | 'keys';
  readonly name: string;
  argument: number;
  /** The clause the cursor is in. */
  clause: string | undefined;
  readonly clauses: Set<string>;
}

export interface ExpressionCursor {
  readonly wanted: Wanted;
  /** The half-typed word; it is to be replaced. */
  readonly word: string;
  /** The text before it, without the quote that opens it. */
  readonly before: string;
  /** Is the word a text behind an opening quote? */
  readonly inText: boolean;
  /** Open ones, the outermost first. */
  readonly brackets: readonly Bracket[];
  /** Begun and not yet ended by `;`, the outermost first. */
  readonly pending: readonly ('let' | 'require')[];
}

export const CLAUSES = ['by', 'match', 'over', 'last', 'tumbling', 'of', 'where', 'since'] as const;
const CLAUSE_WORDS: ReadonlySet<string> = new Set(CLAUSES);
const AGGREGATES: ReadonlySet<string> = new Set(AGGREGATE_NAMES);
const isAggregate = (name: string): boolean => AGGREGATES.has(name.replace(/^prior_/, ''));
const CALENDAR: ReadonlySet<string> = new Set(['day', 'week', 'month']);

/** Undefined where the text before the cursor holds what is no word of the language. */
export function expressionCursor(text: string): ExpressionCursor | undefined {
  const quote = openQuote(text);
  const word = quote === undefined ? (/[\p{L}\d_.]*$/u.exec(text)?.[0] ?? '') : text.slice(quote + 1);
  const before = text.slice(0, text.length - word.length - (quote === undefined ? 0 : 1));
  const tokens = tokensBefore(before);
  if (tokens === undefined) return undefined;
  const reader = new WordReader();
  tokens.forEach((token, i) => { reader.take(token, tokens[i + 1]); });
  const inNumber = quote === undefined && /^[\d.]/.test(word);
  const { brackets, pending } = reader;
  return { wanted: inNumber ? 'anything' : reader.wanted, word, before, inText: quote !== undefined, brackets,
    pending };
}

/** Where a text begins that is not closed. */
function openQuote(text: string): number | undefined {
  let open: number | undefined;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\' && open !== undefined) i += 1;
    else if (text[i] === '"') open = open === undefined ? i : undefined;
  }
  return open;
}

function tokensBefore(text: string): readonly Token[] | undefined {
  try {
    return tokensOf(text).slice(0, -1);
  } catch (failure) {
    if (failure instanceof ParseFailure) return undefined;
    throw failure;
  }
}

class WordReader {
  wanted: Wanted = 'value';
  readonly brackets: Bracket[] = [];
  readonly pending: ('let' | 'require')[] = [];
  #last = '';

  take(token: Token, next: Token | undefined): void {
    if (token.kind === 'literal') this.wanted = 'operator';
    else if (token.kind === 'operator') this.#operator(token.text);
    else if (token.kind === 'name') this.#name(token.text, next?.kind === 'operator' ? next.text : '');
    this.#last = token.kind === 'name' || token.kind === 'operator' ? token.text : '';
  }

  get #top(): Bracket | undefined {
    return this.brackets.at(-1);
  }

  #name(word: string, next: string): void {
    const top = this.#top;
    if (top?.kind === 'aggregate' && CLAUSE_WORDS.has(word) && next !== '(' && this.wanted !== 'window') {
      this.#clause(top, word);
      return;
    }
    if (top?.kind === 'aggregate' && word === 'by' && next === '(') this.#clause(top, word);
    else if (top?.kind === 'call' && top.name === 'sample' && word === 'by') this.#nextArgument(top);
    // In `a not in b` it follows a value; elsewhere it stands before one.
    else if (word === 'not' && this.wanted === 'operator') this.wanted = 'in';
    else if (word === 'and' && top?.clause === 'match') this.wanted = 'past key';
    else this.wanted = AFTER.get(word) ?? 'operator';
    if (word === 'let' || word === 'require') this.pending.push(word);
  }

  #clause(top: Bracket, word: string): void {
    top.clause = word;
    top.clauses.add(word);
    this.wanted = AFTER_CLAUSE.get(word) ?? 'value';
  }

  #operator(sign: string): void {
    const top = this.#top;
    switch (sign) {
      case '(': case '[':
        this.#open(sign);
        break;
      case ')': case ']':
        this.brackets.pop();
        this.wanted = 'operator';
        break;
      case ',':
        if (top?.kind === 'keys') this.wanted = 'key';
        else if (top?.clause === 'match') this.wanted = 'past key';
        else this.#nextArgument(top);
        break;
      case ';':
        this.pending.pop();
        this.wanted = 'value';
        break;
      case '==':
        this.wanted = top?.clause === 'match' ? 'this key' : 'value';
        break;
      case '..':
        this.wanted = top?.clause === 'over' ? 'window' : 'value';
        break;
      default:
        this.wanted = 'value';
    }
  }

  #nextArgument(top: Bracket | undefined): void {
    if (top !== undefined) top.argument += 1;
    this.wanted = 'value';
  }

  #open(sign: '(' | '['): void {
    const top = this.#top;
    const name = /^[A-Za-z_]/.test(this.#last) ? this.#last : '';
    const kind = sign === '[' ? (this.wanted === 'set' ? 'set' : 'group')
      : this.wanted === 'set' ? (name === 'list' ? 'list' : 'interval')
      : name === 'list' ? 'list'
      : name === 'by' && top?.kind === 'aggregate' ? 'keys'
      : CALENDAR.has(name) && top?.clause === 'over' ? 'zone'
      : name === '' || AFTER.has(name) ? 'group'
      : isAggregate(name) ? 'aggregate' : 'call';
    this.brackets.push({ kind, name, argument: 0, clause: undefined, clauses: new Set() });
    this.wanted = kind === 'list' ? 'list' : kind === 'keys' ? 'key' : kind === 'zone' ? 'zone' : 'value';
  }
}

/** What follows a word of the language; every other word is a name, and an operator follows. */
const AFTER: ReadonlyMap<string, Wanted> = new Map([
  ['and', 'value'], ['or', 'value'], ['not', 'value'], ['in', 'set'], ['as', 'currency'],
  ['let', 'anything'], ['require', 'value'], ['else', 'unknown'], ['max_age', 'value'],
]);

const AFTER_CLAUSE: ReadonlyMap<string, Wanted> = new Map([
  ['by', 'key'], ['match', 'past key'], ['over', 'window'], ['last', 'anything'], ['tumbling', 'window'],
]);
