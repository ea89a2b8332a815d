/** `assay dead`: what could never be decided, and sent again when what was wrong is mended. */
import { parseArgs } from 'node:util';
import type { LetterState } from '#intake/replay-dead-letters.ts';
import { UsageError, type ExitCode, type Shell } from './shell.ts';

export const DEAD_USAGE = `\
assay dead [list]              payments from Kafka that were put aside, and why; the server
                               is that of ASSAY_KAFKA. Exit code 1 where any waits
assay dead replay              sends those again of whose key nothing has come since
  --overtaken                  and those that are decided behind later ones of their key`;

export interface DeadParts {
  list(): Promise<readonly LetterState[]>;
  replay(options: { readonly overtaken: boolean }): Promise<readonly LetterState[]>;
}

export async function dead(shell: Shell, parts: DeadParts): Promise<ExitCode> {
  const { values, positionals } = parseArgs({
    args: [...shell.args], allowPositionals: true,
    options: { overtaken: { type: 'boolean', default: false } },
  });
  const [verb = 'list', ...more] = positionals;
  if (more.length > 0 || (verb !== 'list' && verb !== 'replay')) throw new UsageError(DEAD_USAGE);
  if (verb === 'replay') {
    const sent = await parts.replay({ overtaken: values.overtaken });
    for (const one of sent) shell.out(lineOf(one));
    shell.out(`${sent.length} sent again`);
    return 0;
  }
  if (values.overtaken) throw new UsageError('--overtaken belongs to assay dead replay');
  const letters = await parts.list();
  for (const one of letters) shell.out(lineOf(one));
  const open = letters.filter(({ state }) => state !== 'sent').length;
  shell.out(`${letters.length} dead letters, ${open} of them not sent again`);
  return open > 0 ? 1 : 0;
}

/** Its place and the error; nothing of what it says itself, which may be about a person. */
function lineOf({ letter, state, later }: LetterState): string {
  const { from, writtenAtMs, refusal: { code, detail } } = letter;
  const at = new Date(writtenAtMs).toISOString();
  const behind = later === 0 ? '' : `, ${later} later of its key`;
  return `${from.partition}:${from.offset}  ${at}  ${state}${behind}  ${code}: ${detail}`;
}
