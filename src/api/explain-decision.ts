import type { Explanation } from '#explain/explanation.ts';
import { sentences } from '#explain/sentences.ts';
import { viewDecision } from './render-decision.ts';

/**
 * The decision in sentences, gravest things first, and beside them all that they were made from. What the
 * aml axis alone knows is left out where the explanation was made without it, and here of the decision.
 */
export function explainDecision(explanation: Explanation, aml: boolean): string {
  const { decision, derived, rules, values, counterfactual } = explanation;
  return JSON.stringify({
    object: 'explanation',
    text: sentences(explanation, aml),
    decision: viewDecision(decision, { aml, explain: true, replayed: false }),
    derived, rules, values, counterfactual,
  });
}
