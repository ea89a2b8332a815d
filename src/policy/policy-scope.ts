/** What names mean in one policy, and the door through which every expression of the document is read. */
import type { EventSchema } from '#domain/field.ts';
import { LIMITS } from '#domain/limits.ts';
import type { AggregateExpr, Expr } from '#expression/ast.ts';
import { checkExpression } from '#expression/check.ts';
import type { Diagnostic } from '#expression/diagnostic.ts';
import { parseExpression } from '#expression/parse.ts';
import { printAggregate } from '#expression/print.ts';
import type { Scope } from '#expression/scope.ts';
import { typeOf } from '#expression/tree.ts';
import { typeName } from '#expression/type-rules.ts';
import type { Type } from '#expression/type.ts';
import type { FeatureDefinition } from '#features/definition.ts';
import { featureDefinition } from './feature-definition.ts';
import type { Findings, Place } from './diagnostic.ts';
import { offsetInScalar, type ScalarNode } from './document.ts';
import { namesIn } from './walk.ts';

/**
 * A stretch of a scalar that holds an expression: all of it, or what stands between braces in a reason
 * text.
 */
export interface Written {
  readonly node: ScalarNode;
  readonly from: number;
  readonly text: string;
}

export const written = (node: ScalarNode): Written => ({ node, from: 0, text: node.text });

const NAME = /^[a-z][a-z0-9_]*$/;

export class PolicyScope {
  readonly schema: EventSchema;
  readonly #findings: Findings;
  readonly #source: string;
  readonly #params = new Map<string, { index: number; type: Type }>();
  readonly #lists = new Map<string, { index: number; of: Type }>();
  readonly #defines = new Map<string, Expr>();
  readonly #declared = new Map<string, { index: number; type: Type }>();
  readonly #byText = new Map<string, number>();
  readonly features: FeatureDefinition[] = [];
  readonly aggregates: AggregateExpr[] = [];
  /** Names of parameters, features and defines that some expression uses; lists as `list:name`. */
  readonly used = new Set<string>();
  readonly places = new Map<string, Place>();

  constructor(schema: EventSchema, findings: Findings, source: string) {
    this.schema = schema;
    this.#findings = findings;
    this.#source = source;
  }

  addParam(name: string, type: Type): void {
    this.#params.set(name, { index: this.#params.size, type });
  }

  addList(name: string, of: Type): void {
    this.#lists.set(name, { index: this.#lists.size, of });
  }

  addDefine(name: string, expr: Expr): void {
    this.#defines.set(name, expr);
  }

