/** What rules say of the time in which windows cannot be asked. */
import { expressionsOf } from './aml-features.ts';
import { asksWindows, windowsAskedIn } from './asks-windows.ts';
import type { CompiledPolicy, Rule } from './compiled-policy.ts';
import type { Findings } from './diagnostic.ts';
import type { DocumentNode, MapEntry } from './document.ts';

type Entries = ReadonlyMap<string, MapEntry>;

export function checkDegraded(rule: Rule, entries: Entries, entry: MapEntry, findings: Findings): void {
  if (rule.during === 'degraded') checkDuring(rule, entries, entry, findings);
  else checkWord(rule, entries, findings);
}

/** It would be unknown whenever it counts, or say what never comes to hold. */
function checkDuring(rule: Rule, entries: Entries, { keyPlace }: MapEntry, findings: Findings): void {
  const head = `rule ${rule.id} counts only while windows cannot be asked`;
  const asked = [...new Set(expressionsOf(rule).flatMap(windowsAskedIn))];
  if (asked.length > 0) {
    findings.report('P307', keyPlace, `${head}, and reads ${asked.join(', ')}`,
      'Fields of the payment, parameters and lists can be read then: use those, or remove `during`.');
  }
  const label = rule.does.label === undefined ? undefined : entries.get('then');
  const words = [
    [label, 'labels nothing then', 'Remove `label`: a decision made without windows marks no entity.'],
    [entries.get('degraded'), 'is never unknown because of them',
      'Remove `degraded`; `unknown` says it all.'],
    [entries.get('hits_max'), 'is not watched by the brake', 'Remove `hits_max`.'],
  ] as const;
  for (const [word, what, help] of words) {
    if (word !== undefined) findings.report('P307', word.keyPlace, `${head}, and ${what}`, help);
  }
}

function checkWord(rule: Rule, entries: Entries, findings: Findings): void {
  const word = entries.get('degraded');
  if (word === undefined) return;
  const { id, final, unknown, unknownDegraded } = rule;
  if (!asksWindows(rule.when)) {
    findings.report('P607', word.keyPlace, `rule ${id} reads no window and no mark, so \`degraded\` is idle`,
      'Remove it; `unknown` says it all.');
  } else if (final && unknownDegraded === 'miss' && unknown !== 'miss') {
    findings.report('P302', word.keyPlace,
      `rule ${id} is final and would pass over what it cannot see without windows`,
      `Write \`degraded: ${unknown}\`, or remove it: then \`unknown\` holds.`);
  }
}

/** Money laundering is not let pass unseen, unless something on that axis stops payments in its place. */
export function checkAmlWithoutWindows(
  policy: CompiledPolicy, rules: DocumentNode | undefined, findings: Findings,
): void {
  const mine = policy.rules.filter(({ axis, mode }) => axis === 'aml' && mode === 'live');
  if (mine.some(({ during, does }) => during === 'degraded' && does.action !== undefined)) return;
  for (const { id, index, when, unknown, unknownDegraded } of mine) {
    const entry = rules?.kind === 'map' ? rules.entries[index] : undefined;
    if (entry === undefined || unknownDegraded !== 'miss' || unknown === 'miss') continue;
    if (!asksWindows(when)) continue;
    findings.report('P606', entry.keyPlace,
      `rule ${id} of the AML axis passes over what it cannot see without windows; \`unknown\` is ${unknown}`,
      `Write \`degraded: ${unknown}\`, or a rule \`during: degraded\` on that axis that stops payments.`);
  }
}
