/** The sides of a run: candidates on one window store, what they need of the past, and whether they fit. */
import { KINDS } from '#domain/field.ts';
import { LIMITS } from '#domain/limits.ts';
import type { EngineState } from '#decisioning/state.ts';
import { windowReach } from '#features/window-span.ts';
import type { CompiledPolicy } from '#policy/compiled-policy.ts';
import type { PersistentWindowStore } from '#ports/window-store.ts';
import { bindPublication } from './bind-publication.ts';
import { Contender, type Judge } from './contender.ts';
import { FeaturePool } from './feature-pool.ts';
import { Follower } from './follower.ts';
import { OrderRefused, refuseEmptyPeriod, type BacktestOrder, type Candidate } from './order.ts';

export interface Side {
  readonly candidate: Candidate;
  readonly judge: Judge;
  /** Undefined where it follows the log. */
  readonly contender: Contender | undefined;
}

/** Candidates bound to the store; the baseline first where it is judged too. */
export function openSides(
  order: BacktestOrder, state: EngineState, newMarkStore: () => PersistentWindowStore,
): readonly Side[] {
  const { schema, store } = state;
  const pool = new FeaturePool(store);
  const all = order.baseline === 'recorded' ? order.candidates : [order.baseline, ...order.candidates];
  refuseEmptyPeriod(order);
  if (order.candidates.length === 0) throw new OrderRefused('there is no candidate: name a policy to try');
  if (all.length > LIMITS.backtestCandidateCountMax) {
    throw new OrderRefused(`${all.length} candidates; the limit is ${LIMITS.backtestCandidateCountMax}: `
      + 'sweep in fewer steps');
  }
  const sides = all.map((candidate): Side => {
    const { name, publication } = candidate;
    if (publication === 'as_recorded') {
      return { candidate, judge: new Follower(name, state), contender: undefined };
    }
    const contender = new Contender({
      name, schema, store, newMarkStore, pool, publication: bindPublication(publication, schema),
    });
    return { candidate, judge: contender, contender };
  });
  refuseUnequalTimes(sides.map(({ judge }) => judge));
  return sides;
}

/** Time is one: two candidates that clamp it differently would see different windows. */
function refuseUnequalTimes(judges: readonly Judge[]): void {
  for (const kind of KINDS) {
    const times = judges.flatMap(({ policies, name }) => policies
      .filter(({ kinds }) => kinds.length === 0 || kinds.includes(kind))
      .map(({ time }) => ({ name, text: JSON.stringify(time) })));
    const other = times.find(({ text }) => text !== times[0]?.text);
    if (other === undefined) continue;
    throw new OrderRefused(`${times[0]?.name} and ${other.name} have different \`time\` for ${kind}, so they `
      + 'see different windows: backtest them one by one');
  }
}

/** How far back the windows of these policies reach at most, ms. */
export function windowReachOf(policies: readonly CompiledPolicy[], retentionMs: number): number {
  return Math.max(0, ...policies.flatMap(({ features }) =>
    features.map(({ window }) => windowReach(window, retentionMs))));
}
