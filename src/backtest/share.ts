import { wilson } from '#lab/intervals.ts';
import type { Share } from './report.ts';

/** So many of so many, with the 95 % interval; of none, no share is known. */
export const share = (count: number, of: number): Share =>
  ({ count, of, value: of === 0 ? null : count / of, ...wilson(count, of) });