  /** May this be a name in expressions? Otherwise reports why not. */
  freeName(name: string, place: Place, what: string): boolean {
    const parsed = NAME.test(name) ? parseExpression(name) : undefined;
    if (parsed === undefined || !('expr' in parsed) || parsed.expr.kind !== 'name') {
      this.#findings.report('P105', place, `\`${name}\` cannot be the name of ${what}`,
        parsed === undefined ? 'Small letters, digits and `_`, a letter first.'
          : 'It is a word of the language; choose another.');
      return false;
    }
    const taken = this.#takenBy(name);
    if (taken === undefined) {
      this.places.set(name, place);
      return true;
    }
    this.#findings.report('P107', place, `\`${name}\` is already the name of ${taken}`,
      'Choose another name.');
    return false;
  }

  #takenBy(name: string): string | undefined {
    if (this.schema.byPath.has(name) || this.schema.aliases.has(name)) return 'a field of the event';
    if (this.#params.has(name)) return 'a parameter';
    if (this.#defines.has(name)) return 'a define';
    if (this.#declared.has(name)) return 'a feature';
    return undefined;
  }

  get declaredNames(): readonly string[] {
    return [...this.#declared.keys()];
  }

  /** What names mean in a rule, for an editor that checks parts of expressions. */
  get names(): Scope {
    return {
      schema: this.schema, row: 'current', features: this.#declared, params: this.#params,
      lists: this.#lists, defines: this.#defines,
    };
  }

  get listNames(): readonly string[] {
    return [...this.#lists.keys()];
  }

  indexOfFeature(name: string): number | undefined {
    return this.#declared.get(name)?.index;
  }

  parse(at: Written): Expr | undefined {
    const parsed = parseExpression(at.text);
    if ('expr' in parsed) return parsed.expr;
    this.#reportAll(parsed.errors, at);
    return undefined;
  }

  /** Reads and checks; what is wrong is reported at its place in the document. */
  expression(at: Written): Expr | undefined {
    const parsed = this.parse(at);
    return parsed === undefined ? undefined : this.check(parsed, at);
  }

  check(parsed: Expr, at: Written): Expr | undefined {
    return this.#check(parsed, at, (aggregate, type) => this.#lift(aggregate, type, at));
  }

  /** As `check`, but aggregates leave no feature behind: for what no rule uses. */
  checkAlone(parsed: Expr, at: Written): void {
    this.#checkIn(parsed, at, (aggregate) => ({ name: printAggregate(aggregate), index: 0 }));
  }

  /** An expression whose type must be one of `kinds`. */
  expressionOf(at: Written, kinds: readonly Type['kind'][], what: string): Expr | undefined {
    const expr = this.expression(at);
    if (expr === undefined) return undefined;
    const type = typeOf(expr);
    if (kinds.includes(type.kind)) return expr;
    const wanted = kinds.map((kind) => (kind === 'bool' ? 'true or false' : `a ${kind}`)).join(' or ');
    this.#findings.report('P204', at.node, `${what} is ${wanted}; this is ${typeName(type)}`,
      kinds.includes('bool') ? 'Compare it with something.' : undefined);
    return undefined;
  }

  /** A declared feature: an aggregate with a name. */
  feature(name: string, at: Written): void {
    const parsed = this.parse(at);
    if (parsed === undefined) return;
    if (parsed.kind !== 'aggregate') {
      this.#findings.report('P203', at.node, 'a feature is one aggregate, such as `count(by card over 1h)`',
        'Write what is computed from features under `define`, or in the rule.');
      return;
    }
    this.#check(parsed, at, (aggregate, type) => {
      const index = this.#add(name, aggregate, type, at.node);
      this.#declared.set(name, { index, type });
      return { name, index };
    });
  }

  #check(parsed: Expr, at: Written, onAggregate: NonNullable<Scope['onAggregate']>): Expr | undefined {
    for (const name of namesIn(parsed, this.#defines)) this.used.add(name);
    return this.#checkIn(parsed, at, onAggregate);
  }

  #checkIn(parsed: Expr, at: Written, onAggregate: NonNullable<Scope['onAggregate']>): Expr | undefined {
    const checked = checkExpression(parsed, {
      schema: this.schema, row: 'current', features: this.#declared, params: this.#params, lists: this.#lists,
      defines: this.#defines, onAggregate,
    });
    if ('expr' in checked) return checked.expr;
    this.#reportAll(checked.errors, at);
    return undefined;
  }

  /** An aggregate inside a rule: the declared feature of the same text, or a new one named by its text. */
  #lift(aggregate: AggregateExpr, type: Type, at: Written): { name: string; index: number } {
    const text = printAggregate(aggregate);
    const known = this.#byText.get(text);
    const index = known ?? this.#add(text, aggregate, type, at.node);
    const name = this.features[index]?.name ?? text;
    this.used.add(name);
    return { name, index };
  }

  #add(name: string, aggregate: AggregateExpr, type: Type, place: Place): number {
    const text = printAggregate(aggregate);
    const same = this.#byText.get(text);
    if (same !== undefined) {
      this.#findings.report(
        'P107', place, `this is the feature \`${this.features[same]?.name}\` once more`,
        'Use that one, or change what it counts.');
      return same;
    }
    const index = this.features.length;
    this.#byText.set(text, index);
    this.features.push(featureDefinition(name, aggregate, type));
    this.aggregates.push(aggregate);
    if (this.features.length === LIMITS.featureCountMax + 1) {
      this.#findings.report(
        'P108', place, `this is feature ${this.features.length}; the limit is ${LIMITS.featureCountMax}`,
        'Aggregates with the same text count once: share them.');
    }
    return index;
  }

  #reportAll(errors: readonly Diagnostic[], at: Written): void {
    for (const error of errors) {
      const start = this.placeIn(at, error.span.start);
      const end = Math.max(start + 1, this.placeIn(at, Math.max(error.span.start, error.span.end - 1)) + 1);
      this.#findings.report(error.code, { start, end }, error.message, error.help);
    }
  }

  placeIn(at: Written, offset: number): number {
    return offsetInScalar(this.#source, at.node, at.from + offset);
  }
}
