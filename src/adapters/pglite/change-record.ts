/** A change as the journal keeps it: one record, or several where it is long. */
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import type { LogRecord } from '#ports/decision-log.ts';
import type { AuditEntry } from '#ports/records.ts';
import type { AuditHead } from '#records/audit-chain.ts';
import type { WriteCall } from '#records/write-call.ts';

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/** Of the text of the writes of one record; one write alone may be longer. */
const PIECE_CHARS_MAX = 1_000_000;
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

export function piecesOf(
  calls: readonly WriteCall[], before: AuditHead, audit: AuditEntry | undefined,
): readonly ChangePiece[] {
  const head = audit === undefined ? before : { seq: audit.seq, hash: audit.hash };
  const groups: WriteCall[][] = [[]];
  let chars = 0;
  for (const call of calls) {
    const length = JSON.stringify(call).length;
    if (chars > 0 && chars + length > PIECE_CHARS_MAX) {
      groups.push([]);
      chars = 0;
    }
    groups.at(-1)?.push(call);
    chars += length;
  }
  return groups.map((group, piece) => {
    const isLast = piece === groups.length - 1;
    return { format: FORMAT, piece, isLast, calls: group, audit: isLast ? audit : undefined, head };
  });
}

export async function recordOf(piece: ChangePiece, position: number, atMs: number): Promise<LogRecord> {
  const bytes = await deflate(JSON.stringify(piece));
  const key = `assay\0change\0${position}`;
  return { kind: 'event', position, receivedAtMs: atMs, key, parts: [bytes] };
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
