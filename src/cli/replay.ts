/** `assay replay --compare`: recorded requests through recorded policies must give the recorded decisions. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Replayed } from '#decisioning/replay.ts';
import { Progress } from './progress.ts';
import { UsageError, type ExitCode, type Shell } from './shell.ts';

export const REPLAY_USAGE = `assay replay --compare [--data FOLDER]
    judges every recorded request again, from an empty state, and compares the answers byte by byte`;

export interface ReplayParts {
  replay(folder: string, progress: (position: number, last: number) => void): Promise<Replayed>;
}

export async function replayCommand(shell: Shell, parts: ReplayParts): Promise<ExitCode> {
  const { values } = parseArgs({
    args: [...shell.args],
    options: { compare: { type: 'boolean', default: false }, data: { type: 'string' } },
  });
  if (!values.compare) throw new UsageError(REPLAY_USAGE);
  const folder = resolve(shell.folder, values.data ?? shell.env['ASSAY_DATA'] ?? '.assay');
  const bar = new Progress('Replay', 0, 'records');
  const replayed = await parts.replay(folder, (position, last) => { bar.at(position, last); });
  bar.end();
  for (const { position, id, recorded, replayed: again } of replayed.examples) {
    shell.out(`position ${position}, ${id}: ${firstDifference(recorded, again)}`);
  }
  const { decisions, events, different } = replayed;
  shell.out(`${decisions} decisions and ${events} events replayed, ${different} different`);
  return different === 0 ? 0 : 1;
}

function firstDifference(recorded: string, replayed: string): string {
  let at = 0;
  while (at < recorded.length && recorded[at] === replayed[at]) at += 1;
  const around = (text: string): string => text.slice(Math.max(0, at - 40), at + 40);
  return `recorded ...${around(recorded)}... and replayed ...${around(replayed)}...`;
}
