/** `assay language-server`: the language server of policies, over standard input and output. */
import process from 'node:process';
import type { EventSchema } from '#domain/field.ts';
import { LanguageServer } from '#editor/language-server.ts';
import { encodeMessage, MessageStream } from '#editor/message-stream.ts';
import type { OpenTestWorld } from '#policy/test-world.ts';
import { UsageError, type ExitCode, type Shell } from './shell.ts';

export const LANGUAGE_SERVER_USAGE = `\
assay language-server         for editors: the Language Server Protocol on standard input and output`;

/** Until `exit`, the end of the input, or a frame after which nothing can be read. */
export async function languageServer(shell: Shell, schema: EventSchema,
  open: OpenTestWorld): Promise<ExitCode> {
  // Editors like to say how they talk to a server; standard input and output is all there is.
  if (shell.args.some((arg) => arg !== '--stdio')) throw new UsageError(LANGUAGE_SERVER_USAGE);
  const stream = new MessageStream();
  let ended: ExitCode | undefined;
  const server = new LanguageServer({
    schema, open,
    nowMs: () => performance.now(),
    later: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => { clearTimeout(timer); };
    },
    send: (message) => {
      if (ended === undefined) process.stdout.write(encodeMessage(message));
    },
    exit: (code) => { ended = code; },
  });
  // The editor is gone: there is nobody to answer.
  process.stdout.on('error', () => {
    ended ??= 1;
    process.stdin.destroy();
  });
  for await (const chunk of process.stdin) {
    if (!(chunk instanceof Uint8Array)) continue;
    for (const frame of stream.push(chunk)) {
      if (frame.kind === 'message') server.receive(frame.value);
      else server.unreadable(frame.because);
      if (frame.kind === 'lost') {
        shell.err(`the input cannot be read on: ${frame.because}`);
        ended = 1;
      }
      if (ended !== undefined) break;
    }
    if (ended !== undefined) break;
  }
  ended ??= 1;
  process.stdin.destroy();
  server.close();
  return ended;
}
