import type { Decision } from '#domain/decision.ts';
import type { Axis } from '#domain/outcome.ts';

/** Who looks, and how closely. */
export interface View {
  /**
   * The caller has the aml scope; without it nothing of that axis is said, not even that it was looked at.
   */
  readonly aml: boolean;
  /** `?explain=full`: with all features. */
  readonly explain: boolean;
  readonly replayed: boolean;
}

/**
 * The body of the answer. Pure, and in one order of keys: the same decision and view give the same bytes,
 * today and from the log in ten years. The overall outcome is shown to everyone, because everyone must act on
 * it.
 */
export const renderDecision = (decision: Decision, view: View): string =>
  JSON.stringify(viewDecision(decision, view));

/** As renderDecision, before it is text. */
export function viewDecision(decision: Decision, view: View): object {
  const { aml } = view;
  const visible = <T extends { readonly axis: Axis }>(items: readonly T[]): readonly T[] =>
    aml ? items : items.filter(({ axis }) => axis !== 'aml');
  return {
    id: decision.id,
    object: decision.object,
    transaction_id: decision.transaction_id,
    outcome: decision.outcome,
    fraud: decision.fraud,
    aml: aml ? decision.aml : undefined,
    reasons: visible(decision.reasons),
    unknown: visible(decision.unknown),
    tasks: visible(decision.tasks),
    features: view.explain ? seen(decision.features, decision, aml) : undefined,
    precision:
      decision.precision === undefined || !view.explain ? undefined : seen(decision.precision, decision, aml),
    screening: decision.screening,
    policy: decision.policy,
    log_position: decision.log_position,
    degraded: aml ? decision.degraded : decision.degraded.filter(({ axis }) => axis !== 'aml'),
    adjusted: decision.adjusted,
    replayed: view.replayed,
    created_at: decision.created_at,
  };
}

/** What is told of each feature, without the features that only aml rules read. */
function seen<T>(
  byName: Readonly<Record<string, T>>,
  decision: Decision,
  aml: boolean,
): Readonly<Record<string, T>> {
  if (aml || decision.aml_features.length === 0) return byName;
  const hidden = new Set(decision.aml_features);
  return Object.fromEntries(Object.entries(byName).filter(([name]) => !hidden.has(name)));
}
