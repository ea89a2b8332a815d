/**
 * Lists: who is on them, and when. An index is immutable; a new version is a new index, swapped by
 * reference.
 */
import { createHash } from 'node:crypto';
import { parseInstant } from '#domain/instant.ts';
import { LIMITS } from '#domain/limits.ts';
import type { Type } from '#expression/type.ts';
import { atOnce, type Steps } from './steps.ts';

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

/** Of one list: who has a file of the wrong kind need not read of every line of it. */
const PROBLEMS_MAX = 20;
/** About a millisecond each. Steps are not shorter for that, since there is a pause behind each of them. */
const ENTRIES_A_STEP = 4_000;
const SORTED_A_STEP = 1_000;
const LINES_A_STEP = 8_000;

interface Stay { readonly fromMs: number; readonly untilMs: number }
type Stays = ReadonlyMap<string | number, Stay | readonly Stay[]>;
const ALWAYS: Stay = { fromMs: -Infinity, untilMs: Infinity };

export class ListIndex {
  readonly name: string;
  /** sha256 of the entries, the same for the same entries in any order. */
  readonly version: string;
  readonly size: number;
  readonly #stays: Stays;

  private constructor(source: ListSource, version: string, stays: Stays) {
    this.name = source.name;
    this.size = source.entries.length;
    this.#stays = stays;
    this.version = version;
  }

  /** Checks the entries; the problems are sentences. */
  static of(source: ListSource): { index: ListIndex } | { problems: readonly string[] } {
    return atOnce(ListIndex.steps(source));
  }

  /** The same in steps. */
  static *steps(source: ListSource): Steps<{ index: ListIndex } | { problems: readonly string[] }> {
    if (source.entries.length > LIMITS.listEntryCountMax) {
      const count = `${source.name} has ${source.entries.length} entries`;
      return { problems: [`${count}; the limit is ${LIMITS.listEntryCountMax}`] };
    }
    const problems: string[] = [];
    const stays = new Map<string | number, Stay | Stay[]>();
    for (const [i, entry] of source.entries.entries()) {
      if (i % ENTRIES_A_STEP === 0) yield;
      const stay = stayOf(entry);
      if (typeof stay === 'string') {
        problems.push(`${source.name}: ${JSON.stringify(entry.value)} ${stay}`);
        if (problems.length >= PROBLEMS_MAX) break;
        continue;
      }
      const known = stays.get(entry.value);
      if (known === undefined) stays.set(entry.value, stay);
      else if (Array.isArray(known)) known.push(stay);
      else stays.set(entry.value, [known, stay]);
    }
    if (problems.length > 0) return { problems };
    return { index: new ListIndex(source, yield* versionSteps(source.entries), stays) };
  }

  has(value: string | number, tMs: number): boolean {
    const stay = this.#stays.get(value);
    if (stay === undefined) return false;
    if ('fromMs' in stay) return tMs >= stay.fromMs && tMs < stay.untilMs;
    return stay.some((one) => tMs >= one.fromMs && tMs < one.untilMs);
  }
}

/** sha256 of a line an entry, in the order of their UTF-16 units. */
function* versionSteps(entries: readonly ListEntry[]): Steps<string> {
  const runs: (readonly string[])[] = [];
  for (let i = 0; i < entries.length; i += SORTED_A_STEP) {
    yield;
    runs.push(entries.slice(i, i + SORTED_A_STEP).map(({ value, from, until }) =>
      JSON.stringify([value, from ?? '', until ?? ''])).toSorted());
  }
  const lines = yield* mergedSteps(runs);
  const hash = createHash('sha256');
  for (let i = 0; i < lines.length; i += LINES_A_STEP) {
    yield;
    hash.update(`${i === 0 ? '' : '\n'}${lines.slice(i, i + LINES_A_STEP).join('\n')}`);
  }
  return `sha256:${hash.digest('hex')}`;
}

