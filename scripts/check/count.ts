export interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Test files that hold no test. The runner counts such a file as a test that passed; we do not. */
  readonly emptyFiles: readonly string[];
}

/** A lane that only says yes or no, with its exit code. */
export function oneCheck(): Count | undefined {
  return { passed: 1, failed: 0, skipped: 0, emptyFiles: [] };
}

/** The closing lines of Node's test runner: `ℹ pass 12`, `ℹ fail 0`. */
export function unitTests(output: string): Count | undefined {
  const read = (name: string): number => Number(new RegExp(`^ℹ ${name} (\\d+)$`, 'm').exec(output)?.[1]);
  const emptyFiles = [...output.matchAll(/^✔ (\S+\.test\.ts) \([\d.]+ms\)$/gm)].map(([, path]) => path ?? '');
  const count = {
    passed: read('pass') - emptyFiles.length,
    failed: read('fail') + read('cancelled'),
    skipped: read('skipped'),
    emptyFiles,
  };
  return Number.isNaN(count.passed + count.failed + count.skipped) ? undefined : count;
}

/** The closing line of `assay policy test`: `12 passed, 0 failed`. */
export function policyTests(output: string): Count | undefined {
  const last = [...output.matchAll(/^(\d+) passed, (\d+) failed/gm)].at(-1);
  if (last === undefined) return undefined;
  return { passed: Number(last[1]), failed: Number(last[2]), skipped: 0, emptyFiles: [] };
}
