/** `gate`: what a backtest may show at most, for the policy to go live. */
import { OUTCOMES } from '#domain/outcome.ts';
import type { GateLimits } from './compiled-policy.ts';
import type { DocumentNode } from './document.ts';
import { readValue } from './parse-value.ts';
import type { Shape } from './shape.ts';

const GATE_KEYS = ['unknown_rate_max', 'alerts_per_day_max'] as const;
export const ALERTS_PER_DAY_MAX = 1_000_000_000;

/** What is not stated has the defaults of the gate, which the life cycle knows. */
export function parseGate(node: DocumentNode | undefined, shape: Shape): GateLimits {
  const entries = node === undefined ? undefined : shape.map(node, GATE_KEYS, '`gate`');
  const rate = entries?.get('unknown_rate_max');
  const alerts = entries?.get('alerts_per_day_max');
  return {
    unknownRateMax: rate && readShare(rate.value, 'unknown_rate_max', shape),
    alertsPerDayMax: alerts
      && shape.integer(alerts.value, 0, ALERTS_PER_DAY_MAX, `\`alerts_per_day_max\`, ${ALERTS},`),
  };
}

const ALERTS = `payments above ${OUTCOMES[0]} a day`;

/** A share of the payments, 0 to 1; written as `5%`. */
export function readShare(node: DocumentNode, key: string, shape: Shape): number | undefined {
  const scalar = shape.scalar(node, `\`${key}\``);
  if (scalar === undefined) return undefined;
  const read = readValue(scalar.text, { kind: 'ratio' }, 0);
  const rate = 'problem' in read ? Number.NaN : read.number ?? Number.NaN;
  if (rate >= 0 && rate <= 1) return rate;
  shape.findings.report('P106', scalar,
    `\`${key}\` is a share of the payments from 0% to 100%, not \`${scalar.text}\``);
  return undefined;
}
