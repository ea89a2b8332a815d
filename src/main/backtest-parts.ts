/** What backtests need of the world: the log of a data folder, and where windows are kept. */
import process from 'node:process';
import { stat } from 'node:fs/promises';
import { LocalLogReader } from '#adapters/log-files/decision-log-reader.ts';
import { nodeDisk } from '#adapters/log-files/node-disk.ts';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { logHistory, type History } from '#backtest/history.ts';
import type { BacktestCliParts } from '#cli/backtest-order.ts';
import { UsageError } from '#cli/shell.ts';
import type { Publication } from '#decisioning/publication.ts';
import { eventSchema, type EventSchema } from '#domain/field.ts';
import type { PersistentWindowStore } from '#ports/window-store.ts';
import { logFolder, logPlaces } from './open-embedded.ts';
import { readPublication } from './read-publication.ts';
import { policyFolder } from './settings.ts';

/** The log up to a position, read beside whoever writes it. */
export async function openLogHistory(folder: string, until = Number.MAX_SAFE_INTEGER): Promise<History> {
  const log = await LocalLogReader.open(nodeDisk, logPlaces(folder), until);
  return logHistory(log, `the log of ${folder}`);
}

export function windowsOf({ custom }: Pick<Publication, 'custom'>): {
  readonly schema: EventSchema; readonly newWindowStore: () => PersistentWindowStore;
} {
  const schema = eventSchema(custom);
  return { schema, newWindowStore: () => new LocalWindowStore(schema) };
}

/** Ctrl-C asks a command to stop in order; a second one ends it at once. */
function stopped(): { readonly asked: boolean } {
  const state = { asked: false };
  process.once('SIGINT', () => { state.asked = true; });
  return state;
}

export const backtestCliParts = (): BacktestCliParts => ({
  stopped: stopped(),
  parts: windowsOf,
  readPublication: (files) => readPublication(policyFolder(process.env), files),
  async openLog(folder) {
    if ((await stat(logFolder(folder)).catch(() => undefined)) === undefined) {
      throw new UsageError(`${folder} has no log; name the data folder with --data or ASSAY_DATA, or a FILE`);
    }
    const history = await openLogHistory(folder);
    const live = await history.inForceBefore(history.last + 1);
    return { history, live: live?.publication };
  },
});
