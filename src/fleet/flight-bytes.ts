/**
 * What is kept beside the shared logs of a call that has its place and is not kept yet, in bytes: kind (0
 * payment, 1 event), arrival (f64 ms), tenant, Idempotency-Key ('' where there is none), and the request.
 */
import type { DecideCall } from '#decisioning/call.ts';
import { ByteReader, ByteWriter } from './bytes.ts';

export interface FlightCall {
  readonly kind: 'payment' | 'event';
  readonly call: DecideCall;
}

const writer = new ByteWriter();

export function flightBytes(
  kind: FlightCall['kind'], { tenant, idempotencyKey = '', bytes }: DecideCall, receivedAtMs: number,
): Uint8Array {
  const out = writer.begin();
  out.byte(kind === 'payment' ? 0 : 1);
  out.float(receivedAtMs);
  out.text(tenant);
  out.text(idempotencyKey);
  out.bytes(bytes);
  return out.end();
}

/** Throws RangeError where the bytes are none of these. */
export function readFlight(flight: Uint8Array): FlightCall {
  const from = new ByteReader(flight);
  const kind = from.byte() === 0 ? 'payment' : 'event';
  const [receivedAtMs, tenant, idempotencyKey] = [from.float(), from.text(), from.text()];
  const call = { tenant, receivedAtMs, bytes: from.rest() };
  return { kind, call: idempotencyKey === '' ? call : { ...call, idempotencyKey } };
}
