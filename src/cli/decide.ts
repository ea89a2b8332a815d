/** `assay decide FILE`: the same pipeline over a file; one decision a line, the same JSON, in input order. */
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { parseInstant } from '#domain/instant.ts';
import { LIMITS } from '#domain/limits.ts';
import type { DecideAnswer, RecordAnswer } from '#decisioning/call.ts';
import type { Engine } from '#decisioning/engine.ts';
import { byteLines, isBlank } from './byte-lines.ts';
import { csvReader } from './csv-mapping.ts';
import { Progress } from './progress.ts';
import { UsageError, type ExitCode, type Shell } from './shell.ts';

export const DECIDE_USAGE = `assay decide FILE|-  decides every payment of a file, one JSON call a line
  --policy FILE     decide by this policy instead of the starter policies (repeatable)
  --data FOLDER     keep the log there, and go on with what it has; default: a temporary folder
  --csv MAPPING     FILE is CSV; MAPPING (YAML) says which column is which field
  --clock event     each payment arrives at its own time (default); --clock now: it arrives now
  --explain         with all feature values`;

/** Opens an engine over a folder; main/ knows the adapters. */
export interface DecideParts {
  open(folder: string, policyFiles: readonly string[] | undefined): Promise<Engine>;
  render(answer: Extract<DecideAnswer, { kind: 'decided' }>, explain: boolean): string;
}

/** How many payments are being written at once: enough to fill a group commit. */
const IN_FLIGHT = 256;
const TENANT = 'default';

export async function decide(shell: Shell, parts: DecideParts): Promise<ExitCode> {
  const { values, positionals } = parseArgs({
    args: [...shell.args], allowPositionals: true, options: {
      policy: { type: 'string', multiple: true }, data: { type: 'string' }, csv: { type: 'string' },
      clock: { type: 'string', default: 'event' }, explain: { type: 'boolean', default: false },
    },
  });
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) throw new UsageError(DECIDE_USAGE);
  if (values.clock !== 'event' && values.clock !== 'now') {
    throw new UsageError(`--clock is event or now, not ${values.clock}`);
  }
  const at = (path: string): string => resolve(shell.folder, path);
  const temporary = values.data === undefined ? await mkdtemp(join(tmpdir(), 'assay-')) : undefined;
  const clear = async (): Promise<void> => {
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
  };
  const engine = await parts.open(temporary ?? at(values.data ?? ''), values.policy?.map(at))
    .catch(async (error: unknown) => {
      await clear();
      throw error;
    });
  try {
    const { input, progressed } = await opened(file === '-' ? undefined : at(file));
    const csv = values.csv === undefined ? undefined
      : csvReader(await readFile(at(values.csv), 'utf8'), values.csv);
    const code = await drive(engine, readCalls(input, csv), values.clock === 'event', (answer, line) => {
      progressed();
      if (answer.kind === 'decided') shell.out(parts.render(answer, values.explain));
      else if (answer.kind === 'refused') {
        shell.out(JSON.stringify({ object: 'refusal', line, ...answer.refusal }));
      }
    });
    progressed(true);
    return code;
  } finally {
    await engine.close();
    await clear();
  }
}

interface Input {
  readonly input: AsyncIterable<Uint8Array | string>;
  readonly progressed: (atEnd?: boolean) => void;
}

/** Of a pipe nobody knows how far it is, and a terminal that shows the decisions shows that too. */
async function opened(path: string | undefined): Promise<Input> {
  if (path === undefined) return { input: process.stdin, progressed: () => {} };
  const found = await stat(path);
  const input = createReadStream(path);
  if (!found.isFile() || process.stdout.isTTY) return { input, progressed: () => {} };
  const bar = new Progress('Decide', found.size, 'bytes');
  return {
    input,
    progressed: (atEnd = false) => {
      bar.at(input.bytesRead);
      if (atEnd) bar.end();
    },
  };
}

type Answer = DecideAnswer | RecordAnswer;

/**
 * Sends the calls in order, some at a time, and tells the answers in the same order. 1 if any was refused.
 */
export async function drive(
  engine: Engine, calls: AsyncIterable<{ line: number; bytes: Uint8Array }>, eventClock: boolean,
  tell: (answer: Answer, line: number) => void,
): Promise<ExitCode> {
  const waiting: { line: number; answer: Promise<Answer> }[] = [];
  let arrivedMs = -Infinity;
  let code: ExitCode = 0;
  const tellFirst = async (): Promise<void> => {
    const first = waiting.shift();
    if (first === undefined) return;
    const answer = await first.answer;
    if (answer.kind === 'refused') code = 1;
    tell(answer, first.line);
  };
  for await (const { line, bytes } of calls) {
    const { isEvent, atMs } = glance(bytes);
    // A time that has not come is a mistake of this line, and would make every later line late.
    if (atMs <= Date.now() + LIMITS.occurredAheadMsMax) arrivedMs = Math.max(arrivedMs, atMs);
    const receivedAtMs = eventClock && arrivedMs > 0 ? arrivedMs : Date.now();
    const call = { bytes, tenant: TENANT, receivedAtMs };
    waiting.push({ line, answer: isEvent ? engine.record(call) : engine.decide(call) });
    if (waiting.length >= IN_FLIGHT) await tellFirst();
  }
  while (waiting.length > 0) await tellFirst();
  return code;
}

/** What of a call has to be known before it is parsed: which door it goes to, and when it says it arrived. */
function glance(bytes: Uint8Array): { isEvent: boolean; atMs: number } {
  const byteCount = Math.min(bytes.byteLength, LIMITS.requestBodyBytesMax);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, byteCount).toString();
  const isEvent = /^\s*\{\s*"event"/.test(text);
  const known = /"known_at"\s*:\s*"([^"]+)"/.exec(text) ?? /"occurred_at"\s*:\s*"([^"]+)"/.exec(text);
  return { isEvent, atMs: (known?.[1] === undefined ? undefined : parseInstant(known[1])) ?? -Infinity };
}

/** Lines of NDJSON, or rows of CSV made into calls. Empty lines are skipped. */
export async function* readCalls(
  input: AsyncIterable<Uint8Array | string>, csv?: (line: string) => string | undefined,
): AsyncGenerator<{ line: number; bytes: Uint8Array }> {
  let line = 0;
  for await (const bytes of byteLines(input, LIMITS.requestBodyBytesMax)) {
    line += 1;
    if (isBlank(bytes)) continue;
    const call = csv === undefined ? bytes : csv(textOf(bytes, line));
    if (call !== undefined) yield { line, bytes: Buffer.from(call) };
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

function textOf(bytes: Uint8Array, line: number): string {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    throw new UsageError(`line ${line} is not UTF-8; convert the file first`);
  }
}
