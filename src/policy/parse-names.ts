/** The named parts that rules are written with: parameters, lists, defines and features, in that order. */
import { parseDate } from '#domain/instant.ts';
import { ENTITY_KINDS } from '#domain/field.ts';
import { LIMITS } from '#domain/limits.ts';
import type { Expr } from '#expression/ast.ts';
import { typeOf } from '#expression/tree.ts';
import { INT, STRING, isText, joined, typeName } from '#expression/type-rules.ts';
import type { Type } from '#expression/type.ts';
import type { Param, ParamValue } from './compiled-policy.ts';
import type { DocumentNode, MapEntry, ScalarNode } from './document.ts';
import type { ListDeclaration } from './lists.ts';
import { parseReviewers } from './parse-head.ts';
import { written, type PolicyScope } from './policy-scope.ts';
import { parseSpan } from './parse-value.ts';
import type { Shape } from './shape.ts';
import { nodesOf } from './walk.ts';

const DAY_MS = 86_400_000;

export function parseParams(node: DocumentNode | undefined, scope: PolicyScope,
  shape: Shape): readonly Param[] {
  const map = node === undefined ? undefined : shape.anyMap(node, '`params`');
  const params: Param[] = [];
  for (const entry of map?.entries ?? []) {
    if (!scope.freeName(entry.key, entry.keyPlace, 'a parameter')) continue;
    const value = new ParamReader(scope, shape, entry.key).value(entry.value);
    const type = value === undefined ? undefined : commonType(entry, value, shape);
    if (value === undefined || type === undefined) continue;
    params.push({ name: entry.key, type, value });
    scope.addParam(entry.key, type);
  }
  return params;
}

function paramValues(value: ParamValue): readonly Expr[] {
  switch (value.kind) {
    case 'fixed': return [value.value];
    case 'cases': return [...value.cases.values(), value.otherwise];
    case 'dated': return value.values.map((dated) => dated.value);
  }
}

function commonType(entry: MapEntry, value: ParamValue, shape: Shape): Type | undefined {
  const types = paramValues(value).map(typeOf);
  let common = types[0];
  for (const type of types) {
    const next = common && joined(common, type);
    if (next === undefined) {
      shape.findings.report('P202', entry.keyPlace,
        `\`${entry.key}\` is ${typeName(common ?? type)} in one place and ${typeName(type)} in another`,
        'Write all values of a parameter in one unit.');
      return undefined;
    }
    common = next;
  }
  return common;
}

class ParamReader {
  readonly #scope: PolicyScope;
  readonly #shape: Shape;
  readonly #name: string;

  constructor(scope: PolicyScope, shape: Shape, name: string) {
    this.#scope = scope;
    this.#shape = shape;
    this.#name = name;
  }

  value(node: DocumentNode): ParamValue | undefined {
    if (node.kind === 'map') return this.#cases(node);
    if (node.kind === 'list') return this.#dated(node.items);
    const value = this.#literal(node);
    return value && { kind: 'fixed', value };
  }

