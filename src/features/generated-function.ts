import { LIMITS } from '#domain/limits.ts';

/** By their source, the one used last at the end. */
const known = new Map<string, unknown>();
let charCount = 0;

/**
 * The one place where source becomes code. The source is made of slot numbers, names that this folder makes,
 * and emitted expressions, which quote every text of a policy.
 *
 * The same source is the same function: what it returns then shares the optimised code of what it returned
 * before, and a version of a policy that changes one rule of a hundred is as fast at its first payment as the
 * one before it.
 */
export function generatedFunction<Result>(parameters: readonly string[], body: string): Result {
  const source = `${parameters.join()}\n${body}`;
  const made = known.get(source) ?? madeAnew(parameters, body, source);
  known.delete(source);
  known.set(source, made);
  return made as Result;
}

function madeAnew(parameters: readonly string[], body: string, source: string): unknown {
  charCount += source.length;
  for (const [oldest] of known) {
    if (charCount <= LIMITS.generatedCharsKeptMax) break;
    known.delete(oldest);
    charCount -= oldest.length;
  }
  // oxlint-disable-next-line typescript/no-implied-eval -- generating the scan is what makes it fast
  return new Function(...parameters, `"use strict";${body}`);
}
