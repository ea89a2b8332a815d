/**
 * The table of docs/reliability.md against the titles of the tests: what it calls passed has tests of that
 * number, and every test with a number of the checklist stands in its rows.
 */

export const FAULT_COUNT = 56;

export interface TestTitle {
  readonly path: string;
  /** A part that is worked out stands as `...`. */
  readonly title: string;
}

interface Row {
  readonly number: number;
  readonly tests: readonly TestTitle[];
  readonly result: string;
}

const ROW = /^\| F(\d+) \|/;
const LINK = /\[([^\]]+)\]\(\.\.\/([^)]+)\)/g;
const TITLE = /\b(?:test|it)\(\s*(['`])(F\d+ (?:\\.|(?!\1).)*)\1/g;
const RESULT = /^(passes|partly: .+|not shown: .+)$/;
const NUMBERS = /^(?:F\d+ )+/;

/** Titles of a test file that begin with a number of the checklist. */
export function numberedTitles(path: string, text: string): readonly TestTitle[] {
  return [...text.matchAll(TITLE)].map(([, , title = '']) =>
    ({ path, title: title.replaceAll(/\$\{[^}]*\}/g, '...').replaceAll(/\\(.)/g, '$1') }));
}

/** What is wrong, one sentence each; nothing where table and tests agree. */
export function tableProblems(markdown: string, titles: readonly TestTitle[]): readonly string[] {
  const rows = markdown.split('\n').flatMap(rowOf);
  const wanted = Array.from({ length: FAULT_COUNT }, (_, at) => at + 1);
  const stands = rows.map(({ number }) => number);
  return [
    ...wanted.filter((one) => !stands.includes(one)).map((one) => `F${one} has no row`),
    ...stands.filter((one, at) => stands.indexOf(one) !== at).map((one) => `F${one} has two rows`),
    ...stands.filter((one) => !wanted.includes(one)).map((one) => `F${one} is not of the checklist`),
    ...rows.flatMap((row) => rowProblems(row, titles)),
    ...titles.flatMap((one) => numbersOf(one.title)
      .filter((number) => !rows.some((row) => row.number === number && row.tests.some(isSame(one))))
      .map((number) => `${one.path}: "${one.title}" does not stand in the row of F${number}`)),
  ];
}

function rowOf(line: string): readonly Row[] {
  const number = ROW.exec(line)?.[1];
  if (number === undefined) return [];
  const cells = line.split(' | ').map((cell) => cell.trim());
  const tests = [...(cells[3] ?? '').matchAll(LINK)].map(([, title = '', path = '']) => ({ path, title }));
  return [{ number: Number(number), tests, result: (cells[4] ?? '').replace(/ ?\|$/, '') }];
}

function rowProblems({ number, tests, result }: Row, titles: readonly TestTitle[]): readonly string[] {
  const problems = tests.flatMap((one) => {
    if (!titles.some(isSame(one))) return [`F${number}: no test "${one.title}" in ${one.path}`];
    return numbersOf(one.title).includes(number) ? [] : [`F${number}: "${one.title}" has another number`];
  });
  if (!RESULT.test(result)) problems.push(`F${number}: "${result}" is no result`);
  if (!result.startsWith('not shown') && tests.length === 0) problems.push(`F${number}: no test shows it`);
  return problems;
}

const numbersOf = (title: string): readonly number[] =>
  (NUMBERS.exec(title)?.[0] ?? '').trim().split(' ').map((one) => Number(one.slice(1)));

const isSame = (one: TestTitle) => (other: TestTitle): boolean =>
  one.path === other.path && one.title === other.title;
