// The rules that the linter holds for us, each seen to complain: a linter that read nothing is silent too.
import { deepEqual, match } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ROOT } from './source-file.ts';

const statements = (count: number): string => '  n += 1;\n'.repeat(count);

const PLANTED: readonly (readonly [rule: string, name: string, text: string])[] = [
  ['no-floating-promises', 'floats.ts', 'async function f(): Promise<void> {}\nf();\n'],
  [
    'switch-exhaustiveness-check',
    'forgets.ts',
    `
    export function f(kind: 'hit' | 'miss'): number {
      switch (kind) { case 'hit': return 1; default: return 0; }
    }`,
  ],
  ['no-explicit-any', 'any.ts', `export const x: ${'any'} = 1;\n`],
  ['no-unsafe-assignment', 'parses.ts', "const x = JSON.parse('1');\nexport { x };\n"],
  [
    'no-shadow',
    'shadows.ts',
    'const n = 1;\nexport function f(n: number): number { return n; }\nexport { n };\n',
  ],
  ['ban-ts-comment', 'blind.ts', `// @ts-${'ignore'}\nexport const x: number = 1;\n`],
  [
    'max-lines-per-function',
    'long.ts',
    `export function f(): number {\n  let n = 0;\n${statements(80)}  return n;\n}\n`,
  ],
  ['max-lines', 'big.ts', 'export {};\n'.repeat(401)],
];

const CLEAN = `
  import { test } from 'node:test';
  test('may float', async () => {});
  export function f(kind: 'hit' | 'miss'): number {
    switch (kind) {
      case 'hit': return 1;
      case 'miss': return 0;
      default: kind satisfies never; return 2;
    }
  }`;

const folder = mkdtempSync(join(tmpdir(), 'assay-lint-'));
after(() => rmSync(folder, { recursive: true, force: true }));

mkdirSync(join(folder, 'src'));
const typeRoots = [join(ROOT, 'node_modules', '@types')];
const compilerOptions = { typeRoots };
writeFileSync(
  join(folder, 'tsconfig.json'),
  JSON.stringify({ extends: join(ROOT, 'tsconfig.json'), compilerOptions, include: ['src'] }),
);
for (const [, name, text] of PLANTED) writeFileSync(join(folder, 'src', name), text);
writeFileSync(join(folder, 'src', 'clean.ts'), CLEAN);

const program = join(ROOT, 'node_modules', 'oxlint', 'bin', 'oxlint');
const flags = ['--config', join(ROOT, '.oxlintrc.json'), '--type-aware', '--format', 'unix', folder];
const { stdout, stderr } = spawnSync(process.execPath, [program, ...flags], { cwd: ROOT, encoding: 'utf8' });

for (const [rule, name] of PLANTED) {
  test(`the linter holds ${rule}`, () => match(stdout + stderr, new RegExp(`${name}:.*\\(${rule}\\)`)));
}

test('the linter leaves sound code alone', () => {
  deepEqual(
    stdout.split('\n').filter((line) => line.includes('clean.ts')),
    [],
  );
});
