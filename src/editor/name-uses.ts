/** Where the names of a document stand: where they are declared, and where they are used. */
import type { Expr } from '#expression/ast.ts';
import { tokensOf } from '#expression/lex.ts';
import { parseExpression } from '#expression/parse.ts';
import { childrenOf } from '#expression/tree.ts';
import type { Place } from '#policy/diagnostic.ts';
import { offsetInScalar, type ScalarNode } from '#policy/document.ts';
import { stretchesIn } from '#policy/reason-text.ts';
import { untilIn } from '#policy/parse-then.ts';
import type { PathPart } from './cursor-place.ts';
import { keysIn, scalarsIn } from './node-place.ts';
import type { Outline } from './outline.ts';
import { matches, roleAt, type NameKind, type Role } from './role.ts';

export interface NameUse extends Place {
  readonly kind: NameKind | 'field' | 'function';
  readonly name: string;
}

export interface Uses {
  readonly uses: readonly NameUse[];
  /** Names that some expression gives by `let`: they would hide another of that name there. */
  readonly locals: ReadonlySet<string>;
  /** Expressions that cannot be read: what stands in them is not known. */
  readonly unread: readonly Place[];
}

/** A stretch of a scalar's text that is an expression. */
interface Stretch { readonly from: number; readonly text: string }

export function usesIn(source: string, outline: Outline): Uses {
  const uses: NameUse[] = [];
  const unread: Place[] = [];
  const locals = new Set<string>();
  for (const { path, node } of scalarsIn(outline.root)) {
    const role = roleAt(path);
    if (role.kind === 'name') uses.push({ kind: role.of, name: node.text, ...insideQuotes(node) });
    else if (role.kind === 'entity') uses.push({ kind: 'field', name: node.text, ...insideQuotes(node) });
    for (const stretch of expressionsIn(role, node)) {
      const names = namesIn(stretch.text, outline, locals);
      if (names === undefined) unread.push({ start: node.start, end: node.end });
      for (const { kind, name, start, end } of names ?? []) {
        const at = (index: number): number => offsetInScalar(source, node, stretch.from + index);
        uses.push({ kind, name, start: at(start), end: at(end - 1) + 1 });
      }
    }
  }
  for (const { path, entry } of keysIn(outline.root)) {
    const kind = keyKind(path, outline);
    if (kind !== undefined) uses.push({ kind, name: entry.key, ...entry.keyPlace });
  }
  return { uses, locals, unread };
}

const insideQuotes = ({ style, start, end }: ScalarNode): Place =>
  (style === 'quoted' ? { start: start + 1, end: end - 1 } : { start, end });

/** What a key outside of the declarations names: a rule or feature a test expects, a list it fills. */
function keyKind(path: readonly PathPart[], outline: Outline): NameKind | 'field' | undefined {
  const name = path.at(-1);
  if (matches(path, 'tests.#.lists.*')) return 'list';
  if (matches(path, 'tests.#.given.#.expect.*')) {
    return outline.names.some((one) => one.kind === 'feature' && one.name === name) ? 'feature' : 'rule';
  }
  return matches(path, 'tests.#.given.#.*') ? 'field' : undefined;
}

function expressionsIn(role: Role, { text }: ScalarNode): readonly Stretch[] {
  switch (role.kind) {
    case 'condition': case 'define': case 'feature': case 'textual': return [{ from: 0, text }];
    case 'lasting': return [untilIn(text) ?? { from: 0, text }];
    case 'reason': return stretchesIn(text);
    case 'value': case 'name': case 'entity': case 'field': case 'expectation': case 'word':
      return [];
  }
}

/** Undefined where the text is no expression. Names of `let` go into `locals`. */
function namesIn(text: string, outline: Outline, locals: Set<string>): readonly NameUse[] | undefined {
  const parsed = parseExpression(text);
  if (!('expr' in parsed)) return undefined;
  const found: NameUse[] = [];
  const kinds = new Map(outline.names.map(({ name, kind }) => [name, kind] as const)
    .filter(([, kind]) => kind === 'parameter' || kind === 'define' || kind === 'feature'));
  const visit = (expr: Expr): void => {
    if (expr.kind === 'name' && expr.name !== 'this') {
      // `this.` is part of the span and not of the name; the key of `by` stands twice in the tree.
      const start = expr.span.end - expr.name.length;
      const kind = expr.current ? 'field' : kinds.get(expr.name) ?? 'field';
      found.push({ kind, name: expr.name, start, end: expr.span.end });
    }
    if (expr.kind === 'let') locals.add(expr.name);
    if (expr.kind === 'call') {
      const { start } = expr.span;
      found.push({ kind: 'function', name: expr.name, start, end: start + expr.name.length });
    }
    if (expr.kind === 'aggregate') {
      const { span: { start }, aggregate } = expr;
      const name = `${aggregate.prior ? 'prior_' : ''}${aggregate.name}`;
      found.push({ kind: 'function', name, start, end: start + name.length });
    }
    for (const child of childrenOf(expr)) visit(child);
  };
  visit(parsed.expr);
  const once = new Map([...found, ...listsIn(text)].map((use) => [`${use.start} ${use.kind}`, use]));
  return [...once.values()];
}

/** `list("name")` has no node for its name. */
function listsIn(text: string): readonly NameUse[] {
  const tokens = tokensOf(text);
  return tokens.flatMap((token, i): readonly NameUse[] => {
    const [word, bracket] = [tokens[i - 2], tokens[i - 1]];
    if (token.kind !== 'literal' || typeof token.value !== 'string') return [];
    if (word?.kind !== 'name' || word.text !== 'list' || bracket?.kind !== 'operator') return [];
    return [{ kind: 'list', name: token.value, start: token.span.start + 1, end: token.span.end - 1 }];
  });
}
