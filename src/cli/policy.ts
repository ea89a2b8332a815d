/** `assay policy check|test|explain|cost|schema`. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { eventSchema, type EventSchema } from '#domain/field.ts';
import { compilePolicy } from '#policy/compile-policy.ts';
import type { CompiledPolicy } from '#policy/compiled-policy.ts';
import { englishPolicy } from '#policy/english-policy.ts';
import { renderCost } from '#policy/policy-cost.ts';
import { policyJsonSchema } from '#policy/policy-json-schema.ts';
import { renderDiagnostics } from '#policy/render-diagnostic.ts';
import type { TestReport } from '#policy/run-policy-tests.ts';
import { UsageError, type ExitCode, type Shell } from './shell.ts';

export const POLICY_USAGE = `\
assay policy check FILE...    types, names and limits; every mistake with its place and a fix
assay policy test FILE...     runs the tests that stand in the policy
assay policy explain FILE...  the policy in English
assay policy cost FILE...     what it costs, the dearest first
assay policy schema           JSON Schema of the document, for editors
A folder stands for the *.policy.yaml in it.`;

/** Runs the tests of one policy; main/ knows the window store. */
export type PolicyTester = (policy: CompiledPolicy) => TestReport;

const SUFFIX = '.policy.yaml';
const VERBS = ['check', 'test', 'explain', 'cost', 'schema'] as const;

/** Whether the verb is about files alone, and needs no server. */
export const isFileVerb = (verb: string | undefined): boolean => VERBS.some((one) => one === verb);

/** `schema`: with the custom fields of the installation. */
export async function policy(
  shell: Shell, runTests: PolicyTester, schema: EventSchema = eventSchema(),
): Promise<ExitCode> {
  const [verb, ...paths] = shell.args;
  if (verb === 'schema') {
    shell.out(JSON.stringify(policyJsonSchema(schema), null, 2));
    return 0;
  }
  if (!isFileVerb(verb)) throw new UsageError(POLICY_USAGE);
  const files = (await Promise.all(paths.map((path) => policyFiles(resolve(shell.folder, path))))).flat();
  if (files.length === 0) throw new UsageError(`no policy was named\n${POLICY_USAGE}`);
  const policies: CompiledPolicy[] = [];
  let broken = 0;
  for (const file of files) {
    const compiled = await readPolicy(shell, file, schema);
    if (compiled === undefined) {
      broken += 1;
      continue;
    }
    const { warnings, source, fileName } = compiled;
    if (warnings.length > 0) shell.err(renderDiagnostics(warnings, source, fileName));
    policies.push(compiled);
  }
  if (verb === 'test') return test(shell, policies, broken, runTests);
  for (const compiled of policies) {
    if (verb === 'explain') shell.out(englishPolicy(compiled));
    else if (verb === 'cost') shell.out(renderCost(compiled));
    else shell.out(`${compiled.fileName}: ${summary(compiled)}`);
  }
  return broken === 0 ? 0 : 1;
}

/** A file, or the policies of a folder by name. */
async function policyFiles(path: string): Promise<readonly string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new UsageError(`${path}: there is no such file`);
  if (!found.isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => name.endsWith(SUFFIX));
  if (names.length === 0) throw new UsageError(`${path}: there is no *${SUFFIX} in this folder`);
  return names.toSorted().map((name) => join(path, name));
}

/** Undefined where it does not compile; the mistakes have then been told. Its warnings have not. */
export async function readPolicy(
  shell: Shell, file: string, schema: EventSchema,
): Promise<CompiledPolicy | undefined> {
  const source = await readFile(file, 'utf8');
  const below = relative(shell.folder, file);
  // A way up and down again is longer than the path itself, and no terminal opens it.
  const name = below.startsWith('..') || isAbsolute(below) ? file : below;
  const compiled = compilePolicy(source, name, schema);
  if ('policy' in compiled) return compiled.policy;
  shell.err(renderDiagnostics(compiled.diagnostics, source, name));
  return undefined;
}

const summary = ({ name, version, hash, rules, features, tests }: CompiledPolicy): string =>
  `${name} version ${version}, ${rules.length} rules, ${features.length} features, `
  + `${tests.length} tests, ${hash}`;

function test(
  shell: Shell, policies: readonly CompiledPolicy[], broken: number, runTests: PolicyTester,
): ExitCode {
  let passed = 0;
  let failed = broken;
  for (const one of policies) {
    const run = runTests(one);
    passed += run.passed;
    failed += run.failed;
    for (const failure of run.results.flatMap(({ failures }) => failures)) shell.out(failure);
    if (one.tests.length === 0) {
      failed += 1;
      shell.out(`${one.fileName}: has no tests; a policy does not go live without`);
    }
    shell.out(`${one.fileName}: ${run.passed} of ${one.tests.length} tests passed`);
  }
  shell.out(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}
