/** Completion inside expressions: what fits the expected type stands first; what cannot fit is not there. */
import { AGGREGATE_NAMES, type AggregateName } from '#expression/ast.ts';
import { BUILTINS, signatureOf } from '#expression/builtins.ts';
import { VALUELESS } from '#expression/check-aggregate.ts';
import { typeName, typeOfField } from '#expression/type-rules.ts';
import type { Type } from '#expression/type.ts';
import { shortNames, type FieldDefinition } from '#domain/field.ts';
import { expectedAt, HOLE, isSound, type Expected, type Expects } from './expected-type.ts';
import { CLAUSES, expressionCursor, type Bracket, type ExpressionCursor } from './expression-cursor.ts';
import type { Outline } from './outline.ts';
import type { Proposal } from './proposal.ts';
import { COMPLETION } from './protocol.ts';
import { AGGREGATE_DOCS, CLAUSE_DOCS, OPERATORS, PRIOR_DOC } from './word-docs.ts';
import { windowProposals, zoneProposals } from './window-proposals.ts';

export interface ExpressionCompletion {
  readonly proposals: readonly Proposal[];
  /** The part of the text that a proposal replaces. */
  readonly word: string;
}

/** By how well it fits. */
const RANK = { word: 0, fits: 1, converted: 2, fitsLater: 3, begins: 5, unknown: 6 } as const;

/** `typed` is the expression up to the cursor; `root` what all of it has to be. */
export function completeExpression(typed: string, root: Expects, outline: Outline): ExpressionCompletion {
  const cursor = expressionCursor(typed);
  if (cursor === undefined) return { proposals: [], word: '' };
  return { proposals: new Completer(cursor, root, outline).proposals(), word: cursor.word };
}

class Completer {
  readonly #cursor: ExpressionCursor;
  readonly #root: Expects;
  readonly #outline: Outline;

  constructor(cursor: ExpressionCursor, root: Expects, outline: Outline) {
    this.#cursor = cursor;
    this.#root = root;
    this.#outline = outline;
  }

  proposals(): readonly Proposal[] {
    const { wanted, inText } = this.#cursor;
    switch (wanted) {
      case 'value': return inText ? this.#texts() : this.#values();
      case 'operator': return inText ? [] : this.#operators();
      case 'currency': return this.#currencies();
      case 'set': return inText ? [] : this.#sets();
      case 'list': return this.#lists();
      case 'zone': return zoneProposals(inText);
      case 'window': return inText ? [] : windowProposals();
      case 'key': case 'past key': return this.#keys('');
      case 'this key': return this.#keys('this.');
      case 'in': return [word('in', 'one of values, in an interval, or on a list')];
      case 'unknown': return [word('unknown', 'what it is where the requirement is not met')];
      case 'anything': return [];
    }
  }

  #expected(): Expected | undefined {
    return expectedAt(this.#cursor, this.#outline.scope, this.#root);
  }

