// The house rules, executed. Each is run over the repository, and over a text that breaks it: a rule that
// nobody has seen complain is not a rule.
import { deepEqual, equal, fail, match } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bannedText } from './tidy/banned-text.ts';
import { strangersAmong } from './tidy/folder-walls.ts';
import { brokenDocuments } from './tidy/markdown.ts';
import { COLUMN_COUNT_MAX, LINE_COUNT_MAX, misnamed, oversized } from './tidy/names-and-sizes.ts';
import { readRepository } from './tidy/source-file.ts';
import type { Complaint, SourceFile } from './tidy/source-file.ts';

type Rule = (files: readonly SourceFile[]) => readonly Complaint[];

const repository = readRepository();

function holds(rule: Rule): void {
  const complaints = rule(repository);
  if (complaints.length > 0) fail(`\n${complaints.join('\n')}\n`);
}

/** Passes when the rule complains exactly once about the planted files, in these words. */
function complains(rule: Rule, planted: Readonly<Record<string, string>>, words: RegExp): void {
  const complaints = rule(Object.entries(planted).map(([path, text]) => ({ path, text })));
  equal(complaints.length, 1, complaints.join('\n'));
  match(complaints[0] ?? '', words);
}

function accepts(rule: Rule, planted: Readonly<Record<string, string>>): void {
  deepEqual(rule(Object.entries(planted).map(([path, text]) => ({ path, text }))), []);
}

test('the rules see the repository', () => {
  const paths = new Set(repository.map(({ path }) => path));
  for (const path of ['package-lock.json', 'tools/run.mjs', 'test/tidy.test.ts', '.ci/run']) {
    equal(paths.has(path), true, path);
  }
});

