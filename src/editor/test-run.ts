/** The tests of a document, run a few at a time while somebody goes on typing. */
import { LIMITS } from '#domain/limits.ts';
import type { CompiledPolicy } from '#policy/compiled-policy.ts';
import type { Place } from '#policy/diagnostic.ts';
import type { PolicyTest } from '#policy/policy-test.ts';
import { runPolicyTest, type TestFailure } from '#policy/run-policy-tests.ts';
import type { OpenTestWorld } from '#policy/test-world.ts';

/** Runs something later; what it returns calls that off. */
export type Later = (ms: number, run: () => void) => () => void;

export interface TestRunParts {
  readonly open: OpenTestWorld;
  readonly later: Later;
  readonly nowMs: () => number;
}

export interface TestOutcome {
  readonly failures: readonly TestFailure[];
  /** Why not all of them were run, and where the first that was not stands. */
  readonly leftOut: (Place & { readonly message: string }) | undefined;
}

/** One test at a time; `done` is called once, unless the run is called off. Returns what calls it off. */
export function runTests(policy: CompiledPolicy, parts: TestRunParts,
  done: (outcome: TestOutcome) => void): () => void {
  const failures: TestFailure[] = [];
  const startedMs = parts.nowMs();
  let callOff = (): void => {};
  const next = (index: number, events: number): void => {
    const test = policy.tests[index];
    if (test === undefined) {
      done({ failures, leftOut: undefined });
      return;
    }
    const sent = events + eventCount(test);
    const late = parts.nowMs() - startedMs > LIMITS.editorTestMsMax;
    if (late || sent > LIMITS.editorTestEventCountMax) {
      done({ failures, leftOut: { ...test.place, message: leftOutBecause(policy, index, late) } });
      return;
    }
    failures.push(...runPolicyTest(policy, test, { open: parts.open }));
    callOff = parts.later(0, () => { next(index + 1, sent); });
  };
  callOff = parts.later(0, () => { next(0, 0); });
  return () => { callOff(); };
}

const eventCount = ({ lines }: PolicyTest): number => lines.reduce((sum, { times }) => sum + times, 0);

function leftOutBecause(policy: CompiledPolicy, index: number, late: boolean): string {
  const limit = late ? `${LIMITS.editorTestMsMax} ms` : `${LIMITS.editorTestEventCountMax} events`;
  return `${policy.tests.length - index} tests were not run while you type: the limit is ${limit}. `
    + '`assay policy test` runs them all.';
}
