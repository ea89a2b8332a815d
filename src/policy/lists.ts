/**
 * Lists: who is on them, and when. An index is immutable; a new version is a new index, swapped by
 * reference.
 */
import { createHash } from 'node:crypto';
import { parseInstant } from '#domain/instant.ts';
import { LIMITS } from '#domain/limits.ts';
import type { Type } from '#expression/type.ts';

/** How a managed list is written down and published. */
export interface ListSource {
  readonly name: string;
  readonly entries: readonly ListEntry[];
  /** The changes that brought in the entries; those that name none came with the one that replaced all. */
  readonly changes?: readonly ListChangeBy[];
}

export interface ListChangeBy {
  readonly id: string;
  readonly kind: 'replace' | 'amend';
  readonly author: string;
  readonly approvers: readonly string[];
}

/** On the list in [from, until), RFC 3339; without `from` since ever, without `until` for ever. */
export interface ListEntry {
  readonly value: string | number;
  readonly from?: string;
  readonly until?: string;
  readonly note?: string;
  /** Id of the change that added it; absent: it came with the whole list. */
  readonly change?: string;
}

/** A list as a policy declares it. */
export interface ListDeclaration {
  readonly name: string;
  readonly of: Type;
  /** Of a list that stands in the policy itself; undefined where the entries are published apart. */
  readonly values?: readonly (string | number)[];
  /** Whether entries may, or must, have an end. */
  readonly validity: 'none' | 'optional' | 'required';
  /** Roles that must approve every change of its entries; none stated: what its use asks for. */
  readonly reviewers?: readonly string[];
}

interface Stay { readonly fromMs: number; readonly untilMs: number }
type Stays = ReadonlyMap<string | number, Stay | readonly Stay[]>;
const ALWAYS: Stay = { fromMs: -Infinity, untilMs: Infinity };

export class ListIndex {
  readonly name: string;
  /** sha256 of the entries, the same for the same entries in any order. */
  readonly version: string;
  readonly size: number;
  readonly #stays: Stays;

  private constructor(name: string, entries: readonly ListEntry[], stays: Stays) {
    this.name = name;
    this.size = entries.length;
    this.#stays = stays;
    const lines = entries.map((entry) => JSON.stringify(
      [entry.value, entry.from ?? '', entry.until ?? ''])).toSorted();
    this.version = `sha256:${createHash('sha256').update(lines.join('\n')).digest('hex')}`;
  }

  /** Checks the entries; the problems are sentences. */
  static of(source: ListSource): { index: ListIndex } | { problems: readonly string[] } {
    if (source.entries.length > LIMITS.listEntryCountMax) {
      const count = `${source.name} has ${source.entries.length} entries`;
      return { problems: [`${count}; the limit is ${LIMITS.listEntryCountMax}`] };
    }
    const problems: string[] = [];
    const stays = new Map<string | number, Stay | Stay[]>();
    for (const entry of source.entries) {
      const stay = stayOf(entry);
      if (typeof stay === 'string') {
        problems.push(`${source.name}: ${JSON.stringify(entry.value)} ${stay}`);
        continue;
      }
      const known = stays.get(entry.value);
      if (known === undefined) stays.set(entry.value, stay);
      else if (Array.isArray(known)) known.push(stay);
      else stays.set(entry.value, [known, stay]);
    }
    if (problems.length > 0) return { problems };
    return { index: new ListIndex(source.name, source.entries, stays) };
  }

  has(value: string | number, tMs: number): boolean {
    const stay = this.#stays.get(value);
    if (stay === undefined) return false;
    if ('fromMs' in stay) return tMs >= stay.fromMs && tMs < stay.untilMs;
    return stay.some((one) => tMs >= one.fromMs && tMs < one.untilMs);
  }
}

function stayOf(entry: ListEntry): Stay | string {
  if (entry.from === undefined && entry.until === undefined) return ALWAYS;
  const fromMs = entry.from === undefined ? -Infinity : parseInstant(entry.from);
  const untilMs = entry.until === undefined ? Infinity : parseInstant(entry.until);
  const wanted = 'which is not an instant such as 2026-05-01T00:00:00Z';
  if (fromMs === undefined) return `is listed from ${entry.from}, ${wanted}`;
  if (untilMs === undefined) return `is listed until ${entry.until}, ${wanted}`;
  if (fromMs >= untilMs) return 'is listed until before it is listed';
  return { fromMs, untilMs };
}

/** The lists of one policy, in the order of its declarations. */
export interface BoundLists {
  /** What `EmitRuntime.inList` asks. */
  readonly inList: (list: number, value: string | number, tMs: number) => 0 | 2;
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * Joins a policy's declarations with what is published. A managed list that nobody has published yet is
 * empty. The problems are sentences; `validity: required` is held here, where the entries are known.
 */
export function bindLists(
  declarations: readonly ListDeclaration[], published: ReadonlyMap<string, ListSource>,
): BoundLists | { readonly problems: readonly string[] } {
  const problems: string[] = [];
  const indexes: ListIndex[] = [];
  for (const declaration of declarations) {
    const source = sourceOf(declaration, published);
    problems.push(...misfits(declaration, source));
    const result = indexed(source);
    if ('index' in result) indexes.push(result.index);
    else problems.push(...result.problems);
  }
  if (problems.length > 0) return { problems };
  return {
    inList: (list, value, tMs) => (indexes[list]?.has(value, tMs) === true ? 2 : 0),
    versions: Object.fromEntries(indexes.map((index) => [index.name, index.version])),
  };
}

const made = new WeakMap<ListSource['entries'], ListIndex>();

/** Entries that a publication has taken over from the one before have their index already. */
function indexed(source: ListSource): ReturnType<typeof ListIndex.of> {
  const known = made.get(source.entries);
  if (known?.name === source.name) return { index: known };
  const result = ListIndex.of(source);
  if ('index' in result) made.set(source.entries, result.index);
  return result;
}

function sourceOf(declaration: ListDeclaration, published: ReadonlyMap<string, ListSource>): ListSource {
  const { name } = declaration;
  if (declaration.values === undefined) {
    const entries = published.get(name)?.entries ?? [];
    return { name, entries: declaration.of.kind === 'int' ? entries.map(numbered) : entries };
  }
  return { name, entries: declaration.values.map((value) => ({ value })) };
}

/** A published file has texts; in a list of whole numbers they are numbers. */
const numbered = (entry: ListEntry): ListEntry =>
  (/^-?\d{1,15}$/.test(String(entry.value)) ? { ...entry, value: Number(entry.value) } : entry);

function misfits(declaration: ListDeclaration, source: ListSource): readonly string[] {
  const wanted = declaration.of.kind === 'int' ? 'number' : 'string';
  return source.entries.flatMap((entry) => {
    const shown = `${declaration.name}: ${JSON.stringify(entry.value)}`;
    if (typeof entry.value !== wanted) return [`${shown} is not a ${wanted}`];
    const bounded = entry.from !== undefined || entry.until !== undefined;
    const { validity } = declaration;
    if (validity === 'none' && bounded) return [`${shown} has dates; the list is declared without validity`];
    const endless = validity === 'required' && entry.until === undefined;
    if (endless) return [`${shown} has no end; the list requires one`];
    return [];
  });
}
