/**
 * Other people's columns: a YAML mapping from columns to the fields of a call.
 *
 *   transaction:
 *     id: tx_id
 *     occurred_at: time
 *     kind: { is: card }
 *     amount.value: amount
 *     amount.currency: { is: EUR }
 */
import { parse } from 'yaml';
import { UsageError } from './shell.ts';

type Source = { readonly column: string } | { readonly fixed: string };
interface Target { readonly path: readonly string[]; readonly source: Source }

/**
 * A function from lines to calls; the first line is the header, and gives none. Throws UsageError with the
 * place.
 */
export function csvReader(mappingText: string, file: string): (line: string) => string | undefined {
  const { door, targets } = readMapping(mappingText, file);
  let columns: ReadonlyMap<string, number> | undefined;
  return (line) => {
    const cells = csvCells(line);
    if (columns === undefined) {
      columns = new Map(cells.map((name, i) => [name.trim(), i]));
      const known = columns;
      const lacking = targets.flatMap(({ source }) => 'column' in source ? [source.column] : [])
        .filter((column) => !known.has(column));
      if (lacking.length > 0) {
        const has = [...known.keys()].join(', ');
        throw new UsageError(`${file}: the file has no column ${lacking.join(', ')}; it has ${has}`);
      }
      return undefined;
    }
    const call: Record<string, unknown> = {};
    for (const { path, source } of targets) {
      const value = 'fixed' in source ? source.fixed : cells[columns.get(source.column) ?? -1];
      if (value !== undefined && value !== '') put(call, path, value);
    }
    return JSON.stringify({ [door]: call });
  };
}

function readMapping(text: string, file: string): { door: string; targets: readonly Target[] } {
  const document: unknown = parse(text);
  const entries = typeof document === 'object' && document !== null ? Object.entries(document) : [];
  const [door, fields] = entries[0] ?? [];
  if ((door !== 'transaction' && door !== 'event') || typeof fields !== 'object' || fields === null) {
    throw new UsageError(`${file}: expected \`transaction:\` or \`event:\` with fields below it`);
  }
  const targets = Object.entries(fields as Record<string, unknown>).map(([name, value]): Target => {
    const path = name.split('.');
    if (typeof value === 'string') return { path, source: { column: value } };
    if (typeof value === 'object' && value !== null && 'is' in value) {
      return { path, source: { fixed: String(value.is) } };
    }
    throw new UsageError(`${file}: ${name} is a column name, or { is: a value for every row }`);
  });
  return { door, targets };
}

function put(into: Record<string, unknown>, path: readonly string[], value: string): void {
  const [first = '', ...rest] = path;
  if (rest.length === 0) into[first] = value;
  else {
    const inner = (into[first] ??= {}) as Record<string, unknown>;
    put(inner, rest, value);
  }
}

/** The cells of one line (RFC 4180, without line breaks inside a cell). */
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
