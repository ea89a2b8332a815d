/** `assay reconcile`: do the topic, PostgreSQL and the shared logs of a fleet say the same? */
import { parseArgs } from 'node:util';
import type { Difference, Reconciliation } from '#projections/reconcile.ts';
import { UsageError, type ExitCode, type Shell } from './shell.ts';

export const RECONCILE_USAGE = `\
assay reconcile [--windows SHARE]
                               holds every decision in Kafka against PostgreSQL, and a SHARE
                               of them (0 to 1, default 0.01) against the windows in Redis,
                               of the servers that ASSAY_KAFKA, ASSAY_POSTGRES and ASSAY_REDIS
                               name. Changes nothing; exit code 1 where anything differs`;

export interface ReconcileCliParts {
  /** `share` 0: Redis is not asked. */
  reconcile(share: number): Promise<Reconciliation>;
}

const SHARE = 0.01;

export async function reconcileCommand(shell: Shell, parts: ReconcileCliParts): Promise<ExitCode> {
  const { values } = parseArgs({ args: [...shell.args], options: { windows: { type: 'string' } } });
  const share = Number(values.windows ?? SHARE);
  if (!(share >= 0 && share <= 1) || values.windows === '') {
    throw new UsageError(`--windows is a share from 0 to 1, not ${values.windows}`);
  }
  const { records, copies, expired, entries, entriesGone, counts, examples } = await parts.reconcile(share);
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  for (const [kind, count] of Object.entries(counts)) shell.out(`${kind}: ${count}`);
  for (const example of examples) shell.out(lineOf(example));
  if (total > examples.length) shell.out(`... and ${total - examples.length} more`);
  shell.out(`${records} records, ${copies} of them copies, ${expired} older than what is kept; `
    + `${entries} entries of windows looked for, ${entriesGone} older than what is kept`);
  shell.out(total === 0 ? 'all is one' : `${total} differences`);
  return total === 0 ? 0 : 1;
}

/** Ids of records are hashes; nothing of a payment is shown. */
const lineOf = ({ kind, place: { partition, offset }, id, what }: Difference): string =>
  `  ${kind} at ${partition}:${offset} (${id})${what === '' ? '' : `: ${what}`}`;