describe('every import is allowed by the README of its folder', () => {
  const world = {
    'src/domain/README.md': '# domain\nThe nouns.\nMay import: nothing.\n',
    'src/domain/money.ts': '',
    'src/policy/README.md': '# policy\nThe language.\nMay import: domain, node:fs,\n`yaml`.\nMore prose.\n',
    'src/policy/ast.ts': '',
    'src/policy/checks/README.md': '# checks\nMay import: nothing.\n',
    'src/policy/checks/units.ts': "import type { Node } from '../ast.ts';",
    'src/adapters/README.md': '# adapters\nMay import: nothing.\n',
    'src/adapters/local/README.md': '# local\nMay import: domain.\n',
    'src/adapters/local/log.ts': "import { money } from '#domain/money.ts';",
    'src/adapters/memory/README.md': '# memory\nMay import: nothing.\n',
    'src/adapters/memory/log.ts': '',
    'src/main/README.md': '# main\nMay import: anything.\n',
    'src/main/serve.ts': "import '#policy/ast.ts'; import 'fastify'; await import(process.argv[2] ?? '');",
  };
  const breaches: readonly (readonly [what: string, path: string, text: string, words: RegExp])[] = [
    ['a static import', 'domain/a.ts', "import { x } from 'fastify';", /a\.ts:1 .*add "fastify"/],
    [
      'a type import',
      'domain/a.ts',
      "\nimport type { X } from '#policy/ast.ts';",
      /a\.ts:2 .*not list policy\./,
    ],
    ['a re-export', 'domain/a.ts', "export { x } from 'node:crypto';", /add "node:crypto"/],
    ['a re-export of all', 'domain/a.ts', "export * from '@fastify/swagger/x';", /add "@fastify\/swagger"/],
    ['a dynamic import', 'domain/a.ts', "await import('pino');", /add "pino"/],
    ['an import inside a type', 'domain/a.ts', "export type X = import('pino').Y;", /add "pino"/],
    ['a computed import', 'domain/a.ts', 'await import(name);', /name is computed/],
    ['a built-in module without node:', 'policy/a.ts', "import 'fs';", /Write node:fs/],
    ['a path to another folder', 'policy/a.ts', "import '../domain/money.ts';", /Write #domain\/money\.ts/],
    ['a path out of src', 'main/a.ts', "import '../../test/a.ts';", /lives under src/],
    ['a path along a shelf', 'adapters/local/a.ts', "import '../memory/log.ts';", /Write #adapters\/memory/],
    [
      'a folder along a shelf',
      'adapters/local/a.ts',
      "import '#adapters/memory/log.ts';",
      /add "adapters\/memory"/,
    ],
    ['a folder without a README', 'cases/a.ts', '', /src\/cases\/README\.md is missing/],
    ['a README that does not say', 'domain/README.md', '# domain\n', /needs a line "May import:/],
    ['a README that lists anything', 'domain/README.md', 'May import: anything.', /only src\/main may/],
  ];

  test('here', () => holds(strangersAmong));
  test('a world that keeps its walls', () => accepts(strangersAmong, world));
  test('what is listed may be imported, and what lies under it', () => {
    const text =
      "import 'node:fs/promises'; import 'yaml/util'; import './checks/units.ts'; import '#domain/money.ts';";
    accepts(strangersAmong, { ...world, 'src/policy/x.ts': text });
  });
  test('tests are exempt', () =>
    accepts(strangersAmong, { ...world, 'src/domain/a.test.ts': "import 'node:test';" }));
  test('comments and strings are not imports', () => {
    const text = "// import 'fastify'\nexport const a = \"import 'ajv'\";";
    accepts(strangersAmong, { ...world, 'src/domain/a.ts': text });
  });
  for (const [what, path, text, words] of breaches) {
    test(what, () => complains(strangersAmong, { ...world, [`src/${path}`]: text }, words));
  }
});

describe('files are small and named for what they hold', () => {
  test('here, sizes', () => holds(oversized));
  test('here, names', () => holds(misnamed));
  test('as long as may be', () => accepts(oversized, { 'src/a.ts': 'x\n'.repeat(LINE_COUNT_MAX) }));
  test('a line more', () =>
    complains(oversized, { 'src/a.ts': 'x\n'.repeat(LINE_COUNT_MAX + 1) }, /has 401 lines/));
  test('a column more', () =>
    complains(oversized, { 'a.ts': 'é'.repeat(COLUMN_COUNT_MAX + 1) }, /a\.ts:1 has 111/));
  test('an address may be long', () =>
    accepts(oversized, { 'a.ts': `// https://${'x'.repeat(COLUMN_COUNT_MAX)}` }));
  test('prose may be wide', () => accepts(oversized, { 'README.md': 'x'.repeat(999) }));
  test('good names', () => {
    const names = ['README.md', '.ci/run', 'src/data-folder.ts', 'docs/adr/0001-one-log.md', 'a.test.ts'];
    accepts(misnamed, Object.fromEntries(names.map((name) => [name, ''])));
  });
  test('a name in camel case', () =>
    complains(misnamed, { 'src/moneyFlow.ts': '' }, /"moneyFlow\.ts" is not kebab/));
  test('an underscore', () =>
    complains(misnamed, { 'src/money_flow/a.ts': '' }, /"money_flow" is not kebab/));
  for (const word of ['utils', 'helpers', 'common', 'manager', 'processor', 'info', 'data']) {
    test(`a file called ${word}`, () => complains(misnamed, { [`src/${word}.ts`]: '' }, /says nothing/));
    test(`a folder that ends in ${word}`, () =>
      complains(misnamed, { [`src/case-${word}/a.ts`]: '' }, /says nothing/));
  }
});

describe('nothing is left undone, unchecked or bound to one machine', () => {
  const refuses = (text: string, words: RegExp): void =>
    complains(bannedText, { 'src/a.ts': `\n${text}` }, words);

  test('here', () => holds(bannedText));
  test('a mark of unfinished work', () => refuses(`// ${'TO'}DO: later`, /a\.ts:2 .*not done/));
  test('the other mark', () => refuses(`// ${'FIX'}ME`, /not done/));
  test('a type check switched off', () => refuses(`// @ts-${'ignore'}`, /switches the type checker off/));
  test('a type thrown away', () => refuses(`call(x as ${'any'});`, /throws the type away/));
  test('English is not a cast', () =>
    accepts(bannedText, { 'a.md': 'as any other store, as strict as any one' }));
  for (const path of ['work/x', 'root/.npmrc', 'tmp/x', 'home/ann/x', 'Users/ann/x']) {
    test(`the path ${path}`, () => refuses(`open('/${path}')`, /path of one machine/));
  }
  test('a path of ours', () =>
    accepts(bannedText, { 'a.md': 'see ./work/x, src/tmp/y and https://example.com/work/z, /workers' }));
  test('a registry', () =>
    refuses(`fetch('https://${'registry'}.example.com/x')`, /names a package registry/));
  test('a secret of a registry', () => refuses(`//host/:_auth${'Token'}=x`, /names a package registry/));
  test('a lock file from the public registry', () =>
    accepts(bannedText, {
      'package-lock.json': `  "resolved": "https://${'registry'}.npmjs.org/a/-/a-1.tgz"`,
    }));
  test('a lock file from a mirror', () =>
    complains(
      bannedText,
      { 'package-lock.json': '"resolved": "https://mirror.example/a.tgz"' },
      /not resolved from the public/,
    ));
});

describe('documents have one title and links that lead somewhere', () => {
  test('here', () => holds(brokenDocuments));
  test('a sound document', () =>
    accepts(brokenDocuments, {
      'docs/a.md':
        '# A\n[b](../b.md#the-b-s) [web](https://example.com) [here](#a) [folder](../docs/)\n```\n# no title\n```\n',
      'b.md': '# B\n## The `b`-s\n`[not a link](nowhere.md)`\n[ref]: docs/a.md\n',
    }));
  test('no title', () => complains(brokenDocuments, { 'a.md': 'text\n' }, /has 0 titles/));
  test('two titles', () => complains(brokenDocuments, { 'a.md': '# A\n# B\n' }, /has 2 titles/));
  test('a link to nothing', () =>
    complains(brokenDocuments, { 'docs/a.md': '# A\n[b](b.md)\n' }, /no docs\/b\.md/));
  test('a reference to nothing', () =>
    complains(brokenDocuments, { 'a.md': '# A\n[b]: b.md\n' }, /no b\.md/));
  test('a link to no heading', () =>
    complains(brokenDocuments, { 'a.md': '# A\n[b](#b)\n' }, /no heading for #b/));
});