  #literal(node: DocumentNode): Expr | undefined {
    const scalar = this.#shape.scalar(node, `parameter \`${this.#name}\``);
    if (scalar === undefined) return undefined;
    // A quoted text is a text; in an expression it would need a second pair of quotes.
    const text = scalar.style === 'quoted' &&
      !scalar.text.startsWith('"') ? JSON.stringify(scalar.text) : scalar.text;
    const expr = this.#scope.expression({ node: scalar, from: text === scalar.text ? 0 : -1, text });
    if (expr === undefined) return undefined;
    const fixed = expr.kind === 'literal' || (expr.kind === 'unary' && expr.operand.kind === 'literal');
    const { kind } = typeOf(expr);
    if (fixed && kind !== 'period' && kind !== 'list') return expr;
    this.#shape.findings.report('P201', scalar, `parameter \`${this.#name}\` is not a fixed value`,
      'A parameter is one value, such as `10_000 USD`; what is computed belongs under `define`.');
    return undefined;
  }

  #cases(node: DocumentNode): ParamValue | undefined {
    const shape = this.#shape;
    const what = `parameter \`${this.#name}\``;
    const entries = shape.map(node, ['by', 'cases', 'otherwise'], what);
    const [by, cases, otherwise] = ['by', 'cases', 'otherwise'].map((key) => {
      const entry = entries?.get(key);
      if (entries !== undefined && entry === undefined) shape.missing(node, key, what);
      return entry?.value;
    });
    const scalar = by && shape.scalar(by, '`by`');
    const map = cases && shape.anyMap(cases, '`cases`');
    const rest = otherwise && this.#literal(otherwise);
    const key = scalar && this.#textField(scalar);
    if (map === undefined || rest === undefined || key === undefined) return undefined;
    const type = typeOf(key);
    const values = new Map<string, Expr>();
    for (const entry of map.entries) {
      if (type.kind === 'enum' && !type.values.includes(entry.key)) {
        shape.findings.report('P104', entry.keyPlace,
          `\`${entry.key}\` is never a value of ${scalar?.text}: it is ${typeName(type)}`);
      }
      const value = this.#literal(entry.value);
      if (value !== undefined) values.set(entry.key, value);
    }
    return { kind: 'cases', by: key, cases: values, otherwise: rest };
  }

  #textField(scalar: ScalarNode): Expr | undefined {
    const expr = this.#scope.expression(written(scalar));
    if (expr === undefined || isText(typeOf(expr))) return expr;
    this.#shape.findings.report('P204', scalar,
      `cases are told apart by a text; this is ${typeName(typeOf(expr))}`,
      'Write a field such as `debtor.segment`.');
    return undefined;
  }

  #dated(items: readonly DocumentNode[]): ParamValue | undefined {
    const shape = this.#shape;
    const what = `a dated value of \`${this.#name}\``;
    const values: { fromMs: number; value: Expr }[] = [];
    for (const item of items) {
      const entries = shape.map(item, ['from', 'is'], what);
      const [from, is] = [entries?.get('from'), entries?.get('is')];
      if (entries === undefined) continue;
      if (from === undefined || is === undefined) {
        shape.missing(item, from === undefined ? 'from' : 'is', what);
        continue;
      }
      const scalar = shape.scalar(from.value, '`from`');
      const value = this.#literal(is.value);
      const days = scalar && parseDate(scalar.text);
      if (scalar !== undefined && days === undefined) {
        shape.findings.report('P106', scalar, `\`${scalar.text}\` is not a date such as 2026-04-01`,
          'It starts at 00:00 UTC of that day.');
      } else if (days !== undefined && (values.at(-1)?.fromMs ?? -Infinity) >= days * DAY_MS) {
        shape.findings.report(
          'P205', item, `the values of \`${this.#name}\` are not in the order of their dates`,
          'Write the oldest first.');
      } else if (days !== undefined && value !== undefined) values.push({ fromMs: days * DAY_MS, value });
    }
    if (values.length > 0 || shape.findings.hasErrors) return values.length > 0 ? { kind: 'dated', values }
      : undefined;
    return undefined;
  }
}

const LIST_OF = ['string', 'int', ...ENTITY_KINDS] as const;

export function parseLists(node: DocumentNode | undefined, scope: PolicyScope,
  shape: Shape): readonly ListDeclaration[] {
  const map = node === undefined ? undefined : shape.anyMap(node, '`lists`');
  const lists: ListDeclaration[] = [];
  for (const { key, keyPlace, value } of map?.entries ?? []) {
    if (!/^[a-z][a-z0-9_]*$/.test(key)) {
      shape.findings.report('P105', keyPlace, `\`${key}\` cannot be the name of a list`,
        'Small letters, digits and `_`, a letter first.');
    }
    const list = parseList(key, value, shape);
    if (list === undefined) continue;
    scope.places.set(`list:${key}`, keyPlace);
    scope.addList(key, list.of);
    lists.push(list);
  }
  return lists;
}

const LIST_KEYS = ['of', 'values', 'managed', 'validity', 'review_every', 'reviewers'] as const;

