import type { Span } from './ast.ts';

/** Closed list: what each code means. Every code has a case under test/language/expression. */
export const DIAGNOSTIC_CODES = {
  E101: 'a character that the language does not have',
  E102: 'a text without its closing quote, or with a wrong escape',
  E103: 'a number or unit that cannot be read',
  E104: 'a money literal with an unknown currency or too many decimals',
  E105: 'a date, instant or clock time that does not exist',
  E110: 'something else was expected here',
  E111: 'comparisons do not chain',
  E112: 'too long, too deep or too many names',
  E113: 'an aggregate clause that is repeated, missing or malformed',
  E114: 'a reserved word used as a name',
  E201: 'an unknown field, feature, parameter or define',
  E202: 'an unknown list',
  E203: 'an unknown function',
  E204: 'a name that is already taken',
  E205: 'a define that uses itself',
  E301: 'operands whose types do not fit together',
  E302: 'money whose currency is not known',
  E303: 'an argument of the wrong type or number',
  E304: 'a condition that is not true or false',
  E305: 'a value that its enum does not have',
  E306: 'a period where only a duration has a fixed length',
  E307: 'an unknown time zone',
  E401: 'an aggregate inside an aggregate, or where none may stand',
  E402: 'a field that is not kept in history',
  E403: 'no key of the aggregate is an indexed entity',
  E404: 'a feature inside of, where, since or value',
  E405: 'a window that cannot be',
  E406: 'an aggregate with a value it does not take, or without the value it needs',
  E407: '`this` outside an aggregate',
} as const;
export type DiagnosticCode = keyof typeof DIAGNOSTIC_CODES;

/**
 * What is wrong in an expression, where, and what would be right. Offsets are into the expression's own text.
 */
export interface Diagnostic {
  readonly code: DiagnosticCode;
  readonly span: Span;
  readonly message: string;
  readonly help?: string;
}

export const diagnostic = (code: DiagnosticCode, span: Span, message: string, help?: string): Diagnostic =>
  (help === undefined ? { code, span, message } : { code, span, message, help });
