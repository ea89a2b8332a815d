/**
 * Which types fit at the end of a half-typed expression. The parser completes it around a hole, and the
 * checker is asked of each type whether the smallest part around the hole stands with it: so the editor and
 * the compiler cannot disagree.
 */
import type { AggregateName, Expr } from '#expression/ast.ts';
import { BUILTINS, suits, type Param } from '#expression/builtins.ts';
import { checkExpression } from '#expression/check.ts';
import { parseExpression } from '#expression/parse.ts';
import type { Scope } from '#expression/scope.ts';
import { childrenOf, someNode } from '#expression/tree.ts';
import { isNumber, isOrdered, isQuantity, isText } from '#expression/type-rules.ts';
import type { Type } from '#expression/type.ts';
import type { Bracket, ExpressionCursor } from './expression-cursor.ts';
import { withAggregates } from './outline.ts';

/** A name that nobody gives: names of a policy begin with a letter. */
export const HOLE = '__hole__';

/** What the whole expression, or the part of it at the cursor, has to be. */
export type Expects = 'any' | 'condition' | 'text' | 'duration' | 'aggregate' | Param | AggregateName;

export interface Expected {
  /** Does a value of this type make the part around the cursor sound? */
  readonly fits: (type: Type) => boolean;
  /** Could it, with more written behind it: `card` before ` == "k1"`, a number before ` * limit`? */
  readonly mayBegin: (type: Type) => boolean;
  /** The values of the enum that it is compared with. */
  readonly words: readonly string[];
  /** The cursor is inside an aggregate: bare names are those of past events. */
  readonly row: 'current' | 'past';
  readonly locals: ReadonlyMap<string, Type>;
  readonly expects: Expects;
}

export function expectedAt(cursor: ExpressionCursor, scope: Scope, root: Expects): Expected | undefined {
  const parsed = parseExpression(`${cursor.before} ${HOLE}${closingOf(cursor)}`);
  return 'expr' in parsed ? new Part(pathToHole(parsed.expr), scope, root).expected() : undefined;
}

/** Is `before` followed by `written` sound so far? For operators. */
export function isSound(cursor: ExpressionCursor, scope: Scope, root: Expects, written: string): boolean {
  const parsed = parseExpression(`${cursor.before}${written}${closingOf(cursor)}`);
  if (!('expr' in parsed)) return false;
  if (!someNode(parsed.expr, isHole)) return 'expr' in checkExpression(parsed.expr, withAggregates(scope));
  const part = new Part(pathToHole(parsed.expr), scope, root);
  const expected = part.expected();
  return part.joinsConditions() && TYPES.some((type) => expected.fits(type) || expected.mayBegin(type));
}

const isHole = (node: Expr): boolean => node.kind === 'name' && node.name === HOLE;

function pathToHole(root: Expr): readonly Expr[] {
  const path = [root];
  for (let at: Expr | undefined = root; at !== undefined && !isHole(at);) {
    at = childrenOf(at).find((child) => someNode(child, isHole));
    if (at !== undefined) path.push(at);
  }
  return path;
}

/** What makes the text before the cursor and a value whole. */
function closingOf({ brackets, pending }: ExpressionCursor): string {
  const closed = brackets.toReversed().map(closingBracket).join('');
  const ended = pending.toReversed().map((word) => (word === 'let' ? '; true' : ' else unknown; true'));
  return closed + ended.join('');
}

function closingBracket({ kind, argument, clause, clauses }: Bracket): string {
  if (kind === 'set') return ']';
  if (kind === 'interval') return argument === 0 ? `, ${HOLE})` : ')';
  if (kind !== 'aggregate') return ')';
  const hasKey = clauses.has('by') || clauses.has('match');
  const hasWindow = ['over', 'last', 'tumbling'].some((word) => clauses.has(word));
  // `min` and `max` are aggregates by a clause only.
  if (clause === undefined && argument > 0) return ')';
  return `${hasKey ? '' : ' by card'}${hasWindow ? '' : ' over ever'})`;
}

/** One of each kind, for questions such as: does anything fit? */
const TYPES: readonly Type[] = [
  { kind: 'bool' }, { kind: 'int' }, { kind: 'decimal' }, { kind: 'ratio' }, { kind: 'string' },
  { kind: 'duration' }, { kind: 'period' }, { kind: 'instant' }, { kind: 'date' }, { kind: 'clock' },
  { kind: 'geo' }, { kind: 'distance' }, { kind: 'speed' }, { kind: 'histogram' },
  { kind: 'money', currency: 'EUR' }, { kind: 'money', currency: 'USD' },
];

interface Place {
  readonly expects: Expects;
  readonly row: 'current' | 'past';
  readonly lets: readonly { readonly name: string; readonly value: Expr }[];
}

/** The smallest part of an expression around its hole that has a type of its own to meet. */
class Part {
  readonly #path: readonly Expr[];
  readonly #scope: Scope;
  readonly #from: number;
  readonly #place: Place;
  readonly #known = new Map<string, boolean>();

  constructor(path: readonly Expr[], scope: Scope, root: Expects) {
    this.#path = path;
    this.#scope = scope;
    let place: Place = { expects: root, row: 'current', lets: [] };
    let from = 0;
    for (let i = 0; i + 1 < path.length; i++) {
      const [node, child] = [path[i], path[i + 1]];
      const next = node && child && placeInside(node, child, place);
      if (next === undefined) continue;
      place = next;
      from = i + 1;
    }
    this.#place = place;
    this.#from = from;
  }

