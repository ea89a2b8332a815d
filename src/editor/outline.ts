/**
 * What a document declares, as far as it can be read: names with their types and places, for a document that
 * need not compile.
 */
import type { EventSchema } from '#domain/field.ts';
import type { AggregateExpr, Expr } from '#expression/ast.ts';
import { checkExpression } from '#expression/check.ts';
import type { Scope } from '#expression/scope.ts';
import type { Type } from '#expression/type.ts';
import type { Param, Reference, Rule } from '#policy/compiled-policy.ts';
import { Findings, type Place } from '#policy/diagnostic.ts';
import type { DocumentNode, MapNode } from '#policy/document.ts';
import type { ListDeclaration } from '#policy/lists.ts';
import { parseUnfinishedDocument } from '#policy/parse-document.ts';
import { parseHead, POLICY_KEYS } from '#policy/parse-head.ts';
import { parseDefines, parseFeatures, parseLists, parseParams } from '#policy/parse-names.ts';
import { parseRules } from '#policy/parse-rules.ts';
import { PolicyScope } from '#policy/policy-scope.ts';
import { Shape } from '#policy/shape.ts';
import { declaredAt, type NameKind } from './role.ts';

export interface DeclaredName {
  readonly kind: NameKind;
  readonly name: string;
  readonly keyPlace: Place;
  readonly value: DocumentNode;
  /** Of what can stand in an expression and could be read. */
  readonly type: Type | undefined;
}

export interface Outline {
  readonly root: MapNode | undefined;
  readonly names: readonly DeclaredName[];
  readonly scope: Scope;
  readonly params: readonly Param[];
  readonly lists: readonly ListDeclaration[];
  readonly defines: ReadonlyMap<string, Expr>;
  readonly aggregates: ReadonlyMap<string, AggregateExpr>;
  /** Those that could be read; their `index` is their place in the document. */
  readonly rules: readonly Rule[];
  readonly references: ReadonlyMap<string, Reference>;
  readonly currency: string | undefined;
}

export function outlineOf(source: string, schema: EventSchema): Outline {
  const root = parseUnfinishedDocument(source);
  // What is wrong is the checker's to say; here it is only left out.
  const findings = new Findings();
  const shape = new Shape(findings);
  const scope = new PolicyScope(schema, findings, source);
  const entries = new Map(root?.entries.map((entry) => [entry.key, entry]));
  const node = (key: (typeof POLICY_KEYS)[number]): DocumentNode | undefined => entries.get(key)?.value;
  const empty: MapNode = { kind: 'map', entries: [], start: 0, end: 0 };
  const head = parseHead(root ?? empty, entries, schema, shape);
  const params = parseParams(node('params'), scope, shape);
  const lists = parseLists(node('lists'), scope, shape);
  const defines = parseDefines(node('define'), scope, shape);
  parseFeatures(node('features'), scope, shape);
  const aggregates = new Map(scope.features.flatMap(({ name }, i) => {
    const aggregate = scope.aggregates[i];
    return aggregate === undefined ? [] : [[name, aggregate] as const];
  }));
  const names = scope.names;
  return {
    root, scope: names, params, lists, defines, aggregates,
    names: declaredNames(root, names),
    rules: parseRules(node('rules'), head, scope, shape),
    references: head.references, currency: head.currency,
  };
}

function declaredNames(root: MapNode | undefined, scope: Scope): readonly DeclaredName[] {
  return (root?.entries ?? []).flatMap(({ key: section, value }) => {
    if (value.kind !== 'map') return [];
    return value.entries.flatMap((entry): readonly DeclaredName[] => {
      const kind = declaredAt([section, entry.key]);
      if (kind === undefined) return [];
      const { key: name, keyPlace } = entry;
      return [{ kind, name, keyPlace, value: entry.value, type: typeOfName(kind, name, scope) }];
    });
  });
}

function typeOfName(kind: NameKind, name: string, scope: Scope): Type | undefined {
  switch (kind) {
    case 'parameter': return scope.params.get(name)?.type;
    case 'feature': return scope.features.get(name)?.type;
    case 'list': return scope.lists.get(name)?.of;
    case 'define': return checkedDefine(name, scope)?.type;
    case 'rule': case 'reference': return undefined;
  }
}

/** The tree of a define by itself, with names resolved; undefined where it is wrong. */
export function checkedDefine(name: string, scope: Scope): Expr | undefined {
  const expr = scope.defines.get(name);
  const checked = expr && checkExpression(expr, withAggregates(scope));
  return checked !== undefined && 'expr' in checked ? checked.expr : undefined;
}

/** A scope in which an aggregate may stand, and leaves nothing behind. */
export const withAggregates = (scope: Scope): Scope =>
  ({ ...scope, onAggregate: ({ name }) => ({ name, index: 0 }) });
