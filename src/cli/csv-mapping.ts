/**
 * Other people's columns: a YAML mapping from columns to the fields of a call.
 *
 *   transaction:
 *     id: tx_id
 *     occurred_at: time
 *     kind: { is: card }
 *     amount.value: amount
 *     amount.currency: { is: EUR }
 *     location.lat: { number: latitude }
 *     custom.first: { bool: is_first }
 */
import { parse } from 'yaml';
import { messageOf } from '#domain/message-of.ts';
import { csvCells, csvColumns } from './csv-rows.ts';
import { UsageError } from './shell.ts';

type Kind = 'text' | 'number' | 'bool';
type Source = { readonly column: string; readonly kind: Kind } | { readonly fixed: string };
interface Target { readonly path: readonly string[]; readonly source: Source }

/**
 * A function from lines to calls; the first line is the header, and gives none. Throws UsageError with the
 * place.
 */
export function csvReader(mappingText: string, file: string): (line: string) => string | undefined {
  const { door, targets } = readMapping(mappingText, file);
  let columns: ReadonlyMap<string, number> | undefined;
  return (line) => {
    if (columns === undefined) {
      columns = new Map(csvColumns(line).map((name, i) => [name, i]));
      const known = columns;
      const lacking = targets.flatMap(({ source }) => 'column' in source ? [source.column] : [])
        .filter((column) => !known.has(column));
      if (lacking.length > 0) {
        const has = [...known.keys()].join(', ');
        throw new UsageError(`${file}: the file has no column ${lacking.join(', ')}; it has ${has}`);
      }
      return undefined;
    }
    const cells = csvCells(line);
    const call: Record<string, unknown> = {};
    for (const { path, source } of targets) {
      const text = 'fixed' in source ? source.fixed : cells[columns.get(source.column) ?? -1];
      if (text === undefined || text === '') continue;
      put(call, path, 'fixed' in source ? text : valueOf(text, source.kind));
    }
    return JSON.stringify({ [door]: call });
  };
}

/** What is none stays a text: the schema refuses it, with its place. */
function valueOf(text: string, kind: Kind): string | number | boolean {
  const plain = text.trim();
  if (kind === 'number' && /^-?\d+(\.\d+)?$/.test(plain)) return Number(plain);
  if (kind === 'bool' && (plain === 'true' || plain === 'false')) return plain === 'true';
  return text;
}

function readMapping(text: string, file: string): { door: string; targets: readonly Target[] } {
  const document = parsed(text, file);
  const entries = typeof document === 'object' && document !== null ? Object.entries(document) : [];
  const [door, fields] = entries[0] ?? [];
  if ((door !== 'transaction' && door !== 'event') || typeof fields !== 'object' || fields === null) {
    throw new UsageError(`${file}: expected \`transaction:\` or \`event:\` with fields below it`);
  }
  const targets = Object.entries(fields as Record<string, unknown>).map(([name, value]): Target => {
    const path = name.split('.');
    if (typeof value === 'string') return { path, source: { column: value, kind: 'text' } };
    if (typeof value === 'object' && value !== null && 'is' in value) {
      return { path, source: { fixed: String(value.is) } };
    }
    const typed = typedColumn(value);
    if (typed !== undefined) return { path, source: typed };
    throw new UsageError(`${file}: ${name} is a column, { number: a column }, { bool: a column }, `
      + 'or { is: a value for every row }');
  });
  return { door, targets };
}

function typedColumn(value: unknown): Source | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if ('number' in value && typeof value.number === 'string') return { column: value.number, kind: 'number' };
  return 'bool' in value && typeof value.bool === 'string' ? { column: value.bool, kind: 'bool' } : undefined;
}

function parsed(text: string, file: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new UsageError(`${file}: is not YAML: ${messageOf(error)}`);
  }
}

function put(into: Record<string, unknown>, path: readonly string[], value: string | number | boolean): void {
  const [first = '', ...rest] = path;
  if (rest.length === 0) into[first] = value;
  else {
    const inner = (into[first] ??= {}) as Record<string, unknown>;
    put(inner, rest, value);
  }
}