function parseList(name: string, node: DocumentNode, shape: Shape): ListDeclaration | undefined {
  const what = `list ${name}`;
  const entries = shape.map(node, LIST_KEYS, what);
  if (entries === undefined) return undefined;
  const [ofEntry, values, managed, validity, review, reviewers] = LIST_KEYS.map((key) => entries.get(key));
  if (ofEntry === undefined) shape.missing(
    node, 'of', what, 'Add `of: string`, or the kind of entity it lists.');
  const word = (ofEntry && shape.word(ofEntry.value, LIST_OF, 'what it is a list of')) ?? 'string';
  const of: Type = word === 'string' ? STRING : word === 'int' ? INT : { kind: 'entity', entity: word };
  const isManaged = managed !== undefined && shape.flag(managed.value, '`managed`');
  if (isManaged === (values !== undefined)) {
    shape.findings.report('P103', { start: node.start, end: node.start + 1 },
      isManaged ? `${what} has values and is managed` : `${what} has no values and is not managed`,
      'Write `values: [...]` here, or `managed: true` for a list that is published apart.');
  }
  if (review !== undefined && parseSpan(shape.text(review.value, '`review_every`') ?? '1d') === undefined) {
    shape.findings.report('P106', review.value, '`review_every` is a duration such as 90d');
  }
  const kept = (validity && shape.word(validity.value, ['true', 'false', 'required'], '`validity`')) ??
    'false';
  const declared = {
    name, of, validity: kept === 'true' ? 'optional' : kept === 'required' ? 'required' : 'none',
    ...(reviewers === undefined ? {} : { reviewers: parseReviewers(reviewers.value, shape) }),
  } as const;
  return values === undefined ? declared
    : { ...declared, values: parseEntries(values.value, of, name, shape) };
}

function parseEntries(node: DocumentNode, of: Type, name: string, shape: Shape): readonly (
  string | number)[] {
  const items = shape.list(node, `the values of list ${name}`)?.items ?? [];
  if (items.length > LIMITS.inlineListEntryCountMax) {
    shape.findings.report('P108', { start: node.start, end: node.start + 1 },
      `list ${name} has ${items.length} values; the limit in a document is ${LIMITS.inlineListEntryCountMax}`,
      'Write `managed: true` and publish the entries apart.');
    return [];
  }
  return items.flatMap((item): readonly (string | number)[] => {
    const scalar = shape.scalar(item, `a value of list ${name}`);
    if (scalar === undefined) return [];
    if (of.kind !== 'int') return [scalar.text];
    if (/^-?\d{1,15}$/.test(scalar.text)) return [Number(scalar.text)];
    shape.findings.report('P106', scalar, `\`${scalar.text}\` is not a whole number`);
    return [];
  });
}

/**
 * Named conditions and values. Each is checked once by itself, so that a mistake is shown where it stands.
 */
export function parseDefines(node: DocumentNode | undefined, scope: PolicyScope,
  shape: Shape): ReadonlyMap<string, Expr> {
  const map = node === undefined ? undefined : shape.anyMap(node, '`define`');
  const defines = new Map<string, Expr>();
  for (const { key, keyPlace, value } of map?.entries ?? []) {
    const scalar = shape.scalar(value, `define \`${key}\``);
    if (scalar === undefined || !scope.freeName(key, keyPlace, 'a define')) continue;
    const expr = scope.parse(written(scalar));
    if (expr === undefined) continue;
    scope.addDefine(key, expr);
    defines.set(key, expr);
  }
  return defines;
}

export function parseFeatures(node: DocumentNode | undefined, scope: PolicyScope, shape: Shape): void {
  const map = node === undefined ? undefined : shape.anyMap(node, '`features`');
  for (const { key, keyPlace, value } of map?.entries ?? []) {
    const scalar = shape.scalar(value, `feature \`${key}\``);
    if (scalar === undefined || !scope.freeName(key, keyPlace, 'a feature')) continue;
    scope.feature(key, written(scalar));
  }
}

/** Does anything in it depend on the payment? */
export function isConstant(expr: Expr): boolean {
  for (const node of nodesOf(expr)) {
    if (node.kind === 'field' || node.kind === 'feature' || node.kind === 'call') return false;
  }
  return true;
}
