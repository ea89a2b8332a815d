/** A change as the journal keeps it: one record, or several where it is long. */
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import type { LogRecord } from '#ports/decision-log.ts';
import type { AuditEntry } from '#ports/records.ts';
import type { AuditHead } from '#records/audit-chain.ts';
import type { WriteCall } from '#records/write-call.ts';

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/** A piece ends with the write that brings its text to so many characters: milliseconds of this thread. */
const PIECE_CHARS_MIN = 250_000;
const FORMAT = 1;

/** A piece of a change. The change was made when its last piece is there. */
export interface ChangePiece {
  readonly format: typeof FORMAT;
  /** 0 for the first. */
  readonly piece: number;
  readonly isLast: boolean;
  readonly calls: readonly WriteCall[];
  /** Of the last piece: the entry of the change, undefined for what needs none. */
  readonly audit: AuditEntry | undefined;
  /** The head of the audit after the change. */
  readonly head: AuditHead;
}

export interface JournaledChange {
  readonly calls: readonly WriteCall[];
  readonly before: AuditHead;
  readonly audit: AuditEntry | undefined;
  readonly atMs: number;
}

/**
 * The change, piece after piece; the position of each is asked for when its turn has come. The text of a
 * piece is made when it is wanted, so that a long change does not hold up this thread.
 */
export async function* recordsOf(
  { calls, before, audit, atMs }: JournaledChange, nextPosition: () => number,
): AsyncGenerator<{ readonly record: LogRecord; readonly isLast: boolean }> {
  const head = audit === undefined ? before : { seq: audit.seq, hash: audit.hash };
  let texts: string[] = [];
  let chars = 0;
  let piece = 0;
  for (const [index, call] of calls.entries()) {
    const text = JSON.stringify(call);
    texts.push(text);
    chars += text.length;
    const isLast = index === calls.length - 1;
    if (!isLast && chars < PIECE_CHARS_MIN) continue;
    yield { isLast, record: await recordOf({ piece, isLast, head, audit }, texts, nextPosition(), atMs) };
    piece += 1;
    texts = [];
    chars = 0;
  }
  if (calls.length > 0) return;
  const record = await recordOf({ piece, isLast: true, head, audit }, [], nextPosition(), atMs);
  yield { isLast: true, record };
}

async function recordOf(
  { audit, ...about }: Omit<ChangePiece, 'format' | 'calls'>, calls: readonly string[], position: number,
  atMs: number,
): Promise<LogRecord> {
  const head = JSON.stringify({ format: FORMAT, ...about, ...(about.isLast ? { audit } : {}) });
  const bytes = await deflate(`${head.slice(0, -1)},"calls":[${calls.join(',')}]}`);
  return { kind: 'event', position, receivedAtMs: atMs, key: `assay\0change\0${position}`, parts: [bytes] };
}

/** Throws where the journal is of a newer program. */
export async function parsePiece(record: LogRecord): Promise<ChangePiece> {
  const text = (await inflate(record.parts[0] ?? new Uint8Array())).toString();
  const piece = JSON.parse(text) as Omit<ChangePiece, 'format'> & { readonly format: number };
  const { format } = piece;
  if (format === FORMAT) return { ...piece, format };
  const what = `record ${record.position} of the journal has format ${format}`;
  throw new Error(`${what}; this program reads ${FORMAT}`);
}
