/** What a call says in its headers, beside its body. */
import type { IncomingHttpHeaders } from 'node:http';
import { LIMITS } from '#domain/limits.ts';
import type { Refusal } from '#domain/refusal.ts';
import type { ApiCall } from './parts.ts';
import { refusal } from './problem.ts';

type Said = Partial<Pick<ApiCall, 'idempotencyKey' | 'deadlineMs' | 'traceparent'>>;

const NOTHING: Said = {};
const PRINTABLE = /^[\x21-\x7e]+$/;
/** More than a minute is no deadline but a slip of units. */
const DEADLINE_HEADER_MS_MAX = 60_000;
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

export function parseCallHeaders(headers: IncomingHttpHeaders): Said | Refusal {
  const idempotencyKey = headers['idempotency-key'];
  const deadline = headers['decision-deadline-ms'];
  const { traceparent } = headers;
  if (idempotencyKey === undefined && deadline === undefined && traceparent === undefined) return NOTHING;
  const said: { -readonly [name in keyof Said]: Said[name] } = {};
  if (idempotencyKey !== undefined) {
    if (
      typeof idempotencyKey !== 'string' ||
      idempotencyKey.length > LIMITS.idCharsMax ||
      !PRINTABLE.test(idempotencyKey)
    ) {
      return refusal(
        'bad_request',
        `Idempotency-Key must have 1 to ${LIMITS.idCharsMax} visible ASCII characters`,
      );
    }
    said.idempotencyKey = idempotencyKey;
  }
  if (deadline !== undefined) {
    const ms =
      typeof deadline === 'string' && /^[1-9][0-9]{0,4}$/.test(deadline) ? Number(deadline) : Number.NaN;
    if (!(ms <= DEADLINE_HEADER_MS_MAX)) {
      return refusal(
        'bad_request',
        `Decision-Deadline-Ms must be a whole number from 1 to ${DEADLINE_HEADER_MS_MAX}`,
      );
    }
    said.deadlineMs = Math.min(ms, LIMITS.decisionDeadlineMsMax);
  }
  // W3C: a traceparent that cannot be read is as good as none, and never a reason to refuse.
  if (typeof traceparent === 'string' && TRACEPARENT.test(traceparent)) said.traceparent = traceparent;
  return said;
}
