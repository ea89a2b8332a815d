/** What the pages for readers say is what the code does: examples compile, tables are those of the code. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { eventSchema } from '#domain/field.ts';
import { LIMITS } from '#domain/limits.ts';
import { BUILTINS, signatureOf } from '#expression/builtins.ts';
import { checkExpression } from '#expression/check.ts';
import { DIAGNOSTIC_CODES } from '#expression/diagnostic.ts';
import { parseExpression } from '#expression/parse.ts';
import { printDuration } from '#expression/print-literal.ts';
import type { Scope } from '#expression/scope.ts';
import { compilePolicy } from '#policy/compile-policy.ts';
import type { CompiledPolicy } from '#policy/compiled-policy.ts';
import { POLICY_CODES } from '#policy/diagnostic.ts';
import { naiveWorld } from '#policy/naive-world.ts';
import { POLICY_KEYS } from '#policy/parse-head.ts';
import { RULE_KEYS } from '#policy/parse-rules.ts';
import { THEN_KEYS } from '#policy/parse-then.ts';
import { renderDiagnostics } from '#policy/render-diagnostic.ts';
import { runPolicyTests } from '#policy/run-policy-tests.ts';
import { storeWorld } from '#policy/store-world.ts';

const page = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const LANGUAGE = page('docs/policy-language.md');
const SCHEMA = eventSchema();

interface Block { readonly kind: string; readonly text: string; readonly line: number }

const BLOCKS: readonly Block[] = [...LANGUAGE.matchAll(/^```([a-z ]*)\n([^]*?)^```$/gm)]
  .map(({ 1: kind = '', 2: text = '', index }) => (
    { kind, text, line: LANGUAGE.slice(0, index).split('\n').length }));
const blocksOf = (kind: string): readonly Block[] => BLOCKS.filter((block) => block.kind === kind);

function compiled(source: string): CompiledPolicy {
  const result = compilePolicy(source, 'example.policy.yaml', SCHEMA);
  assert.ok('policy' in result, 'policy' in result ? ''
    : renderDiagnostics(result.diagnostics, source, 'example.policy.yaml'));
  return result.policy;
}

test('the page has blocks of every kind, and none of another', () => {
  for (const kind of ['yaml policy', 'yaml part', 'yaml broken', 'text', 'expr']) {
    assert.ok(blocksOf(kind).length > 0, kind);
  }
  const known = new Set(['yaml policy', 'yaml part', 'yaml broken', 'text', 'expr']);
  assert.deepEqual(BLOCKS.filter(({ kind }) => !known.has(kind)), []);
});

for (const { text, line } of blocksOf('yaml policy')) {
  test(`the policy of line ${line} compiles without a warning, and its tests pass twice`, () => {
    const policy = compiled(text);
    assert.equal(renderDiagnostics(policy.warnings, text, 'example.policy.yaml'), '');
    for (const open of [storeWorld((schema) => new LocalWindowStore(schema)), naiveWorld]) {
      const report = runPolicyTests(policy, { open });
      assert.deepEqual(report.results.flatMap(({ failures }) => failures), []);
      assert.ok(report.passed > 0);
    }
  });
}

for (const { text, line } of blocksOf('yaml part')) {
  test(`the part of a policy of line ${line} compiles`, () => {
    compiled(`policy: part\nversion: 1\nevent: transaction.v1\n${text}`);
  });
}

const SCOPE: Scope = {
  schema: SCHEMA, row: 'current', features: new Map(), params: new Map(), defines: new Map(),
  lists: new Map([['risky_mcc', { index: 0, of: { kind: 'string' } }]]),
  onAggregate: ({ name }) => ({ name, index: 0 }),
};

for (const { text, line } of blocksOf('expr')) {
  for (const expression of text.trimEnd().split('\n')) {
    test(`\`${expression}\` after line ${line} is an expression`, () => {
      const parsed = parseExpression(expression);
      assert.ok('expr' in parsed, 'errors' in parsed ? JSON.stringify(parsed.errors) : '');
      const checked = checkExpression(parsed.expr, SCOPE);
      assert.ok('expr' in checked, 'errors' in checked ? JSON.stringify(checked.errors) : '');
    });
  }
}

test('the errors shown are those that the compiler gives', () => {
  const [broken] = blocksOf('yaml broken');
  const [shown] = blocksOf('text');
  assert.ok(broken !== undefined && shown !== undefined);
  const result = compilePolicy(broken.text, 'broken.policy.yaml', SCHEMA);
  assert.ok('diagnostics' in result);
  const said = renderDiagnostics(result.diagnostics, broken.text, 'broken.policy.yaml');
  assert.equal(shown.text.trimEnd(), said);
});

/** The rows of the table under these heads, without their bars. */
function rowsUnder(head: string): readonly string[] {
  const [, table] = LANGUAGE.split(`\n${head}\n`);
  assert.ok(table !== undefined, `there is no table ${head}`);
  const [, ...rows] = table.split('\n');
  return rows.slice(0, rows.findIndex((row) => !row.startsWith('|')));
}

test('the table of functions is that of the code', () => {
  const rows = [...BUILTINS.values()].map((builtin) => `| \`${signatureOf(builtin)}\` | ${builtin.doc} |`);
  assert.deepEqual(rowsUnder('| function | what it gives |'), rows);
});

test('the table of codes is that of the code', () => {
  const rows = Object.entries({ ...DIAGNOSTIC_CODES, ...POLICY_CODES })
    .map(([code, about]) => `| ${code} | ${about} |`);
  assert.deepEqual(rowsUnder('| code | what it is about |'), rows);
});

const LIMITS_OF_POLICIES: readonly (keyof typeof LIMITS)[] = [
  'policyBytesMax', 'ruleCountMax', 'featureCountMax', 'entityKeyCountMax', 'windowMsMax',
  'lastEventCountMax', 'expressionNodeCountMax', 'expressionDepthMax', 'letCountMax',
  'inlineListEntryCountMax', 'listEntryCountMax',
  'exactEventsPerEntityMax', 'tilesPerFeatureMax', 'marksPerEntityMax', 'customFieldCountMax', 'idCharsMax',
  'textCharsMax', 'occurredAheadMsMax', 'occurredBehindMsMax', 'amountMinorMax',
];

test('the limits are those of the code', () => {
  const rows = rowsUnder('| what | limit | name in the code |');
  const shown = rows.map((row) => row.split('|').slice(2, 4).map((cell) => cell.trim()));
  assert.deepEqual(shown, LIMITS_OF_POLICIES.map((name) => [
    name.includes('Ms') ? printDuration(LIMITS[name]) : LIMITS[name].toLocaleString('en-US'), `\`${name}\``,
  ]));
});

test('every key of a document, of a rule and of a `then` is explained', () => {
  for (const key of [...POLICY_KEYS, ...RULE_KEYS, ...THEN_KEYS]) {
    assert.match(LANGUAGE, new RegExp(`^\\| [^|]*\`${key}\`[^|]* \\|`, 'm'), key);
  }
});

test('every variable of the environment is on the page about the data folder', () => {
  const read = page('src/main/settings.ts').matchAll(/env\['([A-Z_]+)'\]/g);
  const names = [...new Set([...read].map(([, name = '']) => name))];
  assert.ok(names.length > 0);
  for (const name of names) assert.ok(page('docs/data-folder.md').includes(`| \`${name}\` |`), name);
});
