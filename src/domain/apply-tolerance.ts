import { T_SLOT } from './event.ts';
import type { ParsedEvent } from './event.ts';
import { formatInstant } from './instant.ts';
import type { Refusal } from './refusal.ts';

/** How far `occurred_at` may be from arrival, and what happens outside; the policy says it. */
export interface TimeTolerance {
  readonly aheadMs: number;
  readonly behindMs: number;
  readonly outside: 'clamp' | 'refuse';
}

export interface InTime {
  /** t is effective. */
  readonly event: ParsedEvent;
  /** As the decision shows it; undefined where t is `occurred_at` as sent. */
  readonly adjusted: { readonly occurred_at: { readonly from: string; readonly to: string } } | undefined;
}

/** Both ends of the tolerance are inside it. The event that came in is left as it was. */
export function applyTolerance(event: ParsedEvent, tolerance: TimeTolerance): InTime | Refusal {
  const sent = event.numbers[T_SLOT] ?? Number.NaN;
  const earliest = event.receivedAtMs - tolerance.behindMs;
  const latest = event.receivedAtMs + tolerance.aheadMs;
  if (sent >= earliest && sent <= latest) return { event, adjusted: undefined };
  const effective = sent < earliest ? earliest : latest;
  if (tolerance.outside === 'refuse') return tooFar(event, sent, effective);
  const numbers = event.numbers.slice();
  numbers[T_SLOT] = effective;
  const adjusted = { occurred_at: { from: formatInstant(sent), to: formatInstant(effective) } };
  return { event: { ...event, numbers }, adjusted };
}

function tooFar(event: ParsedEvent, sent: number, nearest: number): Refusal {
  const pointer = event.type === 'transaction' ? '/transaction/occurred_at' : '/event/occurred_at';
  const side = sent < nearest ? 'before' : 'after';
  const detail = `${formatInstant(sent)} is ${side} ${formatInstant(nearest)}, the ${
    side === 'before' ? 'earliest' : 'latest'
  } that the policy accepts now`;
  return { code: 'outside_time_tolerance', detail: `${pointer}: ${detail}`, errors: [{ pointer, detail }] };
}
