/**
 * What is told of a decision beside the decision itself. Names in snake case stand in the answer as they are.
 */
import type { Decision, FeatureValue } from '#domain/decision.ts';
import type { Axis, Outcome } from '#domain/outcome.ts';

export interface Explanation {
  /** As it was recorded: what was answered then. */
  readonly decision: Decision;
  readonly derived: Derived;
  /** In the order of the policy; without those of an axis that the reader may not see. */
  readonly rules: readonly RuleAccount[];
  /** Features that these rules read. */
  readonly values: readonly MeasuredAccount[];
  readonly counterfactual: Counterfactual;
}

/** The decision is there, and why it cannot be told. */
export interface NotExplained {
  readonly notExplained: string;
  /** Asked again, it may be told. */
  readonly isPassing?: true;
}

/** Whether the record, judged again, gives the recorded answer byte for byte. */
export interface Derived {
  readonly equal: boolean;
  /** `facts`: from what the record holds; `replay`: the log was read again up to the decision. */
  readonly from: 'facts' | 'replay';
  readonly policy_hash: string;
  /** Log position of the publication, or of its amendment, that was in force. */
  readonly publication: number;
  readonly position: number;
  readonly list_versions: Readonly<Record<string, string>>;
  readonly rates: string;
}

export type Kleene = 'true' | 'false' | 'unknown';

/** A condition and what each of its parts said. */
export interface AnswerTree {
  /** As the policy language writes it. */
  readonly text: string;
  readonly english: string;
  /** `not_read`: what it asks was not looked up when the payment was decided. */
  readonly answer: Kleene | 'not_read';
  /** This part alone made the whole what it is. */
  readonly decisive?: boolean;
  /** Why it is unknown: what was missing, and for what reason. */
  readonly because?: { readonly name: string; readonly reason: string };
  /** Of a comparison. */
  readonly compared?: {
    readonly left: Operand; readonly op: string; readonly right: Operand;
  };
  /** Names that it reads beside the operands, and their values. */
  readonly reads?: readonly Operand[];
  readonly list?: ListHit;
  readonly joined?: 'and' | 'or' | 'not' | 'require';
  readonly parts?: readonly AnswerTree[];
}

export interface Operand {
  readonly name: string;
  readonly value: FeatureValue;
  /** Why it is null. */
  readonly missing?: string;
}

/** The entry that put a value on a list at the time of the payment. */
export interface ListHit {
  readonly list: string;
  readonly value: string | number;
  readonly from?: string;
  readonly until?: string;
  readonly note?: string;
  /** Id of the change that added it; absent where the whole list was replaced, or found. */
  readonly change?: string;
}

export type RuleAnswerWord = 'hit' | 'miss' | 'unknown' | 'excepted' | 'off';

export interface RuleAccount {
  readonly rule: string;
  readonly axis: Axis;
  readonly title: string;
  readonly mode: 'live' | 'shadow' | 'off';
  /** Where the mode is not that of the policy: who or what set it, since when and why. */
  readonly mode_because?: string;
  readonly answer: RuleAnswerWord;
  /** What it did: an outcome, `score`, `report`, `shadow`, `excepted`, `replaced`, `none`, ... */
  readonly effect: string;
  /** What a hit does, in words. */
  readonly does: string;
  readonly english: string;
  readonly references: readonly string[];
  readonly condition: AnswerTree;
  readonly unless?: AnswerTree;
  readonly unknown?: { readonly name: string; readonly reason: string; readonly effect: string };
  readonly exceptions: readonly Exception[];
  /** Rules that hit and took its effect. */
  readonly replaced_by?: readonly string[];
  /** The reason text of a hit. */
  readonly reason?: string;
  /** The outcome had this rule missed; present where it acted. */
  readonly without?: Outcome;
}

/** Why a rule that holds did nothing, by whom and until when. */
export interface Exception {
  readonly kind: 'list' | 'condition' | 'snooze';
  /** Name of the list, text of the condition, or id of the snooze. */
  readonly name: string;
  readonly value?: string | number;
  readonly from?: string;
  readonly until?: string;
  /** Note of the list entry, or reason of the snooze. */
  readonly note?: string;
  readonly by?: string;
  readonly approved_by?: readonly string[];
}

export interface MeasuredAccount {
  readonly name: string;
  readonly value: FeatureValue;
  readonly missing?: string;
  /** Field whose value names the entity that this is measured of. */
  readonly entity: string;
  /** Absent for what is not a number. */
  readonly baseline?: Baseline;
}

/** What was measured in the entity's earlier decisions, at most 20 of them; nearest-rank quartiles. */
export type Baseline =
  | { readonly kind: 'usual'; readonly n: number; readonly low: FeatureValue; readonly median: FeatureValue;
      readonly high: FeatureValue }
  | { readonly kind: 'no_baseline'; readonly n: number };

export interface Counterfactual {
  /** The outcome that is to be lowered: `overall`, or that of the axis which the reader may see. */
  readonly of: 'overall' | 'fraud';
  readonly outcome: Outcome;
  readonly meaning: string;
  /** One a value; empty where the outcome cannot be lower. */
  readonly changes: readonly SmallestChange[];
}

export interface SmallestChange {
  readonly name: string;
  readonly kind: 'feature' | 'field';
  readonly value: FeatureValue;
  /** The nearest value that lowers the outcome, all others as they were; null where none does. */
  readonly to: FeatureValue;
  /** In whole units of the value: minor units, counts, ms; null where none does. */
  readonly by: number | null;
  readonly outcome: Outcome | null;
}
