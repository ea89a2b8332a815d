/**
 * What a policy costs before it has seen a payment: a model, not a measurement. A feature reads its entity's
 * log from the newest event to the end of its window; features of one key share the pass, so the longest
 * window is paid once and each aggregate for every event it tests. A rule costs its nodes.
 */
import type { Expr } from '#expression/ast.ts';
import { nodeCountOf } from '#expression/tree.ts';
import type { FeatureDefinition } from '#features/definition.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import type { Findings, Place } from './diagnostic.ts';

/** Events of a busy entity (99th percentile) a day, and the most that any log keeps one by one. */
const EVENTS_A_DAY = 24;
const EVENTS_MAX = 4_096;
const DAY_MS = 86_400_000;
/** Orders of magnitude on one core of a common server. */
const VISIT_NANOS = 6;
const AGGREGATE_NANOS = 3;
const NODE_NANOS = 2;
/** The rules' and features' share of 50 ms at the 99th percentile of history. */
const COST_MICROS_MAX = 5_000;

export interface CostLine {
  readonly kind: 'feature' | 'rule';
  readonly name: string;
  /** Events tested; 0 for a rule. */
  readonly events: number;
  readonly nodes: number;
  readonly micros: number;
}

export interface PolicyCost {
  readonly micros: number;
  readonly microsMax: number;
  /** Dearest first. */
  readonly lines: readonly CostLine[];
}

export function policyCost(policy: Pick<CompiledPolicy, 'features' | 'rules'>): PolicyCost {
  // A payment that pays for windows pays for no rule that counts only without them.
  const rules = policy.rules.filter(({ during }) => during === undefined);
  const lines: CostLine[] = [...policy.features.map(featureCost), ...rules.map((rule): CostLine => {
    const nodes = nodeCountOf(rule.when) + (rule.unless === undefined ? 0 : nodeCountOf(rule.unless));
    return { kind: 'rule', name: rule.id, events: 0, nodes, micros: (nodes * NODE_NANOS) / 1_000 };
  })];
  const passes = new Map<string, number>();
  for (const feature of policy.features) {
    const key = `${feature.key.past.path}=${feature.key.current.path}`;
    passes.set(key, Math.max(passes.get(key) ?? 0, eventsOf(feature)));
  }
  const visits = [...passes.values()].reduce((sum, events) => sum + events, 0);
  const micros = lines.reduce((sum, line) => sum + line.micros, (visits * VISIT_NANOS) / 1_000);
  return { micros, microsMax: COST_MICROS_MAX, lines: lines.toSorted((a, b) => b.micros - a.micros) };
}

function featureCost(feature: FeatureDefinition): CostLine {
  const parts: readonly (Expr | undefined)[] = [feature.value, feature.of, feature.where, feature.since];
  const nodes = parts.reduce((sum, part) => sum + (part === undefined ? 0 : nodeCountOf(part)),
    feature.alsoEqual.length * 2);
  const events = eventsOf(feature);
  const micros = (events * (AGGREGATE_NANOS + nodes * NODE_NANOS)) / 1_000;
  return { kind: 'feature', name: feature.name, events, nodes, micros };
}

/** Events from now to the end of the window. */
function eventsOf({ window }: FeatureDefinition): number {
  switch (window.kind) {
    case 'sliding': return expected(window.fromMs);
    case 'tumbling': return expected(window.spanMs);
    case 'calendar': return expected({ day: 1, week: 7, month: 31 }[window.unit] * DAY_MS);
    case 'last': return Math.min(window.count, EVENTS_MAX);
    case 'ever': return EVENTS_MAX;
  }
}

/** At least four: a burst fills a short window. */
const expected = (ms: number): number =>
  Math.min(EVENTS_MAX, Math.max(4, Math.ceil((ms / DAY_MS) * EVENTS_A_DAY)));

export function checkCost(policy: CompiledPolicy, place: Place, findings: Findings): void {
  const cost = policyCost(policy);
  if (cost.micros <= COST_MICROS_MAX) return;
  const dearest = cost.lines.slice(0, 5).map((line) => `${line.name} (${Math.round(line.micros)} us)`).join(
    ', ');
  const about = `the policy costs about ${Math.round(cost.micros)} us a payment at a busy entity`;
  findings.report('P503', place, `${about}; the limit is ${COST_MICROS_MAX} us`,
    `Dearest: ${dearest}. Shorten their windows, or let \`where\` ask less.`);
}

/** For the shell: the total and the dearest five. */
export function renderCost(policy: CompiledPolicy): string {
  const cost = policyCost(policy);
  const rows = cost.lines.slice(0, 5).map((line) =>
    `${line.micros.toFixed(2).padStart(10)} us  ${line.kind.padEnd(7)}  ${line.name}` +
    (line.kind === 'feature' ? `  (${line.events} events, ${line.nodes} nodes)` : `  (${line.nodes} nodes)`));
  const total = `about ${cost.micros.toFixed(1)} us a payment at a busy entity, of ${cost.microsMax} us`;
  return [`${policy.name} v${policy.version}: ${total}`, ...rows].join('\n');
}
