import type { ParsedEvent } from '#domain/event.ts';
import type { RateTable } from '#domain/rates.ts';
import type { World } from '#expression/world.ts';
import type { FeatureValues } from '#features/definition.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import type { BoundLists } from './lists.ts';
import type { PolicyResult } from './policy-result.ts';

/** Where one test of a policy runs: a history of its own, and the policy judging what arrives. */
export interface TestWorld {
  /** Takes an event that is not asked about into the history. */
  tell(event: ParsedEvent): void;
  /** A status or label of an earlier transaction, known from then on. */
  change(transactionId: string, what: 'status' | 'label', value: string, knownAtMs: number): void;
  /** Takes a transaction into the history and judges it; labels that the policy sets hold from then on. */
  decide(event: ParsedEvent): Judged;
  /** The same, as it is decided where windows cannot be asked; sets no labels. */
  decideDegraded(event: ParsedEvent): Judged;
}

export interface Judged {
  /** By rule index, see policy-result.ts. Valid until the next call. */
  readonly answers: ArrayLike<number>;
  readonly values: FeatureValues;
  readonly result: PolicyResult;
  /** What expressions saw, to explain the answers. */
  readonly world: Omit<World, 'salt'>;
}

export type OpenTestWorld = (policy: CompiledPolicy, lists: BoundLists, rates: RateTable) => TestWorld;
