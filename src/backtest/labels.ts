/** What proved true of payments: the label known last, by payment. */
import { idKey } from './id-key.ts';

/** The words of labels, and what each says of the payment. */
const TRUTH: Readonly<Record<string, Truth>> = {
  chargeback: 'bad', confirmed_fraud: 'bad', false_positive: 'good', genuine: 'good',
};

/** `unlabelled`: nobody has said anything; it is counted as good, and its number is told. */
export type Truth = 'bad' | 'good' | 'unlabelled';

interface Known { readonly truth: Truth; readonly knownAtMs: number }

export class Labels {
  readonly #known = new Map<number, Known>();
  #lastMs = -Infinity;

  /** When the newest label became known; -Infinity where that is not known of any. */
  get lastMs(): number { return this.#lastMs; }

  set(tenant: string, transactionId: string, label: string, knownAtMs: number): void {
    const truth = TRUTH[label];
    if (truth === undefined) return;
    const key = idKey(tenant, transactionId);
    this.#lastMs = Math.max(this.#lastMs, knownAtMs);
    if ((this.#known.get(key)?.knownAtMs ?? -Infinity) <= knownAtMs) this.#known.set(key,
      { truth, knownAtMs });
  }

  of(key: number): Truth { return this.#known.get(key)?.truth ?? 'unlabelled'; }

  save(): SavedLabels { return { known: this.#known, lastMs: this.#lastMs }; }

  load({ known, lastMs }: SavedLabels): void {
    for (const [key, one] of known) this.#known.set(key, one);
    this.#lastMs = lastMs;
  }
}

export interface SavedLabels { readonly known: ReadonlyMap<number, Known>; readonly lastMs: number }
