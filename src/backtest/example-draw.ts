/**
 * A few examples of each kind, drawn without a random number: those whose ids have the smallest keys. The
 * same history gives the same examples, whatever was stopped and resumed between.
 */
import { keepSmallest } from '#lab/keep-smallest.ts';

export interface Example {
  readonly transaction_id: string;
  readonly occurred_at: string;
  readonly amount: string | null;
  readonly baseline: ExampleSide;
  readonly candidate: ExampleSide;
}
export interface ExampleSide {
  readonly outcome: string;
  readonly reasons: readonly { readonly rule: string; readonly effect: string; readonly text: string }[];
}

interface Drawn { readonly key: number; readonly example: Example }

export class ExampleDraw {
  readonly #size: number;
  readonly #drawn = new Map<string, Drawn[]>();

  /** `size`: examples kept of each kind. */
  constructor(size: number) {
    this.#size = size;
  }

  /** `make` is called where the payment is drawn, for now, by any of the kinds. */
  offer(kinds: readonly string[], key: number, make: () => Example): void {
    let example: Example | undefined;
    for (const kind of kinds) {
      const drawn = this.#drawn.get(kind) ?? [];
      this.#drawn.set(kind, drawn);
      keepSmallest(drawn, this.#size, key, () => ({ key, example: example ??= make() }));
    }
  }

  of(kind: string): readonly Example[] { return (this.#drawn.get(kind) ?? []).map(({ example }) => example); }

  save(): SavedDraw { return this.#drawn; }
  load(saved: SavedDraw): void {
    for (const [kind, drawn] of saved) this.#drawn.set(kind, [...drawn]);
  }
}

export type SavedDraw = ReadonlyMap<string, readonly Drawn[]>;
