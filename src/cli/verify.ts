/** `assay verify`: are the log and the audit of the records whole, to the byte? */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Progress } from './progress.ts';
import { UsageError, type ExitCode, type Shell } from './shell.ts';

export const VERIFY_USAGE = `\
assay verify [--data FOLDER]   reads the whole log, checks every byte against the hash
                               chain, and names the first damage: file, byte, record
  --anchor POSITION:HASH       also: a head noted earlier, which the log must still have
  --records-anchor SEQ:HASH    the same of the audit of the records, which is read too`;

export interface Verdict {
  readonly recordCount: number;
  readonly byteCount: number;
  readonly hash: string;
  readonly damage: string | undefined;
}

export interface RecordsVerdict {
  readonly head: { readonly seq: number; readonly hash: string };
  readonly damage: string | undefined;
}

export interface VerifyParts {
  /** Of the audit of the records; undefined where there are none. */
  verifyRecords(
    folder: string, anchor: { seq: number; hash: string } | undefined,
  ): Promise<RecordsVerdict | undefined>;
  /** `progress` is told how many bytes of how many are read. */
  verify(
    folder: string, anchor: { position: number; hash: string } | undefined,
    progress: (readBytes: number, totalBytes: number) => void,
  ): Promise<Verdict>;
}

export async function verify(shell: Shell, parts: VerifyParts): Promise<ExitCode> {
  const { values } = parseArgs({
    args: [...shell.args],
    options: { data: { type: 'string' }, anchor: { type: 'string' }, 'records-anchor': { type: 'string' } },
  });
  const folder = resolve(shell.folder, values.data ?? shell.env['ASSAY_DATA'] ?? '.assay');
  const anchor = anchorOf('--anchor', values.anchor);
  const recordsAnchor = anchorOf('--records-anchor', values['records-anchor']);
  const bar = new Progress('Verify', 0, 'bytes');
  const { recordCount, byteCount, damage, hash: head } =
    await parts.verify(folder, anchor && { position: anchor.at, hash: anchor.hash },
      (done, total) => { bar.at(done, total); });
  bar.end();
  if (damage !== undefined) {
    shell.out(`damaged after ${recordCount} good records\n${damage}`);
    return 1;
  }
  shell.out(`whole: ${recordCount} records, ${byteCount} bytes\nhead ${recordCount}:${head}`);
  return tellRecords(shell, await parts.verifyRecords(folder,
    recordsAnchor && { seq: recordsAnchor.at, hash: recordsAnchor.hash }));
}

/** What is no anchor is refused: without it, a log that has lost its end would be called whole. */
function anchorOf(
  option: string, text: string | undefined,
): { readonly at: number; readonly hash: string } | undefined {
  if (text === undefined) return undefined;
  const [, at, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (at !== undefined && hash !== undefined) return { at: Number(at), hash };
  throw new UsageError(`${option} is NUMBER:HASH, as \`assay verify\` prints it behind \`head\`; `
    + `it is not ${text}`);
}

function tellRecords(shell: Shell, verdict: RecordsVerdict | undefined): ExitCode {
  if (verdict === undefined) return 0;
  const { head: { seq, hash }, damage } = verdict;
  if (damage !== undefined) {
    shell.out(`records damaged after ${seq} good audit entries\n${damage}`);
    return 1;
  }
  shell.out(`records whole: ${seq} audit entries\nrecords head ${seq}:${hash}`);
  return 0;
}
