/** Completion at a place of the document: keys, words, names, fields of a test, and expressions. */
import { EVENT_TYPES, fieldNamed, shortNames } from '#domain/field.ts';
import { OUTCOMES } from '#domain/outcome.ts';
import { typeName, typeOfField } from '#expression/type-rules.ts';
import { EXPECTATION_WORDS } from '#policy/parse-rules.ts';
import { EXPECTED_ANSWERS } from '#policy/policy-test.ts';
import type { JsonSchema } from '#policy/policy-json-schema.ts';
import { completeExpression, type ExpressionCompletion } from './complete-expression.ts';
import { cursorPlace, type CursorPlace, type PathPart } from './cursor-place.ts';
import type { Expects } from './expected-type.ts';
import { keysAt } from './node-place.ts';
import type { Outline } from './outline.ts';
import type { Proposal } from './proposal.ts';
import { COMPLETION } from './protocol.ts';
import { matches, roleAt, type NameKind, type Role } from './role.ts';
import { schemaPlace } from './schema-place.ts';

export interface DocumentCompletion extends ExpressionCompletion {
  readonly style: CursorPlace['style'];
}

const NOTHING: DocumentCompletion = { proposals: [], word: '', style: 'plain' };

export function completeDocument(source: string, offset: number, outline: Outline,
  schema: JsonSchema): DocumentCompletion {
  const place = cursorPlace(source, offset);
  if (place === undefined) return NOTHING;
  const found = new Completer(place, outline, schema).complete();
  // `min` and `max` are functions and aggregates: the better one is offered.
  const once = new Map(found.proposals.toSorted((a, b) => b.rank - a.rank).map((one) => [one.label, one]));
  return { ...found, proposals: found.proposals.filter((one) => once.get(one.label) === one),
    style: place.style };
}

const ROOTS: Readonly<Partial<Record<Role['kind'], Expects>>> = {
  condition: 'condition', define: 'any', feature: 'aggregate', textual: 'text',
};

class Completer {
  readonly #place: CursorPlace;
  readonly #outline: Outline;
  readonly #schema: JsonSchema;

  constructor(place: CursorPlace, outline: Outline, schema: JsonSchema) {
    this.#place = place;
    this.#outline = outline;
    this.#schema = schema;
  }

  complete(): ExpressionCompletion {
    const { kind, path, typed } = this.#place;
    if (kind === 'value') return this.#value(roleAt(path), typed);
    const keys = this.#keys(path);
    // A word on a line of its own may be the value of the key above.
    if (keys.length === 0) return this.#value(roleAt(path), typed);
    return { proposals: keys, word: typed };
  }

