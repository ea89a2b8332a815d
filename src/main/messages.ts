/** What a person is told where a command ends with an error. */
import { KeyStoreDamaged } from '#adapters/key-file/key-store.ts';
import { UsageError } from '#cli/shell.ts';
import { PublicationRefused } from '#decisioning/live-policies.ts';

/** The message of what can happen to anyone; with the trace where the mistake is ours. */
export function messageOrTrace(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isForeseen = error instanceof PublicationRefused || error instanceof UsageError
    || error instanceof KeyStoreDamaged || ('code' in error && !isOurs(error.code));
  return isForeseen ? error.message : error.stack ?? error.message;
}

/** Codes of Node for calls that are wrong. */
const isOurs = (code: unknown): boolean => typeof code !== 'string' || code.startsWith('ERR_');

export const isNodeError = (error: unknown, code: string): error is Error =>
  error instanceof Error && 'code' in error && error.code === code;
