/** What is wrong with a change of a list, by the place of each entry. */
import { parseInstant } from '#domain/instant.ts';
import { LIMITS } from '#domain/limits.ts';
import type { ListDeclaration, ListEntry } from '#policy/lists.ts';
import { filteredInTurns, inTurns } from './in-turns.ts';
import type { ListChangeOrder } from './list-changes.ts';

export interface ListFault { readonly pointer: string; readonly detail: string }

interface Stay { readonly fromMs: number; readonly untilMs: number; readonly text: string }

const FAULTS_MAX = 100;
/** Of one value; each new one is held against all of them. */
const STAYS_MAX = 100;

export async function listFaults(
  { kind, add, remove }: Pick<ListChangeOrder, 'kind' | 'add' | 'remove'>, before: readonly ListEntry[],
  declarations: readonly ListDeclaration[],
): Promise<readonly ListFault[]> {
  const faults: ListFault[] = [];
  const gone = new Set(remove.map(String));
  const kept = kind === 'replace' ? []
    : await filteredInTurns(before, ({ value }) => !gone.has(String(value)));
  if (kept.length + add.length > LIMITS.listEntryCountMax) {
    return [{ pointer: '/add', detail: `the list would have ${kept.length + add.length} entries; the `
      + `limit is `
      + `${LIMITS.listEntryCountMax}` }];
  }
  if (kind === 'amend' && add.length === 0 && remove.length === 0) {
    faults.push({ pointer: '/add', detail: 'nothing is added and nothing taken away' });
  }
  const there = new Set<string>();
  await inTurns(before, ({ value }) => there.add(String(value)));
  await inTurns(remove, (value, i) => {
    if (!there.has(String(value))) {
      faults.push({ pointer: `/remove/${i}`, detail: `${JSON.stringify(value)} is not on the list` });
    }
  });
  const stays = new Map<string, Stay[]>();
  await inTurns(kept, (entry) => {
    const stay = stayOf(entry);
    const others = stays.get(String(entry.value)) ?? [];
    if (typeof stay !== 'string' && others.push(stay) === 1) stays.set(String(entry.value), others);
  });
  await inTurns(add, (entry, i) => {
    if (faults.length >= FAULTS_MAX) return;
    const fault = entryFault(entry, stays, declarations);
    if (fault !== undefined) faults.push({ pointer: `/add/${i}`, detail: `${JSON.stringify(entry.value)} `
      + `${fault}` });
  });
  return faults;
}

/** Undefined where it fits; then it is among the stays. */
function entryFault(
  entry: ListEntry, stays: Map<string, Stay[]>, declarations: readonly ListDeclaration[],
): string | undefined {
  const misfit = declarations.map((declaration) => misfitOf(entry, declaration)).find((one) =>
    one !== undefined);
  if (misfit !== undefined) return misfit;
  const stay = stayOf(entry);
  if (typeof stay === 'string') return stay;
  const others = stays.get(String(entry.value)) ?? [];
  if (others.length >= STAYS_MAX) {
    return `is listed ${others.length + 1} times; a value has at most ${STAYS_MAX} stays: take old ones away`;
  }
  const clash = others.find((other) => other.fromMs < stay.untilMs && stay.fromMs < other.untilMs);
  if (clash !== undefined) {
    return `is listed ${stay.text}, and it is there already ${clash.text}: validity may not overlap`;
  }
  if (others.push(stay) === 1) stays.set(String(entry.value), others);
  return undefined;
}

function misfitOf(
  { value, from, until, note = '' }: ListEntry, { of, validity }: ListDeclaration,
): string | undefined {
  const wanted = of.kind === 'int' ? 'number' : 'string';
  if (typeof value !== wanted || (typeof value === 'number' && !Number.isSafeInteger(value))) {
    return `is not a ${wanted === 'number' ? 'whole number' : 'text'}`;
  }
  if (value === '') return 'is empty';
  if (typeof value === 'string' && value.length > LIMITS.textCharsMax) {
    return `has ${value.length} characters; the limit is ${LIMITS.textCharsMax}`;
  }
  if (note.length > LIMITS.listNoteCharsMax) {
    return `has a note of ${note.length} characters; the limit is ${LIMITS.listNoteCharsMax}: name the case, `
      + 'and keep the rest there';
  }
  if (validity === 'none' && (from !== undefined || until !== undefined)) {
    return 'has dates; the list is declared without validity';
  }
  return validity === 'required' && until === undefined ? 'has no end; the list requires one' : undefined;
}

function stayOf({ from, until }: ListEntry): Stay | string {
  const fromMs = from === undefined ? -Infinity : parseInstant(from);
  const untilMs = until === undefined ? Infinity : parseInstant(until);
  const wanted = 'which is not an instant such as 2026-05-01T00:00:00Z';
  if (fromMs === undefined) return `is listed from ${from}, ${wanted}`;
  if (untilMs === undefined) return `is listed until ${until}, ${wanted}`;
  if (fromMs >= untilMs) return `is listed until ${until}, which is not after ${from ?? 'its beginning'}`;
  return { fromMs, untilMs, text: `from ${from ?? 'ever'} until ${until ?? 'ever'}` };
}
