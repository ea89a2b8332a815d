import { setImmediate as nextTurn } from 'node:timers/promises';
import { stepByStep, type Steps } from '#policy/steps.ts';

/** Some milliseconds of the deciding thread. */
const ENTRIES_A_TURN = 500;

/** Does it for each, and lets payments be decided in between. */
export async function inTurns<One>(
  all: readonly One[], act: (one: One, index: number) => void,
): Promise<void> {
  for (const [index, one] of all.entries()) {
    if (index % ENTRIES_A_TURN === ENTRIES_A_TURN - 1) await nextTurn();
    act(one, index);
  }
}

/** Payments are decided between the steps. */
export const stepsInTurns = <Result>(steps: Steps<Result>): Promise<Result> =>
  stepByStep(steps, () => nextTurn());

/** The same as `filter`, in turns. */
export async function filteredInTurns<One>(
  all: readonly One[], isWanted: (one: One) => boolean,
): Promise<readonly One[]> {
  const wanted: One[] = [];
  await inTurns(all, (one) => { if (isWanted(one)) wanted.push(one); });
  return wanted;
}

/** The same as `map`, in turns. */
export async function mappedInTurns<One, Other>(
  all: readonly One[], map: (one: One) => Other,
): Promise<readonly Other[]> {
  const mapped: Other[] = [];
  await inTurns(all, (one) => { mapped.push(map(one)); });
  return mapped;
}
