/** API keys of a node of a fleet: in a folder that all nodes share, or in its own. */
import { mkdir } from 'node:fs/promises';
import { openKeyStore, sharedDevKey } from '#adapters/key-file/key-store.ts';
import { UsageError } from '#cli/shell.ts';
import { liveKeys, type LiveKeys } from './live-keys.ts';
import { devKey, keysFolder, type Environment } from './settings.ts';

export interface FleetKeys {
  readonly folder: string;
  readonly keys: LiveKeys;
}

/** Throws UsageError where the environment says another development key than the folder that is shared. */
export async function openFleetKeys(env: Environment, tell: (line: string) => void): Promise<FleetKeys> {
  const folder = keysFolder(env);
  await mkdir(folder, { recursive: true });
  const wanted = devKey(env);
  // INVARIANT: nodes that share the file agree on the key, so none writes over what another has written.
  const token = env['ASSAY_KEYS'] === undefined ? wanted : await sharedDevKey(folder, wanted);
  if (wanted !== undefined && wanted !== token) {
    throw new UsageError(`ASSAY_DEV_KEY is another key than the one in ${folder}: leave it out, or give all `
      + 'nodes the same and take the file dev-key away');
  }
  return { folder, keys: liveKeys(folder, await openKeyStore(folder, { devKey: token }), tell) };
}
