// Each fault of the checklist stands once in docs/reliability.md, and what is said to show it is a test.
import { deepEqual, fail } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readRepository } from '../tidy/source-file.ts';
import { FAULT_COUNT, numberedTitles, tableProblems } from './reliability-table.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const TITLES = /^(src|test)\/.*\.ts$/;

test('every fault of the checklist has a row, and every row names tests that are there', () => {
  const titles = readRepository().flatMap(({ path, text }) =>
    TITLES.test(path) && !path.endsWith('reliability-table.test.ts') ? numberedTitles(path, text) : []);
  const problems = tableProblems(readFileSync(join(ROOT, 'docs', 'reliability.md'), 'utf8'), titles);
  if (problems.length > 0) fail(`\n${problems.join('\n')}\n`);
});

describe('a table that says too much is told', () => {
  const source = "test('F1 F2 it\\'s so', () => {});\n  test(\n    `F3 ${N} of`";
  const titles = numberedTitles('test/a.test.ts', source);
  const row = (number: number, tests: string, result: string): string =>
    `| F${number} | fault | promise | ${tests} | ${result} |`;
  const link = (title: string): string => `[${title}](../test/a.test.ts)`;
  const rest = Array.from({ length: FAULT_COUNT - 3 }, (_, at) => row(at + 4, '', 'not shown: no'));
  const all = (...rows: readonly string[]): string => [...rows, ...rest].join('\n');
  const [one, two, three] = [
    row(1, link("F1 F2 it's so"), 'passes'), row(2, link("F1 F2 it's so"), 'partly: half'),
    row(3, link('F3 ... of'), 'passes'),
  ];
  const cases: readonly (readonly [what: string, table: string, problems: readonly string[]])[] = [
    ['a table that agrees', all(one, two, three), []],
    ['a row less', all(two, three),
      ['F1 has no row', 'test/a.test.ts: "F1 F2 it\'s so" does not stand in the row of F1']],
    ['a row twice', all(one, two, three, row(9, '', 'not shown: no')), ['F9 has two rows']],
    ['a row too many', all(one, two, three, row(57, '', 'not shown: no')), ['F57 is not of the checklist']],
    ['a test that is not there', all(one, two, row(3, `${link('F3 ... of')} ${link('F3 gone')}`, 'passes')),
      ['F3: no test "F3 gone" in test/a.test.ts']],
    ['a test of another number',
      all(one, two, row(3, `${link('F3 ... of')} ${link("F1 F2 it's so")}`, 'passes')),
      ['F3: "F1 F2 it\'s so" has another number']],
    ['a pass without a test', all(one, two, three).replace(row(9, '', 'not shown: no'), row(9, '', 'passes')),
      ['F9: no test shows it']],
    ['a result of its own', all(one, two, three).replace(row(9, '', 'not shown: no'), row(9, '', 'soon')),
      ['F9: "soon" is no result', 'F9: no test shows it']],
    ['a test that no row names', all(one, two, row(3, '', 'not shown: no')),
      ['test/a.test.ts: "F3 ... of" does not stand in the row of F3']],
  ];
  for (const [what, table, problems] of cases) {
    test(what, () => deepEqual(tableProblems(table, titles), problems));
  }
});
