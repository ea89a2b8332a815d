/** A managed list as people keep it: CSV with the columns value, from, until, note. */
import { basename } from 'node:path';
import { csvRows, excessIn } from '#cli/csv-rows.ts';
import { parseInstant } from '#domain/instant.ts';
import { LIMITS } from '#domain/limits.ts';
import type { ListEntry, ListSource } from '#policy/lists.ts';

const COLUMNS = ['value', 'from', 'until', 'note'] as const;
type Column = (typeof COLUMNS)[number];
const INSTANT = 'an instant such as 2026-05-01T00:00:00Z';

/** The list of the file's name. What is wrong goes to `problems`, one sentence each, as `file:line: ...`. */
export function readList(text: string, file: string, problems: string[]): ListSource {
  const { header, columns: names, rows } = csvRows(text);
  const report = (line: number, what: string): void => { problems.push(`${file}:${line}: ${what}`); };
  const columns = columnsOf(names, header);
  if (typeof columns === 'string') {
    report(1, columns);
    return { name: basename(file, '.csv'), entries: [] };
  }
  const entries = rows.flatMap(({ line, cells }): ListEntry[] => {
    const cell = (column: Column): string => cells[columns.indexOf(column)] ?? '';
    const entry = { value: cell('value'), from: cell('from'), until: cell('until'), note: cell('note') };
    const faults = faultsOf(entry, cells.length, columns.length);
    for (const fault of faults) report(line, fault);
    return faults.length > 0 ? [] : [withoutBlanks(entry)];
  });
  return { name: basename(file, '.csv'), entries };
}

type Written = Readonly<Record<Column, string>>;

/** The header's columns, or what is wrong with it. */
function columnsOf(names: readonly string[], header: string): readonly Column[] | string {
  const columns = names.flatMap((name) => COLUMNS.find((column) => column === name) ?? []);
  const sound = columns.length === names.length && new Set(columns).size === columns.length
    && columns.includes('value');
  return sound ? columns
    : `the header is \`${header}\`; write \`value,from,until,note\`; all but value may be left out`;
}

function faultsOf(
  { value, from, until, note }: Written, cellCount: number, columnCount: number,
): readonly string[] {
  const excess = excessIn(cellCount, columnCount);
  const faults = excess === undefined ? [] : [excess];
  if (value === '') faults.push('the value is empty');
  const fromMs = from === '' ? -Infinity : parseInstant(from);
  const untilMs = until === '' ? Infinity : parseInstant(until);
  if (fromMs === undefined) faults.push(`from is \`${from}\`; write ${INSTANT}`);
  if (untilMs === undefined) faults.push(`until is \`${until}\`; write ${INSTANT}`);
  if (fromMs !== undefined && untilMs !== undefined && fromMs >= untilMs) {
    faults.push(`until \`${until}\` is not after from \`${from}\``);
  }
  if (note.length > LIMITS.listNoteCharsMax) {
    faults.push(`the note has ${note.length} characters; the limit is ${LIMITS.listNoteCharsMax}: name the `
      + 'case, and keep the rest there');
  }
  return faults;
}

const withoutBlanks = ({ value, from, until, note }: Written): ListEntry => ({
  value,
  ...(from === '' ? {} : { from }),
  ...(until === '' ? {} : { until }),
  ...(note === '' ? {} : { note }),
});
