/**
 * Work in steps of a few milliseconds, so that payments are decided between them. The same work at once is
 * the same result: a start and a replay have nobody to wait for.
 */
export type Steps<Result> = Generator<undefined, Result, undefined>;

export function atOnce<Result>(steps: Steps<Result>): Result {
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

export async function stepByStep<Result>(
  steps: Steps<Result>, pause: () => Promise<void>,
): Promise<Result> {
  let step = steps.next();
  while (step.done !== true) {
    await pause();
    step = steps.next();
  }
  return step.value;
}
