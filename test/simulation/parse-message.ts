/** The message that a call was made from: the other way round from `bytesOf`. */
import { bytesOf } from './message.ts';
import type { Message } from './message.ts';

interface Sent {
  readonly id: string;
  readonly type?: string;
  readonly occurred_at: string;
  readonly known_at?: string;
  readonly transaction_id?: string;
  readonly kind?: string;
  readonly status?: string;
  readonly label?: string;
  readonly amount?: { readonly value: string; readonly currency: string };
  readonly debtor?: { readonly customer_id?: string; readonly account_id?: string };
  readonly creditor?: { readonly account_id?: string };
  readonly card?: { readonly id: string };
  readonly merchant?: { readonly id: string };
  readonly device?: { readonly id: string };
}

const ms = (instant: string | undefined): number | undefined =>
  instant === undefined ? undefined : Date.parse(instant);

/** Throws where the bytes are not a call that `bytesOf` makes. */
export function parseMessage(bytes: Uint8Array, tenant: string): Message {
  const call = JSON.parse(Buffer.from(bytes).toString('utf8')) as { transaction?: Sent; event?: Sent };
  const sent = call.transaction ?? call.event;
  if (sent === undefined) throw new TypeError('neither a transaction nor an event');
  const members = {
    family: call.transaction === undefined ? 'event' : 'tx',
    tenant,
    id: sent.id,
    type: sent.type,
    occurredAtMs: ms(sent.occurred_at),
    knownAtMs: ms(sent.known_at),
    transactionId: sent.transaction_id,
    kind: sent.kind,
    amountMinor: sent.amount && Number(sent.amount.value.replace('.', '')),
    currency: sent.amount?.currency,
    status: sent.status,
    label: sent.label,
    card: sent.card?.id,
    merchant: sent.merchant?.id,
    device: sent.device?.id,
    customer: sent.debtor?.customer_id,
    debtor: sent.debtor?.account_id,
    creditor: sent.creditor?.account_id,
  };
  const message = Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined),
  ) as unknown as Message;
  if (JSON.stringify(JSON.parse(Buffer.from(bytesOf(message)).toString('utf8'))) !== JSON.stringify(call)) {
    throw new TypeError('not a call of a client of the simulation');
  }
  return message;
}
