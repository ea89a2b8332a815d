/**
 * From the document to a checked policy. Every mistake is named at its place; none is left for the first
 * payment.
 */
import { createHash } from 'node:crypto';
import { flatText } from '#domain/flat-text.ts';
import { LIMITS } from '#domain/limits.ts';
import type { EventSchema } from '#domain/field.ts';
import type { Expr } from '#expression/ast.ts';
import { amlFeatures } from './aml-features.ts';
import { checkAmlWithoutWindows } from './check-degraded.ts';
import { checkTests, checkUnusedNames } from './check-warnings.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { Findings, type PolicyDiagnostic } from './diagnostic.ts';
import type { DocumentNode, MapEntry, MapNode } from './document.ts';
import { documentSteps } from './parse-document.ts';
import { parseHead, POLICY_KEYS } from './parse-head.ts';
import { parseDefines, parseFeatures, parseLists, parseParams } from './parse-names.ts';
import { ruleSteps } from './parse-rules.ts';
import { parseScoring } from './parse-scoring.ts';
import { parseTests } from './parse-tests.ts';
import { checkCost } from './policy-cost.ts';
import { PolicyScope, written } from './policy-scope.ts';
import { Shape } from './shape.ts';
import { atOnce, type Steps } from './steps.ts';

export type CompileResult =
  | { readonly policy: CompiledPolicy }
  | { readonly diagnostics: readonly PolicyDiagnostic[] };

/** Warnings are with the policy; `diagnostics` are errors, at least one. See `renderDiagnostics`. */
export const compilePolicy = (source: string, fileName: string, schema: EventSchema): CompileResult =>
  atOnce(compileSteps(source, fileName, schema));

/** The same in steps. */
export function* compileSteps(source: string, fileName: string, schema: EventSchema): Steps<CompileResult> {
  const findings = new Findings();
  const root = yield* documentSteps(source, findings);
  yield;
  const policy = root && (yield* compileRoot(root, source, fileName, schema, findings));
  if (policy === undefined || findings.hasErrors) return { diagnostics: findings.errors };
  return { policy: { ...policy, warnings: findings.all } };
}

function* compileRoot(
  root: MapNode, source: string, fileName: string, schema: EventSchema, findings: Findings,
): Steps<CompiledPolicy | undefined> {
  const shape = new Shape(findings);
  const entries = shape.map(root, POLICY_KEYS, 'a policy') ?? new Map<string, MapEntry>();
  const node = (key: (typeof POLICY_KEYS)[number]): DocumentNode | undefined => entries.get(key)?.value;
  const head = parseHead(root, entries, schema, shape);
  const scope = new PolicyScope(schema, findings, source);
  const params = parseParams(node('params'), scope, shape);
  const lists = parseLists(node('lists'), scope, shape);
  const defines = parseDefines(node('define'), scope, shape);
  parseFeatures(node('features'), scope, shape);
  const declaredFeatureCount = scope.features.length;
  const rules = yield* ruleSteps(node('rules'), head, scope, shape);
  yield;
  checkDefines(node('define'), defines, scope);
  const place = { start: root.start, end: root.start + 1 };
  const scoring = parseScoring(entries.get('scoring'), rules, place, shape);
  checkKeys(scope, place, findings);
  // What a test says of a rule that could not be read would only be a second complaint about the same.
  const features = scope.features.slice(0, declaredFeatureCount);
  const tests = findings.hasErrors ? []
    : parseTests(node('tests'), { schema, rules, lists, features }, shape);
  if (findings.hasErrors) return undefined;
  yield;
  const policy: CompiledPolicy = {
    ...head, hash: hashOf(source, entries.get('approvals')), schema, params, lists, features: scope.features,
    aggregates: scope.aggregates, declaredFeatureCount,
    amlFeatures: amlFeatures(scope.features, rules), rules, scoring, tests, warnings: [], source, fileName,
  };
  yield;
  checkCost(policy, entries.get('rules')?.keyPlace ?? place, findings);
  yield;
  checkUnusedNames(policy, scope, [...defines.keys()], findings);
  checkTests(policy, node('rules'), findings);
  checkAmlWithoutWindows(policy, node('rules'), findings);
  return policy;
}

/**
 * A define that no rule uses is checked too, as far as it can stand alone; one that is used was checked
 * there.
 */
function checkDefines(node: DocumentNode | undefined, defines: ReadonlyMap<string, Expr>,
  scope: PolicyScope): void {
  if (node?.kind !== 'map') return;
  for (const { key, value } of node.entries) {
    const parsed = defines.get(key);
    if (parsed === undefined || value.kind !== 'scalar' || scope.used.has(key)) continue;
    scope.checkAlone(parsed, written(value));
  }
}

function checkKeys(scope: PolicyScope, place: { start: number; end: number }, findings: Findings): void {
  const keys = new Set(scope.features.map(({ key }) => `${key.past.path}=${key.current.path}`));
  if (keys.size <= LIMITS.entityKeyCountMax) return;
  findings.report(
    'P108', place,
    `the features look up ${keys.size} entities an event; the limit is ${LIMITS.entityKeyCountMax}`,
    'Each entity is one look-up in the store: use fewer different keys.');
}

/**
 * `sha256:...` of the document without the lines of `approvals`, lines ended by LF. Everything else counts,
 * the tests too: who approves a policy approves its proof.
 */
function hashOf(source: string, approvals: MapEntry | undefined): string {
  const without = approvals === undefined
    ? source
    : source.slice(0, approvals.keyPlace.start) + source.slice(endOfLine(source, approvals.value.end));
  return flatText('sha256:', createHash('sha256').update(without.replaceAll('\r\n', '\n')).digest('hex'));
}

/** Past the rest of the line on which a node ends, if only blanks follow. */
function endOfLine(source: string, end: number): number {
  const rest = /^[ \t]*\r?\n/.exec(source.slice(end));
  return end + (rest === null || source[end - 1] === '\n' ? 0 : rest[0].length);
}
