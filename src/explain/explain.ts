/** One recorded decision, made again and told. It waits for the log, and never holds up a payment. */
import type { Decision } from '#domain/decision.ts';
import type { LogReader, LogRecord } from '#ports/decision-log.ts';
import type { Rule } from '#policy/compiled-policy.ts';
import { PublicationRefused } from '#decisioning/publication-refused.ts';
import { windowsCause } from '#decisioning/decision-of.ts';
import { measuredOf, readDecision } from '#decisioning/record.ts';
import { measuredAccounts } from './baseline.ts';
import { counterfactual, outcomeWithout, type Trial } from './counterfactual.ts';
import { derive, hasFailed, marksGiven, typesOf, type Derivation, type ReplayOne } from './derive.ts';
import type { EarlierAsk } from './earlier-decisions.ts';
import type { Derived, Explanation, NotExplained, RuleAccount } from './explanation.ts';
import type { LiveAt } from './live-at.ts';
import { NotExplainable } from './not-explainable.ts';
import { ruleAccounts } from './rule-accounts.ts';
import { listsRead, valuesRead } from './what-rules-read.ts';

export interface ExplainSources {
  readonly get: LogReader['get'];
  readonly earlier: (ask: EarlierAsk) => Promise<readonly number[]>;
  readonly liveAt: LiveAt;
  readonly replayOne: ReplayOne;
}

/** The same, where a decision that cannot be made again is an answer. */
export async function explainOrSay(
  record: LogRecord, sources: ExplainSources, view: { readonly aml: boolean },
): Promise<Explanation | NotExplained> {
  try {
    return await explain(record, sources, view);
  } catch (error) {
    if (error instanceof NotExplainable) return { notExplained: error.message };
    if (!(error instanceof PublicationRefused)) throw error;
    // Why tells of rules and lists, of the AML axis too.
    const why = view.aml ? `:\n${error.message}` : '; a key with the scope aml is told why';
    return { notExplained: `what was live then is refused by this program${why}` };
  }
}

/** Of a record of kind `decision`. Without `aml` nothing of that axis is in it, nor what only it reads. */
export async function explain(
  record: LogRecord, sources: ExplainSources, { aml }: { readonly aml: boolean },
): Promise<Explanation> {
  const decision = readDecision(record);
  const derivation = await derive(record, sources.liveAt, sources.replayOne);
  const { live, event, facts } = derivation;
  const cause = windowsCause(decision);
  // Rules that count only without windows are no part of a decision that was made with them.
  const rules = (live?.policy.rules ?? []).filter(({ axis, during }) =>
    (aml || axis === 'fraud') && (during === undefined || cause !== undefined));
  const derived = derivedOf(derivation, rules, aml);
  const axis = aml ? undefined : 'fraud';
  const judged = !hasFailed(decision) && facts.cells.length === live?.policy.features.length;
  if (live === undefined || !judged) {
    const outcome = aml ? decision.outcome : decision.fraud.outcome;
    const of = aml ? 'overall' : 'fraud';
    const meaning = live === undefined ? 'no policy judged it' : 'the policy failed, and its fallback stands';
    return {
      decision, derived, rules: [], values: [],
      counterfactual: { of, outcome, meaning, changes: [] },
    };
  }
  const values = measuredOf(facts, typesOf(live));
  const trial: Trial = { live, event, values, marks: marksGiven(facts, cause), axis };
  const indexes = valuesRead(live.policy, rules);
  const measured = await measuredAccounts(live, indexes, event, values, sources);
  return {
    decision, derived, rules: accountsOf(derivation, trial, rules, decision), values: measured,
    counterfactual: counterfactual(trial, rules),
  };
}

function derivedOf(
  { equal, from, versions, event, live }: Derivation, rules: readonly Rule[], aml: boolean,
): Derived {
  const { policy, publication, lists, rates } = versions;
  const shown = aml || live === undefined ? Object.keys(lists) : [...listsRead(live.policy, rules)];
  return {
    equal, from, policy_hash: policy, publication, position: event.position, rates,
    list_versions: Object.fromEntries(Object.entries(lists).filter(([name]) => shown.includes(name))),
  };
}

function accountsOf(
  { live, state, event }: Derivation, trial: Trial, rules: readonly Rule[], decision: Decision,
): readonly RuleAccount[] {
  const inForce = state.live;
  if (live === undefined || inForce === undefined) return [];
  const { values, marks } = trial;
  const answers = Uint8Array.from(live.judgeAgain(event, values, marks).answers);
  const world = live.bound.onStore.worldMeasured(event, values, marks);
  const { policy } = live;
  const accounts = ruleAccounts(rules, { policy, inForce, event, answers, world, decision });
  return accounts.map((account) => {
    const rule = rules.find(({ id }) => id === account.rule);
    const without = rule !== undefined && acted(account) ? outcomeWithout(trial, rule) : undefined;
    return without === undefined ? account : { ...account, without };
  });
}

/** Not one that was held back, and not one whose unknown counts for nothing. */
const IDLE: ReadonlySet<string> = new Set(['none', 'shadow', 'excepted', 'replaced', 'miss']);
const acted = ({ effect }: RuleAccount): boolean => !IDLE.has(effect);
