/**
 * A Pratt parser: each operator has a binding power, and a loop takes operators that bind tighter than the
 * caller's.
 */
import { LIMITS } from '#domain/limits.ts';
import { AGGREGATE_NAMES, type AggregateName, type BinaryOp, type Expr, type InSet } from './ast.ts';
import { diagnostic, type Diagnostic } from './diagnostic.ts';
import { tokensOf } from './lex.ts';
import { parseAggregate, startsClause } from './parse-aggregate.ts';
import { POWER } from './power.ts';
import { ParseFailure, RESERVED, TokenStream } from './token.ts';
import { childrenOf, nodeCountOf } from './tree.ts';

export type ParseResult = { readonly expr: Expr } | { readonly errors: readonly Diagnostic[] };

interface Infix { readonly op: BinaryOp; readonly power: number }
const infix = (power: number, ...ops: BinaryOp[]): [string, Infix][] => ops.map((op) => [op, { op, power }]);
const BINARY: ReadonlyMap<string, Infix> = new Map([
  ...infix(POWER.or, 'or'),
  ...infix(POWER.and, 'and'),
  ...infix(POWER.compare, '==', '!=', '<', '<=', '>', '>=', '~='),
  ...infix(POWER.default, '??'),
  ...infix(POWER.sum, '+', '-'),
  ...infix(POWER.product, '*', '/'),
]);

const AGGREGATES: ReadonlyMap<string, AggregateName> = new Map(AGGREGATE_NAMES.map((name) => [name, name]));

/** Text to tree. No names are resolved and no types known, save those of literals. */
export function parseExpression(text: string): ParseResult {
  try {
    const tokens = new TokenStream(tokensOf(text), text);
    const expr = new Parser(tokens).parse(POWER.any);
    if (tokens.next.kind !== 'end') tokens.fail('an operator or the end');
    return withinLimits(expr);
  } catch (failure) {
    if (failure instanceof ParseFailure) return { errors: [failure.diagnostic] };
    throw failure;
  }
}

function withinLimits(expr: Expr): ParseResult {
  const nodes = nodeCountOf(expr);
  const lets = letCountOf(expr);
  if (nodes > LIMITS.expressionNodeCountMax) {
    const message = `the expression has ${nodes} parts; the limit is ${LIMITS.expressionNodeCountMax}`;
    return { errors: [diagnostic('E112', expr.span, message, 'name a part of it under `define`')] };
  }
  if (lets > LIMITS.letCountMax) {
    return { errors: [
      diagnostic('E112', expr.span, `${lets} names by \`let\`; the limit is ${LIMITS.letCountMax}`)] };
  }
  return { expr };
}

const letCountOf = (expr: Expr): number =>
  childrenOf(expr).reduce((sum, child) => sum + letCountOf(child), expr.kind === 'let' ? 1 : 0);

class Parser {
  readonly #tokens: TokenStream;
  #depth = 0;

  constructor(tokens: TokenStream) {
    this.#tokens = tokens;
  }

  /** An expression of operators that bind tighter than `power`. */
  parse(power: number): Expr {
    if (++this.#depth > LIMITS.expressionDepthMax) {
      throw new ParseFailure('E112', this.#tokens.next.span,
        `nested deeper than ${LIMITS.expressionDepthMax}`,
        'name a part of it with `let` or under `define`');
    }
    let left = this.#prefix();
    for (;;) {
      const longer = this.#infix(left, power);
      if (longer === undefined) break;
      left = longer;
    }
    this.#depth--;
    return left;
  }

