/** CSV as spreadsheets write it: a header, then one row a line (RFC 4180, no line breaks inside a cell). */

/** The cells of one line. */
export function csvCells(line: string): string[] {
  if (!line.includes('"')) return line.split(',');
  const cells: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^,]*))(,|$)/gy;
  for (let match = cell.exec(line); match !== null; match = cell.exec(line)) {
    cells.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === '') break;
  }
  return cells;
}

/** Names of the columns, by the first line of a file. */
export const csvColumns = (header: string): readonly string[] =>
  csvCells(header.replace(/^\uFEFF/, '')).map((name) => name.trim());

export interface CsvRow {
  /** Counted from 1; the header is the first. */
  readonly line: number;
  readonly text: string;
  readonly cells: readonly string[];
}

/** A whole file; blank lines are no rows, and cells have no blanks around them. */
export function csvRows(text: string): {
  readonly header: string; readonly columns: readonly string[]; readonly rows: readonly CsvRow[];
} {
  const [header = '', ...lines] = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  return {
    header, columns: csvColumns(header),
    rows: lines.flatMap((row, i) => (row.trim() === '' ? []
      : [{ line: i + 2, text: row, cells: csvCells(row).map((cell) => cell.trim()) }])),
  };
}

/** What a row with more cells than columns has to be told; undefined for the others. */
export const excessIn = (cellCount: number, columnCount: number): string | undefined =>
  (cellCount > columnCount
    ? `${cellCount} cells under ${columnCount} columns; quote a cell that holds a comma: "a, b"` : undefined);
