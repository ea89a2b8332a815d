export interface Count {
  readonly passed: number;
  readonly failed: number;
}

/** A lane that only says yes or no, with its exit code. */
export function oneCheck(): Count | undefined {
  return { passed: 1, failed: 0 };
}

/** The closing lines of Node's test runner: `ℹ pass 12`, `ℹ fail 0`. */
export function unitTests(output: string): Count | undefined {
  const passed = /^ℹ pass (\d+)$/m.exec(output)?.[1];
  const failed = /^ℹ fail (\d+)$/m.exec(output)?.[1];
  const cancelled = /^ℹ cancelled (\d+)$/m.exec(output)?.[1];
  if (passed === undefined || failed === undefined) return undefined;
  return { passed: Number(passed), failed: Number(failed) + Number(cancelled ?? 0) };
}

/** The closing line of `assay policy test`: `12 passed, 0 failed`. */
export function policyTests(output: string): Count | undefined {
  const last = [...output.matchAll(/^(\d+) passed, (\d+) failed/gm)].at(-1);
  return last === undefined ? undefined : { passed: Number(last[1]), failed: Number(last[2]) };
}