  /** Behind an opening quote: the words of the enum beside it, or a zone. */
  #texts(): readonly Proposal[] {
    const expected = this.#expected();
    if (expected?.expects === 'zone') return zoneProposals(true);
    return (expected?.words ?? []).map((value) => (
      { label: value, insert: `${value}"`, kind: COMPLETION.enumMember, rank: RANK.word }));
  }

  #values(): readonly Proposal[] {
    const expected = this.#expected();
    if (this.#root === 'aggregate' && this.#cursor.brackets.length === 0) return this.#aggregates(undefined);
    if (this.#takesNoValue(this.#cursor.brackets.at(-1))) return this.#clauses();
    if (expected?.expects === 'zone') return zoneProposals(false);
    if (expected?.expects === 'distribution') return [word('benford', "Benford's law of first digits")];
    const words = (expected?.words ?? []).map((value): Proposal =>
      ({ label: `"${value}"`, kind: COMPLETION.enumMember, rank: RANK.word }));
    return [
      ...words, ...this.#named(expected), ...this.#fields(expected), ...this.#functions(expected),
      ...(expected?.row === 'past' ? [] : this.#aggregates(expected)), ...this.#keywords(expected),
    ];
  }

  #rank(type: Type | undefined, expected: Expected | undefined): number | undefined {
    if (type === undefined || expected === undefined) return RANK.unknown;
    if (expected.fits(type)) return RANK.fits;
    return expected.mayBegin(type) ? RANK.begins : undefined;
  }

  #named(expected: Expected | undefined): readonly Proposal[] {
    const locals = [...(expected?.locals ?? [])].map(([name, type]) => ({ name, type, of: 'let' }));
    const past = expected?.row === 'past';
    const declared = this.#outline.names
      .filter(({ kind }) => kind === 'parameter' || kind === 'define' || (kind === 'feature' && !past))
      .map(({ name, type, kind }) => ({ name, type, of: kind }));
    return [...locals, ...declared].flatMap(({ name, type, of }) => {
      const rank = this.#rank(type, expected);
      // A sum of one parameter is possible, and hardly ever meant.
      const later = AGGREGATES.has(expected?.expects ?? '') ? RANK.begins : 0;
      return rank === undefined ? [] : [{
        label: name, kind: of === 'parameter' ? COMPLETION.constant : COMPLETION.variable,
        rank: rank + later,
        detail: type === undefined ? of : `${of}: ${typeName(type)}`,
      }];
    });
  }

  #fields(expected: Expected | undefined): readonly Proposal[] {
    const past = expected?.row === 'past';
    const { schema } = this.#outline.scope;
    const named = [...shortNames(schema), ...schema.fields.map((field) => ({ name: field.path, field }))];
    const bare = past ? named.filter(({ field }) => field.history) : named;
    return [
      ...bare.flatMap(({ name, field }) => this.#field(name, field, expected, 0)),
      ...(past ? named.flatMap(({ name, field }) => this.#field(`this.${name}`, field, expected, 1)) : []),
    ];
  }

  #field(name: string, field: FieldDefinition, expected: Expected | undefined,
    later: number): readonly Proposal[] {
    const type = typeOfField(field);
    const rank = this.#rank(type, expected);
    const about = { kind: COMPLETION.field, detail: typeName(type), doc: field.description };
    const made: Proposal[] = rank === undefined ? []
      : [{ label: name, rank: rank + later * 0.5 + (rank === RANK.fits ? 0.2 : 0), ...about }];
    if (type.kind === 'money' && expected !== undefined && expected.expects !== 'amount') {
      const currency = this.#knownCurrencies().find((one) => expected.fits({ kind: 'money', currency: one }));
      if (currency !== undefined && expected.expects !== 'any') {
        made.push({ ...about, label: `${name} as ${currency}`, rank: RANK.converted + later * 0.5,
          detail: `money in ${currency}` });
      }
    }
    return made;
  }

  #functions(expected: Expected | undefined): readonly Proposal[] {
    return [...BUILTINS.values()].flatMap((builtin) => {
      // What `abs`, `min` and `max` give depends on what they get.
      const type = builtin.gives === 'the same type' ? undefined : builtin.result([]);
      const rank = this.#rank(type, expected);
      if (rank === undefined) return [];
      return [{ label: builtin.name, insert: `${builtin.name}(`, kind: COMPLETION.function,
        detail: signatureOf(builtin), doc: builtin.doc, rank: rank === RANK.fits ? RANK.fitsLater : rank }];
    });
  }

  #aggregates(expected: Expected | undefined): readonly Proposal[] {
    const alone = this.#root === 'aggregate';
    return AGGREGATE_NAMES.flatMap((name) => ['', 'prior_'].flatMap((prior): readonly Proposal[] => {
      const rank = alone ? RANK.fits : this.#rank(AGGREGATE_TYPES.get(name), expected);
      if (rank === undefined || (prior !== '' && name === 'time_since_last')) return [];
      const { form, doc } = AGGREGATE_DOCS[name];
      return [{ label: prior + name, insert: `${prior}${name}(`, kind: COMPLETION.function,
        detail: prior + form, doc: prior === '' ? doc : `${doc} ${PRIOR_DOC}`,
        rank: rank === RANK.fits ? RANK.fitsLater + 1 : rank + 1 }];
    }));
  }

  #keywords(expected: Expected | undefined): readonly Proposal[] {
    const condition = expected === undefined || expected.fits({ kind: 'bool' });
    const words = condition ? ['not', 'true', 'false'] : [];
    const start = this.#cursor.before.trim() === '' && this.#root !== 'aggregate' ? ['let', 'require'] : [];
    return [...words, ...start].map((one) => ({ label: one, kind: COMPLETION.keyword, rank: RANK.unknown }));
  }

  /** In `count(` a clause stands at once. */
  #takesNoValue(top: Bracket | undefined): boolean {
    return top?.kind === 'aggregate' && top.clause === undefined
      && VALUELESS_NAMES.has(top.name.replace(/^prior_/, ''));
  }

  #clauses(): readonly Proposal[] {
    const top = this.#cursor.brackets.at(-1);
    if (top?.kind !== 'aggregate') return [];
    const { clauses } = top;
    const any = (...words: readonly string[]): boolean => words.some((one) => clauses.has(one));
    return CLAUSES.flatMap((clause): readonly Proposal[] => {
      const taken = clauses.has(clause)
        || ((clause === 'by' || clause === 'match') && any('by', 'match'))
        || ((clause === 'over' || clause === 'last' || clause === 'tumbling')
          && any('over', 'last', 'tumbling'));
      const { form, doc } = CLAUSE_DOCS[clause];
      return taken ? [] : [{ label: clause, kind: COMPLETION.keyword, detail: form, doc, rank: RANK.word }];
    });
  }

  #operators(): readonly Proposal[] {
    const { scope } = this.#outline;
    const sound = (written: string): boolean => isSound(this.#cursor, scope, this.#root, written);
    const signs = OPERATORS.flatMap(([sign, probe, doc], i): readonly Proposal[] =>
      (sound(`${probe} ${HOLE}`)
        ? [{ label: sign, kind: COMPLETION.operator, detail: doc, rank: RANK.fits + i / 100 }] : []));
    const as = sound(' as EUR')
      ? [{ ...word('as', 'converted at the rate of the day'), rank: RANK.converted }] : [];
    const sets = sound(` in [${HOLE}]`)
      ? ['in', 'not in'].map((one) => (
        { ...word(one, 'values, an interval or a list'), rank: RANK.fitsLater }))
      : [];
    return [...this.#clauses(), ...as, ...signs, ...sets];
  }

  #sets(): readonly Proposal[] {
    const bracket: Proposal = { label: '[', kind: COMPLETION.operator, detail: 'values, or an interval',
      rank: RANK.fitsLater };
    return [...this.#lists().map((one) => ({ ...one, label: `list("${one.label}")`,
      insert: `list("${one.label}")` })), bracket];
  }

  /** Lists of what stands left of `in`; the others could never hold it. */
  #lists(): readonly Proposal[] {
    const { before, inText } = this.#cursor;
    const outside = expressionCursor(before.replace(/\blist\s*\(\s*$/, ''));
    const lists = this.#outline.names.filter(({ kind }) => kind === 'list');
    const sound = lists.filter(({ name }) => outside !== undefined
      && isSound(outside, this.#outline.scope, this.#root, ` list("${name}")`));
    // A mistake further left hides which ones fit; then all are better than none.
    return (sound.length > 0 ? sound : lists).map(({ name, type }) => ({
      label: name, insert: inText ? `${name}"` : `"${name}"`, kind: COMPLETION.module, rank: RANK.fits,
      detail: type === undefined ? 'a list' : `a list of ${typeName(type)}` }));
  }

  #currencies(): readonly Proposal[] {
    const used = this.#knownCurrencies();
    const others = ['EUR', 'USD', 'GBP', 'CHF', 'JPY', 'SEK', 'NOK', 'DKK', 'PLN', 'INR', 'BRL', 'CAD', 'AUD']
      .filter((one) => !used.includes(one));
    return [...used.map((label) => ({ label, kind: COMPLETION.unit, rank: RANK.fits })),
      ...others.map((label) => ({ label, kind: COMPLETION.unit, rank: RANK.begins }))];
  }

  /** That of the policy first, then those of its parameters. */
  #knownCurrencies(): readonly string[] {
    const { currency, params } = this.#outline;
    const beside = /\b[A-Z]{3}\b/g;
    const found = [...this.#cursor.before.matchAll(beside)].map(([code]) => code);
    const declared = params.flatMap(({ type }) =>
      (type.kind === 'money' && type.currency !== null ? [type.currency] : []));
    return [...new Set([...(currency === undefined ? [] : [currency]), ...declared, ...found])];
  }

  /** Entities with a log first: one key has to be of them. */
  #keys(before: string): readonly Proposal[] {
    const { schema } = this.#outline.scope;
    const of = (name: string, field: FieldDefinition, later: number): Proposal => (
      { label: before + name, kind: COMPLETION.field, detail: typeName(typeOfField(field)),
        doc: field.description, rank: (field.indexed ? RANK.fits : RANK.begins) + later });
    const keyed = schema.fields.filter(({ type, history }) =>
      type.kind !== 'geo' && type.kind !== 'money' && (before !== '' || history));
    return [
      ...shortNames(schema).filter(({ field }) => field.indexed).map(({ name, field }) => of(name, field, 0)),
      ...keyed.map((field) => of(field.path, field, 1)),
      ...(before === '' && this.#cursor.wanted === 'past key' ? this.#keys('this.') : []),
    ];
  }
}

const word = (label: string, detail: string): Proposal =>
  ({ label, kind: COMPLETION.keyword, detail, rank: RANK.fits });

const VALUELESS_NAMES: ReadonlySet<string> = new Set(VALUELESS.keys());
const AGGREGATES: ReadonlySet<string> = new Set(AGGREGATE_NAMES);

/** What an aggregate gives, where that does not depend on its value. */
const AGGREGATE_TYPES: ReadonlyMap<AggregateName, Type> = new Map([
  ...VALUELESS, ['distinct', { kind: 'int' }], ['histogram', { kind: 'histogram' }],
]);
