/**
 * What a record of the topic `transactions` asks for. Its value is the body of the call, byte for byte as by
 * HTTP; what HTTP has in headers or knows by the key stands in headers of the record.
 *
 *   type                  `transaction` (where it is left out) or `event`
 *   tenant                default: that of the node
 *   idempotency-key       as the header of HTTP
 *   decision-deadline-ms  likewise; where it is left out, nobody waits, and it has ten seconds
 */
import { refused, type DecideCall } from '#decisioning/call.ts';
import { LIMITS } from '#domain/limits.ts';
import type { Refusal } from '#domain/refusal.ts';
import type { WrittenRecord } from '#ports/topic.ts';

export interface Message {
  readonly asks: 'decide' | 'record';
  readonly call: DecideCall;
}

const TENANT = /^[\x21-\x7e]{1,128}$/;
/** Rather late with its windows than in time without them. */
const USUAL_DEADLINE_MS = 10_000;
const DEADLINE_MS = /^[1-9][0-9]{0,4}$/;
const TYPES = { transaction: 'decide', event: 'record' } as const;

/** A refusal has a code; a message has not. It arrived when the topic took it, by the clock of the broker. */
export function readMessage(
  { value, headers, writtenAtMs }: WrittenRecord, usualTenant: string,
): Message | Refusal {
  const type = textIn(headers, 'type') ?? 'transaction';
  if (type !== 'transaction' && type !== 'event') {
    return wrong('type', 'is transaction or event, or left out for a transaction');
  }
  const tenant = textIn(headers, 'tenant') ?? usualTenant;
  if (!TENANT.test(tenant)) return wrong('tenant', 'has 1 to 128 visible ASCII characters');
  const idempotencyKey = textIn(headers, 'idempotency-key');
  if (idempotencyKey !== undefined && !TENANT.test(idempotencyKey)) {
    return wrong('idempotency-key', `has 1 to ${LIMITS.idCharsMax} visible ASCII characters`);
  }
  const deadline = textIn(headers, 'decision-deadline-ms') ?? `${USUAL_DEADLINE_MS}`;
  if (!DEADLINE_MS.test(deadline)) {
    return wrong('decision-deadline-ms', 'is a whole number from 1 to 99999');
  }
  return {
    asks: TYPES[type],
    call: {
      bytes: value, tenant, receivedAtMs: writtenAtMs, deadlineMs: Number(deadline),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    },
  };
}

const textIn = (headers: Readonly<Record<string, Uint8Array>>, name: string): string | undefined =>
  (headers[name] === undefined ? undefined : Buffer.from(headers[name]).toString());

const wrong = (header: string, must: string): Refusal =>
  refused('bad_request', `the header ${header} ${must}`).refusal;
