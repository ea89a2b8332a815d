/** The key with all scopes of a data folder: it leaves this machine for nobody. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from './shell.ts';

/** Of a data folder, for a server at this address; throws UsageError where it is not for it, or not there. */
export async function devKeyFor(url: string, folder: string): Promise<string> {
  if (!isLoopback(url)) {
    throw new UsageError(`${url} is not this machine, and the dev-key is sent to no other; name a key of `
      + `that server with --key or ASSAY_KEY`);
  }
  const key = await readFile(join(folder, 'dev-key'), 'utf8').catch(() => undefined);
  if (key === undefined) throw new UsageError(`${folder} has no dev-key; give a key with --key or ASSAY_KEY`);
  return key.trim();
}

function isLoopback(url: string): boolean {
  if (!URL.canParse(url)) throw new UsageError(`${url} is no address; write one such as http://127.0.0.1:8080`);
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}
