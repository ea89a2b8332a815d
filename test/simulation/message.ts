/**
 * What a client sends, in the client's own words; the bytes are made from it. The auditor reads these, never
 * ours.
 */

export interface Payment {
  readonly family: 'tx';
  readonly tenant: string;
  readonly id: string;
  readonly occurredAtMs: number;
  readonly kind: 'card' | 'transfer';
  readonly amountMinor: number;
  readonly currency: Currency;
  readonly status?: 'attempted' | 'approved' | 'declined';
  readonly card?: string;
  readonly merchant?: string;
  readonly device?: string;
  readonly customer?: string;
  readonly debtor?: string;
  readonly creditor?: string;
}

export interface Told {
  readonly family: 'event';
  readonly tenant: string;
  readonly id: string;
  readonly type: 'login' | 'refund' | 'status' | 'label';
  readonly occurredAtMs: number;
  readonly knownAtMs?: number;
  readonly transactionId?: string;
  readonly status?: string;
  readonly label?: string;
  readonly amountMinor?: number;
  readonly currency?: Currency;
  readonly card?: string;
  readonly customer?: string;
}

export type Message = Payment | Told;

/** The last one has no exchange rate. */
export const CURRENCIES = ['EUR', 'USD', 'JPY', 'SEK'] as const;
export type Currency = (typeof CURRENCIES)[number];

/** Decimals of each currency (ISO 4217). */
const DECIMALS: Readonly<Record<Currency, number>> = { EUR: 2, USD: 2, JPY: 0, SEK: 2 };

/** `120.50` of 12050 minor units. */
export function amountText(minor: number, currency: Currency): string {
  const decimals = DECIMALS[currency];
  const digits = String(minor).padStart(decimals + 1, '0');
  return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

const instant = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString();
const block = (members: Readonly<Record<string, string | undefined>>): object | undefined =>
  Object.values(members).every((value) => value === undefined) ? undefined : members;

function money(message: Message): object | undefined {
  const { amountMinor, currency } = message;
  if (amountMinor === undefined || currency === undefined) return undefined;
  return { value: amountText(amountMinor, currency), currency };
}

/** The call as bytes. `spread` writes the same JSON value with other white space. */
export function bytesOf(message: Message, spread = false): Uint8Array {
  const shared = { id: message.id, occurred_at: instant(message.occurredAtMs), amount: money(message) };
  const call =
    message.family === 'tx'
      ? {
          transaction: {
            ...shared,
            kind: message.kind,
            status: message.status,
            debtor: block({ customer_id: message.customer, account_id: message.debtor }),
            creditor: block({ account_id: message.creditor }),
            card: block({ id: message.card }),
            merchant: block({ id: message.merchant }),
            device: block({ id: message.device }),
          },
        }
      : {
          event: {
            ...shared,
            type: message.type,
            known_at: instant(message.knownAtMs),
            transaction_id: message.transactionId,
            status: message.status,
            label: message.label,
            debtor: block({ customer_id: message.customer }),
            card: block({ id: message.card }),
          },
        };
  return Buffer.from(JSON.stringify(call, undefined, spread ? 2 : undefined));
}
