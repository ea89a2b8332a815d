import type { Decision, FeatureValue } from '#domain/decision.ts';
import { viewDecision } from './render-decision.ts';

/** The decision in sentences, gravest things first, and beside them all that they were made from. */
export function explainDecision(decision: Decision, aml: boolean): string {
  const visible = <T extends { readonly axis: string }>(items: readonly T[]): readonly T[] =>
    aml ? items : items.filter(({ axis }) => axis !== 'aml');
  const { fraud, policy } = decision;
  const text = [
    `Payment ${decision.transaction_id}: ${decision.outcome}, by ${policy.name} version ${policy.version}.`,
    `Fraud: ${fraud.outcome}, score ${fraud.score}, band ${fraud.band}.`,
    ...(aml ? [`AML: ${decision.aml.outcome}, score ${decision.aml.score}, band ${decision.aml.band}.`] : []),
    ...visible(decision.reasons).map((reason) => {
      const facts = reason.facts.map(
        ({ name, value, threshold }) =>
          `${name} is ${word(value)}${threshold === undefined ? '' : `, threshold ${word(threshold)}`}`,
      );
      const measured = facts.length === 0 ? '' : ` (${facts.join('; ')})`;
      return `Rule ${reason.rule} (${reason.axis}, ${reason.effect}): ${reason.text}${measured}`;
    }),
    ...visible(decision.unknown).map(
      ({ rule, axis, because, effect }) =>
        `Rule ${rule} (${axis}) could not say: ${because.name} is missing (${because.reason}); so ${effect}.`,
    ),
    ...visible(decision.tasks).map(
      ({ kind, rule, axis, value }) => `Rule ${rule} (${axis}) asks: ${kind} ${value}.`,
    ),
    ...decision.degraded.map(
      ({ part, cause, fallback }) => `Left out: ${part} (${cause}); instead: ${fallback}.`,
    ),
    ...(decision.adjusted === undefined
      ? []
      : [`Judged at ${decision.adjusted.occurred_at.to} instead of ${decision.adjusted.occurred_at.from}.`]),
  ];
  return JSON.stringify({
    object: 'explanation',
    text,
    decision: viewDecision(decision, { aml, explain: true, replayed: false }),
  });
}

const word = (value: FeatureValue): string =>
  value === null ? 'missing' : typeof value === 'object' ? `[${value.join(', ')}]` : String(value);
