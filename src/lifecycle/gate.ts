/**
 * The gate: may this very content go live? A pure function of what was written, shown and approved. What is
 * lacking is said whole, each with the way to get it.
 */
import { parseDate } from '#domain/instant.ts';
import type { ApprovalRecord, EvidenceRecord, VersionRecord } from '#ports/records.ts';
import { canonicalText } from '#records/canonical-text.ts';
import { countingApprovals } from './approvals.ts';
import { versionDamage } from './authorship.ts';
import { figuresOf } from './evidence.ts';
import type { CheckedPolicy } from './parts.ts';
import type { Seals } from './seals.ts';

const DAY_MS = 86_400_000;

/** With fewer records there is no past to judge again; see docs/policy-life-cycle.md. */
const HISTORY_RECORDS_MIN = 1_000;
/** A rate that is worth a word where the policy states none: what it does is stated rule by rule. */
const UNKNOWN_RATE_NOTED = 0.05;
/** Share of the payments of a backtest that may end above approve, where the policy states no number. */
const ALERT_SHARE_MAX = 0.1;

export interface GateInput {
  readonly version: VersionRecord;
  /** From the source, now: what the record says about it is not taken for true. */
  readonly checked: Pick<CheckedPolicy, 'hash' | 'name' | 'reviewers' | 'effective' | 'gate' | 'version'>;
  readonly evidence: readonly EvidenceRecord[];
  readonly approvals: readonly ApprovalRecord[];
  /** The live version of the same policy. */
  readonly live: { readonly hash: string; readonly version: number } | undefined;
  /** Records of the decision log. */
  readonly recordCount: number;
  readonly nowMs: number;
}

export interface GateResult {
  /** Sentences, each with its fix; none: it may go live. */
  readonly lacking: readonly string[];
  /** What let it pass although something was not shown. */
  readonly notes: readonly string[];
  /** What it may go live on. */
  readonly approvals: readonly ApprovalRecord[];
}

export function gate(input: GateInput, seals: Seals): GateResult {
  const { version, checked } = input;
  const damage = versionDamage(version, checked, seals);
  const valid = validApprovals(input, seals);
  const tried = backtestFaults(input, seals);
  const lacking = [
    ...(damage === undefined ? [] : [damage]),
    ...(version.withdrawnAtMs === undefined ? [] : ['it was withdrawn; submit a new version']),
    ...testFaults(input, seals),
    ...tried.lacking,
    ...approvalFaults(input, valid),
    ...dateFaults(input),
    ...numberFaults(input),
  ];
  return { lacking, notes: tried.notes, approvals: valid };
}

/** Of this content, in a role that is asked for. */
function validApprovals(
  { version, approvals, checked }: Pick<GateInput, 'version' | 'approvals' | 'checked'>, seals: Seals,
): readonly ApprovalRecord[] {
  const ofThis = approvals.filter(({ subject, hash }) => subject === 'version' && hash === version.hash);
  return countingApprovals(ofThis, version.author, checked.reviewers, seals);
}

