/** `assay verify`: is the log whole, to the byte? */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Progress } from './progress.ts';
import type { ExitCode, Shell } from './shell.ts';

export const VERIFY_USAGE = `\
assay verify [--data FOLDER]   reads the whole log, checks every byte against the hash
                               chain, and names the first damage: file, byte, record
  --anchor POSITION:HASH       also: a head noted earlier, which the log must still have`;

export interface Verdict {
  readonly recordCount: number;
  readonly byteCount: number;
  readonly hash: string;
  readonly damage: string | undefined;
}

export interface VerifyParts {
  /** `progress` is told how many bytes of how many are read. */
  verify(
    folder: string, anchor: { position: number; hash: string } | undefined,
    progress: (readBytes: number, totalBytes: number) => void,
  ): Promise<Verdict>;
}

export async function verify(shell: Shell, parts: VerifyParts): Promise<ExitCode> {
  const { values } = parseArgs({
    args: [...shell.args], options: { data: { type: 'string' }, anchor: { type: 'string' } },
  });
  const folder = resolve(shell.folder, values.data ?? shell.env['ASSAY_DATA'] ?? '.assay');
  const [position, hash] = values.anchor?.split(':') ?? [];
  const anchor = hash === undefined ? undefined : { position: Number(position), hash };
  const bar = new Progress('Verify', 0, 'bytes');
  const { recordCount, byteCount, damage, hash: head } =
    await parts.verify(folder, anchor, (done, total) => { bar.at(done, total); });
  bar.end();
  if (damage !== undefined) {
    shell.out(`damaged after ${recordCount} good records\n${damage}`);
    return 1;
  }
  shell.out(`whole: ${recordCount} records, ${byteCount} bytes\nhead ${recordCount}:${head}`);
  return 0;
}
