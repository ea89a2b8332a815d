import { RecordRefused } from '#ports/records.ts';

/** Where a list change or a snooze can get to; what is not here is where it stays. */
const NEXT: Readonly<Record<string, readonly string[]>> = {
  proposed: ['published', 'ended', 'withdrawn'],
  published: ['ended'],
};

/** Throws RecordRefused for a step back; to stay is none. A trigger of the database says the same. */
export function refuseStepBack(what: string, from: string, to: string): void {
  if (from === to || NEXT[from]?.includes(to)) return;
  throw new RecordRefused(`${what} is ${from}, and does not become ${to} again`);
}