  #infix(left: Expr, power: number): Expr | undefined {
    const tokens: TokenStream = this.#tokens;
    const { next } = tokens;
    if (next.kind !== 'operator' && next.kind !== 'name') return undefined;
    const { start } = left.span;
    if (next.text === 'as' && power < POWER.as) {
      tokens.take();
      return { kind: 'convert', value: left, currency: this.#currency(), span: tokens.spanFrom(start) };
    }
    if (next.text === 'in' || (next.text === 'not' && this.#nameAfter(1) === 'in')) {
      return power < POWER.compare ? this.#notChained(this.#membership(left)) : undefined;
    }
    const binary = BINARY.get(next.text);
    if (binary === undefined) {
      if (next.text === '=') throw new ParseFailure('E110', next.span, 'expected an operator; found `=`',
        'write `==`');
      return undefined;
    }
    if (binary.power <= power) return undefined;
    tokens.take();
    const right = this.parse(binary.power);
    const made: Expr = { kind: 'binary', op: binary.op, left, right, span: tokens.spanFrom(start) };
    return binary.power === POWER.compare ? this.#notChained(made) : made;
  }

  #notChained(made: Expr): Expr {
    const { next } = this.#tokens;
    const again = next.kind === 'operator' && BINARY.get(next.text)?.power === POWER.compare;
    if (!again && !this.#tokens.is('in')) return made;
    throw new ParseFailure('E111', next.span, 'comparisons do not chain', 'join two comparisons with `and`');
  }

  #nameAfter(count: number): string | undefined {
    const token = this.#tokens.after(count);
    return token.kind === 'name' ? token.text : undefined;
  }

