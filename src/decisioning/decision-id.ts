import type { Decision } from '#domain/decision.ts';
import { flatText } from '#domain/flat-text.ts';

/** What a decision says of where it stands. */
export interface DecisionPlace {
  readonly id: string;
  readonly logPosition: Decision['log_position'];
}

/**
 * A decision's id is where it stands in the log, so that finding it needs no index: `dec_`, the partition (0
 * in the embedded log), `_`, the position in base 36. It says nothing that `log_position` does not.
 */
const decisionId = (position: number): string =>
  flatText('dec_0_', position.toString(36).padStart(9, '0'));

/** The position, or undefined where the text is not a decision id. */
export function positionOfDecision(id: string): number | undefined {
  const match = /^dec_0_([0-9a-z]{9,11})$/.exec(id);
  if (match?.[1] === undefined) return undefined;
  const position = Number.parseInt(match[1], 36);
  return Number.isSafeInteger(position) && decisionId(position) === id ? position : undefined;
}

export const placeInLog = (position: number): DecisionPlace =>
  ({ id: decisionId(position), logPosition: { position } });
