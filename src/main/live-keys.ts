/** The keys of a running server: read again when `assay key` has changed them beside it. */
import { unwatchFile, watchFile } from 'node:fs';
import { join } from 'node:path';
import { openKeyStore, type LocalKeyStore } from '#adapters/key-file/key-store.ts';
import { messageOf } from '#domain/message-of.ts';
import type { Grant, ListedKey } from '#ports/key-store.ts';

const LOOK_EVERY_MS = 1_000;

export interface LiveKeys {
  find(token: string): Grant | undefined;
  list(): readonly ListedKey[];
  /** Called when they have been read again. */
  onRead(listener: () => void): void;
  stop(): void;
}

/** Where the file cannot be read, the keys from before stay in force and it is told. */
export function liveKeys(
  folder: string, opened: LocalKeyStore, tell: (line: string) => void, lookEveryMs = LOOK_EVERY_MS,
): LiveKeys {
  const file = join(folder, 'keys.json');
  let keys = opened;
  let heard = (): void => {};
  const readAgain = (): void => {
    openKeyStore(folder, { devKey: opened.devKey.token }).then(
      (fresh) => {
        keys = fresh;
        heard();
      },
      (error: unknown) => {
        const why = messageOf(error);
        tell(`keys: not read again: ${why}`);
      },
    );
  };
  watchFile(file, { interval: lookEveryMs, persistent: false }, readAgain);
  return {
    find: (token) => keys.find(token), list: () => keys.list(),
    onRead(listener) { heard = listener; },
    stop() { unwatchFile(file, readAgain); },
  };
}