/** Sorted runs as one: a merge sort from below, a pause after so many lines. */
function* mergedSteps(runs: readonly (readonly string[])[]): Steps<readonly string[]> {
  let from = runs;
  while (from.length > 1) {
    const merged: (readonly string[])[] = [];
    for (let i = 0; i < from.length; i += 2) merged.push(yield* mergedTwo(from[i] ?? [], from[i + 1] ?? []));
    from = merged;
  }
  return from[0] ?? [];
}

function* mergedTwo(one: readonly string[], other: readonly string[]): Steps<readonly string[]> {
  const merged: string[] = [];
  for (let i = 0, j = 0; i < one.length || j < other.length;) {
    if (merged.length % LINES_A_STEP === 0) yield;
    const [left, right] = [one[i], other[j]];
    if (right === undefined || (left !== undefined && left <= right)) {
      merged.push(left ?? '');
      i += 1;
    } else {
      merged.push(right);
      j += 1;
    }
  }
  return merged;
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

type Bound = BoundLists | { readonly problems: readonly string[] };

/**
 * Joins a policy's declarations with what is published. A managed list that nobody has published yet is
 * empty. The problems are sentences; `validity: required` is held here, where the entries are known.
 */
export const bindLists = (...parts: Parameters<typeof bindListSteps>): Bound =>
  atOnce(bindListSteps(...parts));

/** The same in steps. */
export function* bindListSteps(
  declarations: readonly ListDeclaration[], published: ReadonlyMap<string, ListSource>,
): Steps<Bound> {
  const problems: string[] = [];
  const indexes: ListIndex[] = [];
  for (const declaration of declarations) {
    const source = yield* sourceSteps(declaration, published);
    problems.push(...yield* misfitSteps(declaration, source));
    const result = yield* indexedSteps(source);
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
function* indexedSteps(source: ListSource): ReturnType<typeof ListIndex.steps> {
  const known = made.get(source.entries);
  if (known?.name === source.name) return { index: known };
  const result = yield* ListIndex.steps(source);
  if ('index' in result) made.set(source.entries, result.index);
  return result;
}

function* sourceSteps(
  { name, of, values }: ListDeclaration, published: ReadonlyMap<string, ListSource>,
): Steps<ListSource> {
  if (values !== undefined) return { name, entries: values.map((value) => ({ value })) };
  const entries = published.get(name)?.entries ?? [];
  return { name, entries: of.kind === 'int' ? yield* numberedSteps(entries) : entries };
}

const withNumbers = new WeakMap<ListSource['entries'], ListSource['entries']>();

/** The same entries give the same array, so that they are indexed once. */
function* numberedSteps(entries: ListSource['entries']): Steps<ListSource['entries']> {
  const known = withNumbers.get(entries);
  if (known !== undefined) return known;
  const found: ListEntry[] = [];
  for (const [i, entry] of entries.entries()) {
    if (i % ENTRIES_A_STEP === 0) yield;
    found.push(numbered(entry));
  }
  withNumbers.set(entries, found);
  return found;
}

/** A published file has texts; in a list of whole numbers they are numbers. */
const numbered = (entry: ListEntry): ListEntry =>
  (/^-?\d{1,15}$/.test(String(entry.value)) ? { ...entry, value: Number(entry.value) } : entry);

function* misfitSteps(declaration: ListDeclaration, { entries }: ListSource): Steps<readonly string[]> {
  const problems: string[] = [];
  for (const [i, entry] of entries.entries()) {
    if (i % ENTRIES_A_STEP === 0) yield;
    const problem = misfit(declaration, entry);
    if (problem !== undefined) problems.push(problem);
    if (problems.length >= PROBLEMS_MAX) break;
  }
  return problems;
}

function misfit({ name, of, validity }: ListDeclaration, entry: ListEntry): string | undefined {
  const wanted = of.kind === 'int' ? 'number' : 'string';
  const shown = (): string => `${name}: ${JSON.stringify(entry.value)}`;
  if (typeof entry.value !== wanted) return `${shown()} is not a ${wanted}`;
  const bounded = entry.from !== undefined || entry.until !== undefined;
  if (validity === 'none' && bounded) return `${shown()} has dates; the list is declared without validity`;
  const endless = validity === 'required' && entry.until === undefined;
  return endless ? `${shown()} has no end; the list requires one` : undefined;
}