  #value(role: Role, raw: string): ExpressionCompletion {
    const typed = unescaped(raw, this.#place.style);
    const root = ROOTS[role.kind];
    if (root !== undefined) return completeExpression(typed, root, this.#outline);
    switch (role.kind) {
      case 'lasting': return this.#lasting(typed);
      case 'reason': return this.#reason(typed);
      case 'name': return { proposals: this.#names(role.of), word: typed };
      case 'entity': return { proposals: this.#entities(), word: typed };
      case 'field': return { proposals: this.#fieldValues(role.path), word: typed };
      case 'expectation': return { proposals: this.#answers(role.of), word: typed };
      case 'word': case 'value': return { proposals: this.#words(), word: typed };
      case 'condition': case 'define': case 'feature': case 'textual':
        return { proposals: [], word: '' };
    }
  }

  #lasting(typed: string): ExpressionCompletion {
    const until = /^\s*until\(/.exec(typed);
    if (until !== null) return completeExpression(typed.slice(until[0].length), 'instant', this.#outline);
    const found = completeExpression(typed, 'duration', this.#outline);
    if (typed.trim() !== found.word.trim()) return found;
    const offered: Proposal = { label: 'until', insert: 'until(', kind: COMPLETION.function,
      detail: 'until(instant)', rank: 0 };
    const spans = ['30m', '1h', '24h', '7d'].map((label): Proposal =>
      ({ label, kind: COMPLETION.unit, rank: 0 }));
    return { proposals: [...spans, offered, ...found.proposals], word: found.word };
  }

  /** Expressions stand in braces; `{{` is a brace. */
  #reason(typed: string): ExpressionCompletion {
    const open = typed.replaceAll('{{', '  ').lastIndexOf('{');
    if (open === -1 || typed.includes('}', open)) return { proposals: [], word: '' };
    return completeExpression(typed.slice(open + 1), 'any', this.#outline);
  }

  #names(of: NameKind): readonly Proposal[] {
    return this.#outline.names.filter(({ kind }) => kind === of).map(({ name }) => {
      const detail = of === 'rule' ? this.#outline.rules.find(({ id }) => id === name)?.title
        : this.#outline.references.get(name)?.text;
      const offered = { label: name, kind: COMPLETION.reference, rank: 0 };
      return detail === undefined ? offered : { ...offered, detail };
    });
  }

  /** The short name of each kind of entity first. */
  #entities(): readonly Proposal[] {
    const { schema } = this.#outline.scope;
    const shorts = shortNames(schema).filter(({ field }) => field.indexed)
      .map(({ name, field }) => ({ label: name, field, rank: 0 }));
    const full = schema.fields.filter(({ indexed }) => indexed)
      .map((field) => ({ label: field.path, field, rank: 1 }));
    return [...shorts, ...full].map(({ label, field, rank }) =>
      ({ label, rank, kind: COMPLETION.field, detail: typeName(typeOfField(field)) }));
  }

  #words(): readonly Proposal[] {
    const { words } = schemaPlace(this.#schema, this.#place.path);
    return [...new Set(words)].map((label, i) =>
      ({ label, kind: COMPLETION.enumMember, rank: i / 1_000 }));
  }

  #fieldValues(key: string): readonly Proposal[] {
    const { schema } = this.#outline.scope;
    if (key === 'event') {
      return words(EVENT_TYPES.filter((type) => type !== 'fact' && type !== 'transaction'));
    }
    const field = fieldNamed(schema, key);
    const type = field && typeOfField(field);
    return type?.kind === 'enum' ? words(type.values) : type?.kind === 'bool' ? words(['true', 'false']) : [];
  }

  #answers(of: string): readonly Proposal[] {
    const { names } = this.#outline;
    if (names.some(({ kind, name }) => kind === 'rule' && name === of)) return words(EXPECTED_ANSWERS);
    if (of === 'outcome' || of === 'fraud' || of === 'aml') return words(OUTCOMES);
    const feature = names.some(({ kind, name }) => kind === 'feature' && name === of);
    return feature ? words(['missing']) : [];
  }

  #keys(path: readonly PathPart[]): readonly Proposal[] {
    const { root, scope } = this.#outline;
    const { keys } = schemaPlace(this.#schema, path);
    const offered = [...keys].map(([label, { description, isNested }], i): Proposal => ({
      label, insert: isNested && path.length === 0 ? `${label}:` : `${label}: `,
      kind: COMPLETION.property, doc: description, rank: i / 1_000 }));
    const more = matches(path, 'tests.#.given.#.expect') ? this.#expectations()
      : matches(path, 'tests.#.lists') ? this.#managedLists() : [];
    const taken = keysAt(root, path);
    const aliases = new Map([...scope.schema.aliases].map(([name, of]) => [of, name]));
    return [...offered, ...more].filter(({ label }) => label === this.#place.typed
      || (!taken.has(label) && !taken.has(aliases.get(label) ?? '')));
  }

  #expectations(): readonly Proposal[] {
    const { names } = this.#outline;
    const of = (kind: NameKind, rank: number): readonly Proposal[] => names
      .filter((one) => one.kind === kind).map(({ name }) => (
        { label: name, insert: `${name}: `, kind: COMPLETION.reference, detail: kind, rank }));
    const fixed = EXPECTATION_WORDS.map((label): Proposal =>
      ({ label, insert: `${label}: `, kind: COMPLETION.property, rank: 1 }));
    return [...of('rule', 0), ...fixed, ...of('feature', 2)];
  }

  #managedLists(): readonly Proposal[] {
    return this.#outline.lists.filter(({ values }) => values === undefined).map(({ name }) => (
      { label: name, insert: `${name}: `, kind: COMPLETION.module, rank: 0 }));
  }
}

const words = (all: readonly string[]): readonly Proposal[] =>
  all.map((label, i) => ({ label, kind: COMPLETION.enumMember, rank: i / 1_000 }));

/** The text that quotes of the document stand for, as far as expressions need it. */
function unescaped(typed: string, style: CursorPlace['style']): string {
  if (style === '"') return typed.replaceAll(/\\(.)/g, '$1');
  return style === "'" ? typed.replaceAll("''", "'") : typed;
}