  #currency(): string {
    const token = this.#tokens.next;
    if (token.kind !== 'name' ||
      !/^[A-Z]{3}$/.test(token.text)) this.#tokens.fail('a currency after `as`, such as EUR');
    this.#tokens.take();
    return token.text;
  }

  #membership(value: Expr): Expr {
    const tokens: TokenStream = this.#tokens;
    const negated = tokens.accept('not');
    tokens.take();
    const set = this.#set();
    const span = tokens.spanFrom(value.span.start);
    const inside: Expr = { kind: 'in', value, set, span };
    return negated ? { kind: 'unary', op: 'not', operand: inside, span } : inside;
  }

  #set(): InSet {
    const tokens: TokenStream = this.#tokens;
    if (tokens.is('list')) return this.#list();
    const lowClosed = tokens.is('[');
    if (!lowClosed && !tokens.is('(')) {
      tokens.fail('`[...]` or `list("...")` after `in`',
        'values are `["a", "b"]`, an interval is `[20:00, 06:00)`');
    }
    tokens.take();
    const values = [this.parse(POWER.any)];
    const range = tokens.accept('..');
    if (range) values.push(this.parse(POWER.any));
    else while (tokens.accept(',')) values.push(this.parse(POWER.any));
    const highClosed = tokens.accept(']');
    if (!highClosed) tokens.expect(')', 'or `]` after what `in` looks through');
    if (lowClosed && highClosed && !range) return { kind: 'values', values };
    const [low, high] = values;
    if (low === undefined || high === undefined || values.length !== 2) {
      tokens.fail('two ends of an interval', 'a list of values has square brackets on both sides');
    }
    return { kind: 'interval', low, high, lowClosed, highClosed };
  }

  #list(): InSet {
    const tokens: TokenStream = this.#tokens;
    tokens.take();
    tokens.expect('(', 'after `list`');
    const token = tokens.take();
    if (token.kind !== 'literal' || typeof token.value !== 'string') {
      throw new ParseFailure('E110', token.span, 'expected the name of a list in quotes',
        'write `in list("trusted")`');
    }
    tokens.expect(')', 'after the name of the list');
    return { kind: 'list', list: token.value };
  }

  #prefix(): Expr {
    const tokens: TokenStream = this.#tokens;
    const token = tokens.next;
    const { start } = token.span;
    if (token.kind === 'end') tokens.fail('a value');
    tokens.take();
    if (token.kind === 'literal') {
      return { kind: 'literal', value: token.value, type: token.type, span: token.span };
    }
    switch (token.text) {
      case '(': {
        const inner = this.parse(POWER.any);
        tokens.expect(')', 'to close the group');
        return inner;
      }
      case '-':
        return this.#unary('-', POWER.minus, start);
      case 'not':
        return this.#unary('not', POWER.not, start);
      case 'true':
      case 'false':
        return { kind: 'literal', value: token.text === 'true', type: { kind: 'bool' }, span: token.span };
      case 'let':
        return this.#let(start);
      case 'require':
        return this.#require(start);
      default:
        if (token.kind === 'name') return this.#name(token.text, start);
        throw new ParseFailure('E110', token.span, `expected a value; found \`${token.text}\``);
    }
  }

  #unary(op: 'not' | '-', power: number, start: number): Expr {
    const operand = this.parse(power);
    return { kind: 'unary', op, operand, span: this.#tokens.spanFrom(start) };
  }

  #let(start: number): Expr {
    const tokens: TokenStream = this.#tokens;
    const token = tokens.take();
    if (token.kind !== 'name' || token.text.includes('.')) {
      throw new ParseFailure('E110', token.span, 'expected a name after `let`');
    }
    if (RESERVED.has(token.text)) throw new ParseFailure('E114', token.span,
      `\`${token.text}\` is a word of the language`);
    tokens.expect('=', 'after the name');
    const value = this.parse(POWER.any);
    tokens.expect(';', 'after a `let`');
    const body = this.parse(POWER.any);
    return { kind: 'let', name: token.text, value, body, span: tokens.spanFrom(start) };
  }

  #require(start: number): Expr {
    const tokens: TokenStream = this.#tokens;
    const condition = this.parse(POWER.any);
    tokens.expect('else', 'after what is required: `require n >= 5 else unknown;`');
    tokens.expect('unknown', 'after `else`');
    tokens.expect(';', 'after `require ... else unknown`');
    const body = this.parse(POWER.any);
    return { kind: 'require', condition, body, span: tokens.spanFrom(start) };
  }

  #name(text: string, start: number): Expr {
    const tokens: TokenStream = this.#tokens;
    const span = tokens.spanFrom(start);
    if (text === 'this') return { kind: 'name', name: 'this', current: true, span };
    if (RESERVED.has(text)) throw new ParseFailure('E114', span,
      `expected a value; found the word \`${text}\``);
    if (tokens.accept('(')) return this.#application(text, start);
    const current = text.startsWith('this.');
    return { kind: 'name', name: current ? text.slice(5) : text, current, span };
  }

  /** After `name(`: an aggregate or a call. `min` and `max` are both; a clause tells. */
  #application(text: string, start: number): Expr {
    const tokens: TokenStream = this.#tokens;
    const prior = text.startsWith('prior_');
    const name = AGGREGATES.get(prior ? text.slice(6) : text);
    const both = !prior && (name === 'min' || name === 'max');
    if (name !== undefined && !both) return this.#aggregate(name, prior, start);
    const args: Expr[] = [];
    while (!tokens.is(')')) {
      if (args.length > 0) this.#separator(text, args.length);
      args.push(this.parse(POWER.any));
      if (name !== undefined && args.length === 1 && startsClause(tokens)) return this.#aggregate(name,
        prior, start, args[0]);
    }
    tokens.take();
    return { kind: 'call', name: text, args, span: tokens.spanFrom(start) };
  }

  /**
   * Between arguments: a comma, and the words that make `sample(1% by id)` and `fact(.., max_age 10m)` read
   * aloud.
   */
  #separator(call: string, index: number): void {
    const tokens: TokenStream = this.#tokens;
    if (call === 'sample' && index === 1) {
      tokens.expect('by', 'after the share: `sample(1% by id)`');
      return;
    }
    tokens.expect(',', `or \`)\` after an argument of ${call}`);
    if (call === 'fact' && index === 2) tokens.expect('max_age',
      'before how old a fact may be: `max_age 10m`');
  }

  #aggregate(name: AggregateName, prior: boolean, start: number, value?: Expr): Expr {
    const tokens: TokenStream = this.#tokens;
    const parse = (): Expr => this.parse(POWER.any);
    const taken = value ?? (startsClause(tokens) || tokens.is(')') ? undefined : parse());
    const clauses = parseAggregate(tokens, name, parse);
    tokens.expect(')', `or another clause (by, match, over, last, tumbling, of, where, since) in ${name}`);
    const span = tokens.spanFrom(start);
    return { kind: 'aggregate', aggregate: { name, prior, ...(taken && { value: taken }), ...clauses, span },
      span };
  }
}
