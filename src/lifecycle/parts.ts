/** What the life cycle asks of the world; handed in from main. */
import type { Amended, Amendment, Publication } from '#decisioning/publication.ts';
import type { Amending, Keeping } from '#decisioning/publisher.ts';
import type { CompiledPolicy } from '#policy/compiled-policy.ts';
import type { RecordStore } from '#ports/records.ts';
import type { Refusal } from '#domain/refusal.ts';
import type { BacktestRunner } from './backtest-runner.ts';
import type { ListChangeOrder } from './list-changes.ts';
import type { Seals } from './seals.ts';

/** Who acts. INVARIANT: made from a key alone, never from what a request says. */
export interface Actor {
  readonly person: string;
  readonly roles: readonly string[];
}

/** What decides now, as the decision log says. */
export interface InForceView {
  /** Of the amendment where there is one, else of the publication. */
  readonly position: number;
  /** Of the publication. */
  readonly base: number;
  readonly publication: Publication;
  readonly amendment: Amendment | undefined;
  /** One for each policy of the publication, in its order. */
  readonly policies: readonly CompiledPolicy[];
}

/** What stands in the log at a position, and when it came there. */
export type Published = { readonly position: number; readonly atMs: number }
  & ({ readonly publication: Publication } | { readonly amendment: Amendment });

export interface LiveEngine {
  inForce(): InForceView;
  /**
   * The position from which on it decides. `keeping` replaces parts of the amendment that would be kept.
   * `madeOn` is the base of what it was made from: where others publish too, and one of them has done so
   * since, it throws PublicationOvertaken. It throws PublicationRefused and LogUnavailable too; then nothing
   * was published.
   */
  publish(publication: Publication, keeping?: Keeping, madeOn?: number): Promise<number>;
  /**
   * Parts that are not named stay. A function is asked at its turn, with what is in force then; where others
   * amend too, perhaps more than once. Throws as `publish` does.
   */
  amend(amending: Amending | ((inForce: Amended) => Amending), madeOn?: number): Promise<number>;
  /** Undefined where no publication stands there. */
  publicationAt(position: number): Promise<Publication | undefined>;
  /** What went live behind a position, oldest first. */
  publishedAfter(position: number): AsyncIterable<Published>;
  /** Records that a backtest can judge again. */
  recordCount(): number;
}

/** What a document says of itself, and what its own tests say of it. */
export interface CheckedPolicy extends Pick<CompiledPolicy,
  'hash' | 'name' | 'title' | 'version' | 'kinds' | 'reviewers' | 'effective' | 'gate'> {
  readonly ruleCount: number;
  /** Managed lists by which it may let a payment through. */
  readonly exempting: readonly string[];
  /** Managed lists in which it looks up another than the payer. */
  readonly ofOthers: readonly string[];
  /** As a compiler prints them; empty where there are none. */
  readonly warnings: string;
  readonly tests: TestFigures;
}
export interface TestFigures {
  readonly passed: number;
  readonly failed: number;
  /** One message for each failed expectation, with its place. */
  readonly failures: readonly string[];
}
export interface NotCompiled {
  readonly mistakes: readonly string[];
}
/** What works beside the deciding thread has no answer to this question; another may have one. */
export class PartUnavailable extends Error {}

/** Compiles and runs the document's own tests, beside the deciding thread. Rejects with PartUnavailable. */
export type PolicyChecker = (file: string, source: string) => Promise<CheckedPolicy | NotCompiled>;

/** A body that says what is to change in a list, as it came. */
export interface ListUpload {
  readonly list: string;
  readonly bytes: Uint8Array;
  /** Of a CSV file, what its address says; undefined: JSON, which says it all. */
  readonly csv: { readonly kind: string | undefined; readonly reason: string | undefined } | undefined;
}
/** What it says, or each mistake by its place. Long ones are read beside the deciding thread. */
export type ListReader = (upload: ListUpload) => Promise<ListChangeOrder | Refusal>;

/** Ids with content hashes. */
export interface RememberedNames { has(name: string): boolean; add(name: string): void }

export interface LifecycleParts {
  readonly records: RecordStore;
  readonly engine: LiveEngine;
  readonly check: PolicyChecker;
  readonly readList: ListReader;
  readonly seals: Seals;
  /** For what people read; what came before what is said by positions and by the audit's order. */
  readonly now: () => number;
  readonly backtests: BacktestRunner | undefined;
  /** List changes whose entries were looked at and are what was proposed. */
  readonly soundChanges: RememberedNames;
  /** What challengers would have answered; undefined where nobody challenges. */
  readonly shadow?: (() => Promise<object | undefined>) | undefined;
}

