/**
 * One line for each refusal and each failure. INVARIANT: no payload, no id of a person or payment, no key, no
 * message.
 */
import { pino } from 'pino';
import type { DestinationStream, LevelWithSilent } from 'pino';
import { REFUSAL_STATUS } from '#domain/refusal.ts';
import type { RefusalCode } from '#domain/refusal.ts';
import type { RequestId } from './problem.ts';

export interface RequestLog {
  refused(code: RefusalCode, about: About): void;
  /** What was thrown; only its class, its code and the places it came through are written. */
  failed(error: unknown, about: About): void;
}

export interface About {
  readonly request: RequestId;
  readonly operation: string;
  /** Id of the API key, not the key. */
  readonly keyId: string | undefined;
  /** Of the caller's trace, to find it there. */
  readonly traceId?: string | undefined;
}

const FRAME_COUNT_MAX = 8;

export function requestLog(level: LevelWithSilent = 'info', destination?: DestinationStream): RequestLog {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  const log = destination === undefined ? pino(options) : pino(options, destination);
  return {
    refused(code, about) {
      log.info({ code, status: REFUSAL_STATUS[code], ...about }, 'refused');
    },
    failed(error, about) {
      log.error({ ...nameOf(error), ...about }, 'failed');
    },
  };
}

/** A message may quote what it was about, so it is left out; the frames say where to look. */
function nameOf(error: unknown): object {
  if (!(error instanceof Error)) return { error: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const frames = (error.stack ?? '').split('\n').filter((text) => /^ {4}at /.test(text));
  return { error: error.name, code, at: frames.slice(0, FRAME_COUNT_MAX).map((text) => text.trim()) };
}
