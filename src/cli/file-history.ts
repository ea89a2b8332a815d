/** A file of calls as history: each arrives at its own time, and time does not step back. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { HistoryRefused, type History } from '#backtest/history.ts';
import { formatInstant, parseInstant } from '#domain/instant.ts';
import { LIMITS } from '#domain/limits.ts';
import { recordKey } from '#decisioning/record.ts';
import type { LogRecord } from '#ports/decision-log.ts';
import { byteLines, isBlank } from './byte-lines.ts';
import { csvReader } from './csv-mapping.ts';

export interface FileHistoryOptions {
  /** How far a line may lie behind the latest one; it then arrives with that one, late. */
  readonly lateMs: number;
  /** The file is CSV: the text of its mapping, and what that file is called. */
  readonly csv: { readonly mapping: string; readonly file: string } | undefined;
}

const TENANT = 'default';
const NONE = new Uint8Array(0);

/** Positions are calls, counted from 1. */
export async function fileHistory(path: string, title: string,
  options: FileHistoryOptions): Promise<History> {
  const { csv, lateMs } = options;
  const { size, mtimeMs } = await stat(path);
  let last = 1;
  return {
    title, recorded: false, content: JSON.stringify([size, mtimeMs, lateMs, csv?.mapping ?? null]),
    get last() { return last; },
    startAt: () => Promise.resolve(1),
    inForceBefore: () => Promise.resolve(undefined),
    async *read(fromPosition) {
      const input = createReadStream(path);
      const convert = csv && csvReader(csv.mapping, csv.file);
      const order = new Arrivals(title, lateMs);
      let line = 0;
      let position = 0;
      for await (const bytes of byteLines(input, LIMITS.requestBodyBytesMax)) {
        line += 1;
        if (isBlank(bytes)) continue;
        const text = convert === undefined ? bytes : convert(bytes.toString('utf8'));
        if (text === undefined) continue;
        position += 1;
        const record = order.record(line, position, typeof text === 'string' ? Buffer.from(text) : text);
        if ((position & 1_023) === 1) last = Math.max(position,
          Math.round(position * size / (input.bytesRead || 1)));
        if (position >= fromPosition) yield record;
      }
      last = position;
    },
  };
}

class Arrivals {
  readonly #title: string;
  readonly #lateMs: number;
  #latestMs = -Infinity;

  constructor(title: string, lateMs: number) {
    this.#title = title;
    this.#lateMs = lateMs;
  }

  record(line: number, position: number, bytes: Uint8Array): LogRecord {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
    const isEvent = /^\s*\{\s*"event"/.test(text);
    const known = /"known_at"\s*:\s*"([^"]+)"/.exec(text) ?? /"occurred_at"\s*:\s*"([^"]+)"/.exec(text);
    const atMs = known?.[1] === undefined ? undefined : parseInstant(known[1]);
    if (atMs === undefined) throw new HistoryRefused(`${this.#title}:${line}: has no occurred_at that is `
      + `an instant`);
    if (atMs < this.#latestMs - this.#lateMs) {
      throw new HistoryRefused(`${this.#title}:${line}: ${formatInstant(atMs)} is before `
        + `${formatInstant(this.#latestMs)}, which stands above it; sort the file by occurred_at (labels by `
        + 'known_at), or say how late lines may come with --late 7d');
    }
    this.#latestMs = Math.max(this.#latestMs, atMs);
    // A copy: the line is part of a chunk that is used again.
    const parts = [NONE, Buffer.from(bytes)];
    return {
      kind: isEvent ? 'event' : 'decision', position, receivedAtMs: this.#latestMs, parts,
      key: recordKey(TENANT, isEvent ? 'event' : 'tx', `${position}`),
    };
  }
}
