/** Tests that stand in the policy: events in the order they arrive, and what is expected of them. */
import type { ParsedEvent } from '#domain/event.ts';
import type { Outcome } from '#domain/outcome.ts';
import type { Place } from './diagnostic.ts';
import type { ListEntry } from './lists.ts';
import type { Cell } from '#expression/type.ts';

export interface PolicyTest {
  readonly name: string;
  readonly place: Place;
  /** What `at: 0s` is. */
  readonly startMs: number;
  readonly lines: readonly TestLine[];
  /** Entries of managed lists; a list without is empty. */
  readonly lists: ReadonlyMap<string, readonly ListEntry[]>;
}

export interface TestLine {
  readonly place: Place;
  /** As written, for messages: `0s`. */
  readonly at: string;
  /** Relative to the test's start. */
  readonly atMs: number;
  readonly step: TestStep;
  /** `x: 4` sends it four times, each with an id of its own. Expectations are of the last. */
  readonly times: number;
  /** It is decided as if windows could not be asked; later lines see it all the same. */
  readonly isDegraded: boolean;
  readonly expect: readonly Expectation[];
}

export type TestStep =
  | { readonly kind: 'event'; readonly event: ParsedEvent }
  /** A status or label of an earlier transaction, known from the time of the line. */
  | { readonly kind: 'change'; readonly transactionId: string; readonly what: 'status' | 'label';
    readonly value: string };

export type Expectation = Place & (
  | { readonly kind: 'rule'; readonly rule: number; readonly answer: ExpectedAnswer }
  | { readonly kind: 'outcome'; readonly of: 'outcome' | 'fraud' | 'aml'; readonly outcome: Outcome }
  | { readonly kind: 'score'; readonly of: 'fraud' | 'aml'; readonly score: number }
  /** Undefined is `missing`. */
  | { readonly kind: 'feature'; readonly feature: number; readonly text: string; readonly cell: Cell });

export const EXPECTED_ANSWERS = ['miss', 'unknown', 'hit', 'excepted'] as const;
export type ExpectedAnswer = (typeof EXPECTED_ANSWERS)[number];
