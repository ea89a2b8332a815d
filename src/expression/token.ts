import type { Span } from './ast.ts';
import { diagnostic, type Diagnostic, type DiagnosticCode } from './diagnostic.ts';
import type { Type } from './type.ts';

export type Token =
  | { readonly kind: 'literal'; readonly value: number | string; readonly type: Type; readonly span: Span }
  | { readonly kind: 'name' | 'operator'; readonly text: string; readonly span: Span }
  | { readonly kind: 'end'; readonly span: Span };

/** Thrown inside the parser and caught by `parseExpression`, which returns the diagnostic as a value. */
export class ParseFailure extends Error {
  readonly diagnostic: Diagnostic;
  constructor(code: DiagnosticCode, span: Span, message: string, help?: string) {
    super(message);
    this.diagnostic = diagnostic(code, span, message, help);
  }
}

/** Words that no field, feature, parameter or `let` can be named. */
export const RESERVED: ReadonlySet<string> = new Set([
  'and', 'or', 'not', 'in', 'let', 'require', 'as', 'true', 'false', 'this',
]);

/** The tokens of one expression, read one after the other. */
export class TokenStream {
  readonly #tokens: readonly Token[];
  readonly #text: string;
  #at = 0;

  constructor(tokens: readonly Token[], text: string) {
    this.#tokens = tokens;
    this.#text = text;
  }

  get next(): Token {
    return this.after(0);
  }

  /** The token `count` further on, without taking it. */
  after(count: number): Token {
    const token = this.#tokens[Math.min(this.#at + count, this.#tokens.length - 1)];
    if (token === undefined) throw new RangeError('a token stream ends with an end token');
    return token;
  }

  take(): Token {
    const token = this.next;
    this.#at++;
    return token;
  }

  /** Is the next token this operator or word? */
  is(text: string): boolean {
    const token = this.next;
    return (token.kind === 'operator' || token.kind === 'name') && token.text === text;
  }

  accept(text: string): boolean {
    if (!this.is(text)) return false;
    this.#at++;
    return true;
  }

  expect(text: string, why: string): Token {
    if (!this.is(text)) this.fail(`\`${text}\` ${why}`);
    return this.take();
  }

  /** Ends the parse: this was expected here, and something else stands here. */
  fail(expected: string, help?: string): never {
    const { next } = this;
    const found = next.kind === 'end' ? 'the expression ends'
      : `found \`${this.#text.slice(next.span.start, next.span.end)}\``;
    throw new ParseFailure('E110', next.span, `expected ${expected}; ${found}`, help);
  }

  /** From a start to the end of the last token taken. */
  spanFrom(start: number): Span {
    return { start, end: this.#tokens[this.#at - 1]?.span.end ?? start };
  }
}
