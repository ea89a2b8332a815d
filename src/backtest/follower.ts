/** A candidate that is whatever was live at each position: the log judged again, by its own publications. */
import type { Reason } from '#domain/decision.ts';
import type { ParsedEvent } from '#domain/event.ts';
import type { EngineState } from '#decisioning/state.ts';
import type { CompiledPolicy } from '#policy/compiled-policy.ts';
import type { TilePlan } from '#ports/window-store.ts';
import { NO_POLICY, type Judge } from './contender.ts';
import { SideMarks } from './marks.ts';
import { answersKey, verdictOf } from './recorded-verdict.ts';
import { VerdictBook } from './verdict.ts';

export class Follower implements Judge {
  readonly name: string;
  readonly book = new VerdictBook();
  /** Marks of what was live are those of the state itself. */
  readonly marks: SideMarks;
  readonly setsMarks = true;
  readonly #state: EngineState;
  #reasons: readonly Reason[] = [];

  /** Publications are applied to the state by whoever reads the log. */
  constructor(name: string, state: EngineState) {
    this.name = name;
    this.#state = state;
    this.marks = new SideMarks(state.schema, state.store);
  }

  get policies(): readonly CompiledPolicy[] { return (this.#state.live?.judging ?? []).map(({ policy }) =>
    policy); }
  get tilePlans(): readonly TilePlan[] { return (this.#state.live?.judging ?? []).flatMap(({ tilePlans }) =>
    tilePlans); }

  policyFor(event: ParsedEvent): CompiledPolicy | undefined {
    return this.#state.live?.policyFor(event)?.policy;
  }

  judge(event: ParsedEvent, row: number): number {
    const live = this.#state.live?.policyFor(event);
    this.#reasons = [];
    if (live === undefined) return this.book.numberOf('none', () => NO_POLICY);
    const { result, marks } = live.judge(event, row);
    this.marks.set(event.tenant, marks);
    this.#reasons = result.reasons;
    const key = `${live.policy.hash} ${answersKey(result)}`;
    return this.book.numberOf(key, () => verdictOf(live.policy, result));
  }

  explain(): readonly Reason[] { return this.#reasons; }
}