  expected(): Expected {
    const { expects, row } = this.#place;
    return {
      fits: (type) => this.#fits(type), mayBegin: (type) => this.#mayBegin(type),
      words: this.#words(), row, locals: this.#locals(), expects,
    };
  }

  /** Where the hole stands behind `and` or `or`: is what stands before it a condition? */
  joinsConditions(): boolean {
    let left = this.#path.at(-2);
    if (!isJoint(left)) return true;
    for (left = left.left; isJoint(left);) left = left.right;
    return this.#typeOf(left, { kind: 'bool' })?.kind === 'bool';
  }

  get #isBare(): boolean {
    return this.#from === this.#path.length - 1;
  }

  #fits(type: Type): boolean {
    const key = JSON.stringify(type);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const found = this.#typeOf(this.#path[this.#from], type);
    const sound = found !== undefined && satisfies(found, this.#place.expects);
    this.#known.set(key, sound);
    return sound;
  }

  #mayBegin(type: Type): boolean {
    if (this.#place.expects === 'condition' && this.#isBare) return true;
    if (isNumber(type)) return TYPES.some((one) => isQuantity(one) && this.#fits(one));
    // `age(x)`: the argument is a name or a call, and hardly ever a sum.
    return false;
  }

  /** The type of a part with the hole of this type, and the names of `let` before it known. */
  #typeOf(part: Expr | undefined, hole: Type): Type | undefined {
    if (part === undefined) return undefined;
    const { row, lets } = this.#place;
    const whole = lets.reduceRight<Expr>(
      (body, { name, value }) => ({ kind: 'let', name, value, body, span: body.span }), part);
    const scope = row === 'past' ? { ...this.#scope, row } : withAggregates(this.#scope);
    const params = new Map(scope.params).set(HOLE, { index: 0, type: hole });
    const checked = checkExpression(whole, { ...scope, params });
    return 'expr' in checked ? checked.expr.type : undefined;
  }

  #words(): readonly string[] {
    const parent = this.#isBare ? undefined : this.#path.at(-2);
    const hole = this.#path.at(-1);
    const beside = parent?.kind === 'in' ? parent.value
      : parent?.kind === 'binary' ? (parent.left === hole ? parent.right : parent.left) : undefined;
    const type = beside && this.#typeOf(beside, { kind: 'bool' });
    return type?.kind === 'enum' ? type.values : [];
  }

  #locals(): ReadonlyMap<string, Type> {
    const { lets, row } = this.#place;
    if (row === 'past') return new Map();
    return new Map(lets.flatMap(({ name }) => {
      const type = this.#typeOf({ kind: 'name', name, current: false, span: { start: 0, end: 0 } },
        { kind: 'bool' });
      return type === undefined ? [] : [[name, type] as const];
    }));
  }
}

type Joint = Extract<Expr, { kind: 'binary' }>;

const isJoint = (expr: Expr | undefined): expr is Joint =>
  expr?.kind === 'binary' && (expr.op === 'and' || expr.op === 'or');

/** What a child has to be, where the node says so whatever stands beside it. */
function placeInside(node: Expr, child: Expr, place: Place): Place | undefined {
  switch (node.kind) {
    case 'binary': return isJoint(node) ? { ...place, expects: 'condition' } : undefined;
    case 'unary': return node.op === 'not' ? { ...place, expects: 'condition' } : undefined;
    case 'let':
      return node.value === child ? { ...place, expects: 'any' } : { ...place, lets: [...place.lets, node] };
    case 'require': return node.condition === child ? { ...place, expects: 'condition' } : place;
    case 'aggregate': {
      const { name, value } = node.aggregate;
      return { expects: value === child ? name : 'condition', row: 'past', lets: [] };
    }
    case 'call': {
      const params = BUILTINS.get(node.name)?.params ?? [];
      return { ...place, expects: params[node.args.indexOf(child)] ?? params.at(-1) ?? 'any' };
    }
    case 'in': case 'convert': case 'literal': case 'name': case 'field': case 'feature': case 'param':
    case 'local':
      return undefined;
  }
}

const ADDED: ReadonlySet<Type['kind']> = new Set(['int', 'duration']);

function satisfies(type: Type, expects: Expects): boolean {
  const isKnownMoney = type.kind === 'money' && type.currency !== null;
  switch (expects) {
    case 'any': case 'distinct': case 'first': case 'last': return true;
    case 'condition': return type.kind === 'bool';
    case 'text': return isText(type);
    case 'duration': return type.kind === 'duration';
    case 'sum': case 'avg': case 'stddev': return isKnownMoney || ADDED.has(type.kind);
    case 'min': case 'max': return isOrdered(type);
    case 'histogram': return type.kind === 'int';
    case 'aggregate': case 'count': case 'exists': case 'time_since_last': case 'first_seen': return false;
    case 'instant': case 'zone': case 'location': case 'entity': case 'distribution': case 'amount':
    case 'whole amount': case 'number or quantity': case 'ordered': case 'text literal':
    case 'whole literal': case 'ratio literal': case 'duration literal':
      return suits(type, expects);
  }
}