function testFaults({ evidence }: GateInput, seals: Seals): readonly string[] {
  const test = lastOf(evidence, 'test', seals);
  if (test === undefined) return ['its own tests have not been run; submit it again'];
  if (test.record.passed) return [];
  const failed = figuresOf.test(test.found)?.failed ?? 0;
  return [`${failed} of its own tests fail; mend the policy or the test, and submit the new version`];
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** Whether the last backtest is enough; `notes` say why one that is not there is not asked for. */
export function backtestFaults(
  { version, checked, evidence, recordCount }: Omit<GateInput, 'approvals'>, seals: Seals,
): { readonly lacking: readonly string[]; readonly notes: readonly string[] } {
  const last = lastOf(evidence, 'backtest', seals);
  const figures = last === undefined ? undefined : figuresOf.backtest(last.found);
  const way = `assay policy backtest ${version.hash}`;
  if (figures === undefined || figures.payments < HISTORY_RECORDS_MIN) {
    const tried = figures === undefined ? 'there is no backtest of this very content'
      : `its backtest judged ${counted(figures.payments, 'payment')}`;
    if (recordCount < HISTORY_RECORDS_MIN) {
      return { lacking: [], notes: [
        `no_history: ${tried}, and the log has only ${counted(recordCount, 'record')} to judge again; `
          + `${HISTORY_RECORDS_MIN} are asked for. Those who approve it answer for what is not shown`] };
    }
    return { lacking: [`${tried}; run \`${way}\` over at least ${HISTORY_RECORDS_MIN} payments`], notes: [] };
  }
  const { unknownRateMax, alertsPerDayMax } = checked.gate;
  const lacking: string[] = [];
  const notes: string[] = [];
  const rate = `a rule cannot say for ${percent(figures.unknownRateMax)} of the payments of the backtest`;
  if (unknownRateMax !== undefined && !(figures.unknownRateMax <= unknownRateMax)) {
    lacking.push(`${rate}; the policy states at most ${percent(unknownRateMax)}. Mend the rule, or state `
      + 'another limit and have it approved');
  } else if (unknownRateMax === undefined && figures.unknownRateMax > UNKNOWN_RATE_NOTED) {
    notes.push(`${rate}, and the policy states no limit; state \`gate: { unknown_rate_max: ... }\` to be `
      + `held to one`);
  }
  const share = figures.alerts / figures.payments;
  if (alertsPerDayMax !== undefined && !(figures.alertsPerDayMax <= alertsPerDayMax)) {
    lacking.push(`${figures.alertsPerDayMax} alerts on the worst day of the backtest; the policy states `
      + `at most `
      + `${alertsPerDayMax}. Sharpen the rules, or state another limit and have it approved`);
  } else if (alertsPerDayMax === undefined && !(share <= ALERT_SHARE_MAX)) {
    lacking.push(`${percent(share)} of the payments of the backtest end above approve; at most `
      + `${percent(ALERT_SHARE_MAX)} where the policy states no limit. Sharpen the rules, or state \`gate: { `
      + 'alerts_per_day_max: ... }` and have it approved');
  }
  return { lacking, notes };
}

function approvalFaults({ version, checked }: GateInput,
  valid: readonly ApprovalRecord[]): readonly string[] {
  const { reviewers } = checked;
  const roles = new Set(valid.map(({ role }) => role));
  const open = reviewers.filter((role) => !roles.has(role));
  if (open.length > 0) {
    return open.map((role) => `nobody has approved it as ${role}; somebody other than ${version.author} `
      + `with that `
      + `role runs \`assay policy approve ${version.hash} --role ${role}\``);
  }
  if (valid.length > 0) return [];
  return [`no second person has approved it; somebody other than ${version.author} runs `
    + `\`assay policy approve ${version.hash} --role ROLE\``];
}

function dateFaults({ checked: { effective }, nowMs }: GateInput): readonly string[] {
  const [from, until] = [dayMs(effective.from), dayMs(effective.until)];
  if (from !== undefined && nowMs < from) {
    return [`it is meant to hold from ${effective.from} on; publish it then, or submit it with another date`];
  }
  if (until !== undefined && nowMs >= until) {
    return [`it was meant to hold until ${effective.until}; submit it with another date`];
  }
  return [];
}

/** Start of a day, UTC. */
export function dayMs(date: string | undefined): number | undefined {
  const days = date === undefined ? undefined : parseDate(date);
  return days === undefined ? undefined : days * DAY_MS;
}

function numberFaults({ version, checked, live }: GateInput): readonly string[] {
  if (live === undefined) return [];
  if (live.hash === version.hash) return ['it is live already'];
  return checked.version > live.version ? [] : [
    `it is version ${checked.version}, and version ${live.version} is live; give it a number above that, `
      + `or roll `
    + 'back to a publication that had it'];
}

/** The last of a kind that is under our seal; a copy of one counts where that one stands. */
export function lastOf(
  evidence: readonly EvidenceRecord[], kind: EvidenceRecord['kind'], seals: Seals,
): { readonly record: EvidenceRecord; readonly found: NonNullable<ReturnType<Seals['found']>> } | undefined {
  const seen = new Set<string>();
  let last: ReturnType<typeof lastOf>;
  for (const record of evidence) {
    const found = record.kind === kind ? seals.found(record) : undefined;
    const text = canonicalText(record.summary);
    if (found !== undefined && found !== null && !seen.has(text)) last = { record, found };
    seen.add(text);
  }
  return last;
}

const percent = (share: number): string => `${Math.round(share * 10_000) / 100} %`;
