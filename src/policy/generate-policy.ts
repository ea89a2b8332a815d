/**
 * The JavaScript of a policy. Rules stand in chunks of a size that the optimising compiler takes whole; each
 * chunk writes the answers of its rules into one byte array. It embeds what `emitExpression` embeds, and
 * indexes. Each chunk and each explanation is a function of its own, so that a new version of a policy goes
 * on with the code of the rules that it did not change.
 */
import { T_SLOT, type ParsedEvent } from '#domain/event.ts';
import { emitExpression } from '#expression/emit.ts';
import type { EmitRuntime } from '#expression/emit-runtime.ts';
import { EmitUnit } from '#expression/emit-unit.ts';
import type { Expr } from '#expression/ast.ts';
import type { Cell } from '#expression/type.ts';
import { cellKind } from '#expression/type-rules.ts';
import { generatedFunction } from '#features/generated-function.ts';
import type { CompiledPolicy, Param, Rule } from './compiled-policy.ts';
import { factsIn, type FactSource } from './facts.ts';
import { atOnce, type Steps } from './steps.ts';

const RULES_A_CHUNK = 16;

export interface PolicyProgram {
  /** Fills `p`. */
  params(e: ParsedEvent, p: Cell[]): void;
  /** Fills `a`, the answer by rule. */
  rules(e: ParsedEvent, f: readonly Cell[], p: readonly Cell[], a: Uint8Array): void;
  /** By rule: the cells of its explanation, in the order of `explanationOf`. */
  readonly explain: readonly Explain[];
}

type Params = (e: ParsedEvent, p: Cell[]) => void;
type Chunk = (e: ParsedEvent, f: readonly Cell[], p: readonly Cell[], a: Uint8Array) => void;
type Explain = (e: ParsedEvent, f: readonly Cell[], p: readonly Cell[]) => Cell[];

type Maker<Made> = ($: EmitRuntime) => Made;

/** What makes a program of a runtime, which is the only free name of its code. */
export interface PolicyCode {
  readonly params: Maker<Params>;
  readonly chunks: readonly Maker<Chunk>[];
  /** Of rules that count only while windows cannot be asked: other payments do not pay for them. */
  readonly degradedChunks: readonly Maker<Chunk>[];
  /** By rule. */
  readonly explain: readonly Maker<Explain>[];
}

/** What is evaluated only for a rule that hits. */
export interface Explanation {
  readonly facts: readonly FactSource[];
  readonly texts: readonly Expr[];
  readonly lasts: Expr | undefined;
}

export function explanationOf(rule: Rule): Explanation {
  const texts = rule.reason.flatMap((part) => (part.kind === 'value' ? [part.expr] : []));
  const { lasts } = rule.does;
  return { facts: factsIn(rule.when), texts, lasts: lasts?.kind === 'for' ? lasts.duration : lasts?.instant };
}

/**
 * For each fact its comparison, value and threshold (itself again where it has none), then the texts, then
 * `lasts`.
 */
function explanationParts({ facts, texts, lasts }: Explanation): readonly Expr[] {
  const parts = facts.flatMap((fact) => [fact.condition, fact.value, fact.threshold ?? fact.value]);
  return [...parts, ...texts, ...(lasts === undefined ? [] : [lasts])];
}

/** `code` is that of this policy; `isDegraded`: with the rules that count only then. */
export function generatePolicy(
  runtime: EmitRuntime, code: PolicyCode, isDegraded = false,
): PolicyProgram {
  const makers = isDegraded ? [...code.chunks, ...code.degradedChunks] : code.chunks;
  const chunks = makers.map((make) => make(runtime));
  return {
    params: code.params(runtime),
    rules(e, f, p, a) {
      for (let i = 0; i < chunks.length; i++) chunks[i]!(e, f, p, a);
    },
    explain: code.explain.map((make) => make(runtime)),
  };
}

export const policyCode = (policy: CompiledPolicy): PolicyCode => atOnce(policyCodeSteps(policy));

/** The same in steps. */
export function* policyCodeSteps(policy: CompiledPolicy): Steps<PolicyCode> {
  const live = policy.rules.filter((rule) => rule.mode !== 'off');
  const chunks = yield* chunkSteps(live.filter(({ during }) => during === undefined));
  const degradedChunks = yield* chunkSteps(live.filter(({ during }) => during === 'degraded'));
  const explain: Maker<Explain>[] = [];
  for (let i = 0; i < policy.rules.length; i += RULES_A_CHUNK) {
    yield;
    explain.push(...policy.rules.slice(i, i + RULES_A_CHUNK)
      .map((rule) => maker<Explain>(explainSource(rule))));
  }
  yield;
  return { params: maker(paramsSource(policy.params)), chunks, degradedChunks, explain };
}

function* chunkSteps(rules: readonly Rule[]): Steps<readonly Maker<Chunk>[]> {
  const chunks: Maker<Chunk>[] = [];
  for (let i = 0; i < rules.length; i += RULES_A_CHUNK) {
    yield;
    chunks.push(maker(chunkSource(rules.slice(i, i + RULES_A_CHUNK))));
  }
  return chunks;
}

/** Of an expression whose value is what is made. */
const maker = <Made>(source: string): Maker<Made> =>
  generatedFunction<Maker<Made>>(['$'], `return ${source};`);

/** A function in a scope of its own, so that its constants meet no other's. */
function enclosed(unit: EmitUnit, args: string, body: string): string {
  return `(()=>{${unit.constants()}return (${args})=>{${unit.locals()}${body}};})()`;
}

/**
 * Kleene: an exception that is known to hold makes an unknown rule a miss; one that is unknown never
 * excepts.
 */
function chunkSource(rules: readonly Rule[]): string {
  const unit = new EmitUnit();
  const lines = rules.map((rule) => {
    const options = { unit, salt: rule.id };
    const when = emitExpression(rule.when, options);
    if (rule.unless === undefined) return `a[${rule.index}]=${when};`;
    return `v=${when};a[${rule.index}]=v!==0&&${emitExpression(rule.unless, options)}===2?(v===2?3:0):v;`;
  });
  return enclosed(unit, 'e,f,p,a', `let v=0;\n${lines.join('\n')}\n`);
}

function paramsSource(params: readonly Param[]): string {
  const unit = new EmitUnit();
  const lines = params.map((param, i) => `p[${i}]=${paramSource(param, unit)};`);
  return enclosed(unit, 'e,p', lines.join('\n'));
}

function paramSource({ value, type }: Param, unit: EmitUnit): string {
  if (value.kind === 'fixed') return emitExpression(value.value, { unit });
  if (value.kind === 'cases') {
    const cases = [...value.cases].map(([key, expr]) =>
      `[${JSON.stringify(key)},${emitExpression(expr, { unit })}]`);
    const map = unit.constant(`new Map([${cases.join(',')}])`);
    const by = emitExpression(value.by, { unit });
    const found = unit.local();
    return `((${found}=${map}.get(${by}))===undefined?${emitExpression(value.otherwise, { unit })}:${found})`;
  }
  const none = cellKind(type) === 'bool' ? '1' : cellKind(type) === 'number' ? 'NaN' : 'undefined';
  return value.values.reduce((before, dated) =>
    `(e.numbers[${T_SLOT}]>=${dated.fromMs}?${emitExpression(dated.value, { unit })}:${before})`, none);
}

function explainSource(rule: Rule): string {
  const unit = new EmitUnit();
  const parts = explanationParts(explanationOf(rule)).map(
    (part) => emitExpression(part, { unit, salt: rule.id }));
  return enclosed(unit, 'e,f,p', `return [${parts.join(',\n')}];`);
}
