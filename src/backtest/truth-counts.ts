/** One pass over the ledger: what labels say of every side. */
import { outcomeRank } from '#domain/outcome.ts';
import type { Accounts } from './accounts.ts';
import { pairKey, type Verdict } from './verdict.ts';

export const FLAGGED_RANK = outcomeRank('challenge');
export const STOPPED_RANK = outcomeRank('hold');

/** Payments and money of one kind of payment. Money is in minor units. */
interface Sum { count: number; minor: number }
const none = (): Sum => ({ count: 0, minor: 0 });

export interface SideTruth {
  readonly flaggedBad: Sum;
  readonly stoppedBad: Sum;
  readonly ruleBad: Map<string, Sum>;
}

export interface CandidateTruth {
  readonly saved: Sum;
  readonly lost: Sum;
  readonly hurt: { payments: number; readonly customers: Set<number> };
  readonly freed: { payments: number; readonly customers: Set<number> };
  /** Bad payments, by `from to` of outcomes and by `rule from to`. */
  readonly pairBad: Map<number, number>;
}

export interface Truths {
  readonly bad: Sum;
  readonly good: number;
  readonly unlabelled: number;
  readonly sides: readonly SideTruth[];
  readonly candidates: readonly CandidateTruth[];
}

export function truthsOf(accounts: Accounts): Truths {
  const { ledger, labels, books } = accounts;
  const bad = none();
  const tally = { good: 0, unlabelled: 0 };
  const sides = books.map((): SideTruth =>
    ({ flaggedBad: none(), stoppedBad: none(), ruleBad: new Map() }));
  const candidates = books.slice(1).map((): CandidateTruth => ({
    saved: none(), lost: none(), hurt: { payments: 0, customers: new Set() },
    freed: { payments: 0, customers: new Set() }, pairBad: new Map(),
  }));
  const ranks = books.map(({ verdicts }) => verdicts.map(({ outcome }) => outcomeRank(outcome)));
  for (let line = 0; line < ledger.count; line++) {
    const truth = labels.of(ledger.id(line));
    const isBad = truth === 'bad';
    if (isBad) put(bad, ledger.amount(line));
    else tally[truth] += 1;
    for (let side = 0; side < sides.length; side++) {
      const number = ledger.verdict(side, line);
      const rank = ranks[side]![number]!;
      if (isBad) badLine(sides[side]!, accounts.verdict(side, number), rank, ledger.amount(line));
      if (side === 0) continue;
      const before = ledger.verdict(0, line);
      compareLine(candidates[side - 1]!, {
        before, after: number, was: ranks[0]![before]!, is: rank, isBad, amount: ledger.amount(line),
        customer: ledger.customer(line),
      });
    }
  }
  return { bad, ...tally, sides, candidates };
}

function put(sum: Sum, minor: number): void {
  sum.count += 1;
  if (!Number.isNaN(minor)) sum.minor += minor;
}

function badLine(side: SideTruth, verdict: Verdict, rank: number, amount: number): void {
  if (rank >= FLAGGED_RANK) put(side.flaggedBad, amount);
  if (rank >= STOPPED_RANK) put(side.stoppedBad, amount);
  for (const { rule, answer } of verdict.rules) {
    if (answer !== 'hit') continue;
    const sum = side.ruleBad.get(rule) ?? none();
    side.ruleBad.set(rule, sum);
    put(sum, amount);
  }
}

interface ComparedLine {
  readonly before: number;
  readonly after: number;
  readonly was: number;
  readonly is: number;
  readonly isBad: boolean;
  readonly amount: number;
  readonly customer: number;
}

function compareLine(candidate: CandidateTruth, line: ComparedLine): void {
  const { before, after, was, is, isBad, amount, customer } = line;
  if (isBad) {
    const key = pairKey(before, after);
    candidate.pairBad.set(key, (candidate.pairBad.get(key) ?? 0) + 1);
    if (is >= STOPPED_RANK && was < STOPPED_RANK) put(candidate.saved, amount);
    if (was >= STOPPED_RANK && is < STOPPED_RANK) put(candidate.lost, amount);
    return;
  }
  const change = is >= FLAGGED_RANK && was < FLAGGED_RANK ? candidate.hurt
    : was >= FLAGGED_RANK && is < FLAGGED_RANK ? candidate.freed : undefined;
  if (change === undefined) return;
  change.payments += 1;
  if (customer !== 0) change.customers.add(customer);
}
