/**
 * The one place where source becomes code. The source is made of slot numbers, names that this folder makes,
 * and emitted expressions, which quote every text of a policy.
 */
export function generatedFunction<Result>(parameters: readonly string[], body: string): Result {
  // oxlint-disable-next-line typescript/no-implied-eval -- generating the scan is what makes it fast
  return new Function(...parameters, `"use strict";${body}`) as Result;
}
