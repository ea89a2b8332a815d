import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import type { EvidenceRecord } from '#ports/records.ts';
import type { BacktestFigures } from './backtest-runner.ts';
import { backtestFound } from './evidence.ts';
import { gate, type GateInput } from './gate.ts';
import { Seals } from './seals.ts';

const seals = new Seals(Buffer.alloc(32, 3));
const HASH = 'sha256:aa';

const evidence = (kind: EvidenceRecord['kind'], passed: boolean, found: Parameters<Seals['evidence']>[1]) => {
  const bare = { hash: HASH, kind, passed, atMs: 1, person: 'ann' };
  return { ...bare, summary: seals.evidence(bare, found) };
};
const CHECK = evidence('check', true, { version: 2, rules: 1, warnings: '' });
const TEST = evidence('test', true, { passed: 1, failed: 0, failures: [] });
const backtest = (figures: Partial<BacktestFigures>) => evidence('backtest', true, backtestFound('run', {
  payments: 10_000, days: 10, unknownRateMax: 0.01, alerts: 500, alertsPerDayMax: 70, ...figures }));
const approval = (person: string, role: string, author = 'ann') => {
  const bare = { subject: 'version', hash: HASH, role, person, atMs: 1 } as const;
  return { ...bare, seal: seals.approval({ ...bare, author }) };
};

const input = (change: Partial<GateInput> = {}): GateInput => ({
  version: {
    hash: HASH, policy: 'p', version: 2, title: 'p', file: 'p', source: '', author: 'ann', atMs: 1, note: '',
    withdrawnAtMs: undefined, authorSeal: seals.author('version', { hash: HASH, author: 'ann', atMs: 1 }),
  },
  checked: {
    hash: HASH, name: 'p', version: 2, reviewers: ['risk'], effective: { from: undefined, until: undefined },
    gate: { unknownRateMax: undefined, alertsPerDayMax: undefined },
  },
  evidence: [CHECK, TEST, backtest({})], approvals: [approval('ben', 'risk')],
  live: { hash: 'sha256:bb', version: 1 }, recordCount: 50_000, nowMs: Date.UTC(2026, 10, 24), ...change,
});
const lacking = (change: Partial<GateInput>): string => gate(input(change), seals).lacking.join('\n');

test('what has all of it goes through, without a note', () => {
  deepEqual(gate(input(), seals), { lacking: [], notes: [], approvals: [approval('ben', 'risk')] });
});

test('a backtest has to be of enough payments and within the limits', () => {
  const of = (figures: Partial<BacktestFigures>) => ({ evidence: [CHECK, TEST, backtest(figures)] });
  const limits = (gateLimits: GateInput['checked']['gate']) =>
    ({ checked: { ...input().checked, gate: gateLimits } });
  match(lacking({ evidence: [CHECK, TEST] }),
    /^there is no backtest of this very content; run `assay policy backtest/);
  match(lacking(of({ payments: 999 })), /^its backtest judged 999 payments; run/);
  match(lacking({ ...of({ unknownRateMax: 0.0201 }),
    ...limits({ unknownRateMax: 0.02, alertsPerDayMax: 70 }) }),
    /^a rule cannot say for 2\.01 % of the payments of the backtest; the policy states at most 2 %/);
  const noted = gate(input(of({ unknownRateMax: 0.0501 })), seals);
  deepEqual([noted.lacking, noted.notes.length], [[], 1]);
  match(noted.notes[0] ?? '', /^a rule cannot say for 5\.01 % .* the policy states no limit/);
  equal(lacking({ ...of({ unknownRateMax: 0.2 }), ...limits({ unknownRateMax: 0.2, alertsPerDayMax: 70 }) }),
    '');
  match(lacking({ ...of({}), ...limits({ unknownRateMax: 0.02, alertsPerDayMax: 69 }) }),
    /^70 alerts on the worst day/);
  match(lacking(of({ alerts: 10_000 })),
    /^100 % of the payments of the backtest end above approve; at most 10 %/);
  // Without history it is let pass, and says so; with a backtest its limits hold all the same.
  const fresh = gate(input({ evidence: [CHECK, TEST], recordCount: 999 }), seals);
  deepEqual([fresh.lacking, fresh.notes.map((note) => note.slice(0, 10))], [[], ['no_history']]);
  match(lacking({ ...of({ alerts: 10_000 }), recordCount: 5 }), /^100 % of the payments/);
});

test('what carries no seal of ours shows and approves nothing', () => {
  const forged = { ...approval('ben', 'risk'), seal: '0'.repeat(64) };
  match(lacking({ approvals: [forged] }), /^nobody has approved it as risk/);
  match(lacking({ approvals: [{ ...approval('ben', 'risk'), role: 'risk', person: 'cas' }] }),
    /^nobody has approved/);
  match(lacking({ approvals: [approval('ben', 'risk', 'eve')] }), /^nobody has approved/);
  match(lacking({ approvals: [approval('ann', 'risk')] }), /^nobody has approved/);
  match(lacking({ evidence: [CHECK,
    { ...evidence('test', false, { passed: 0, failed: 1, failures: [] }), passed: true },
    backtest({})] }), /^its own tests have not been run/);
  const { authorSeal: _seal, ...unsealed } = input().version;
  match(lacking({ version: unsealed }), /^nothing under our seal says that ann wrote it/);
  match(lacking({ version: { ...input().version, author: 'ben' } }),
    /^nothing under our seal says that ben wrote it/);
  match(lacking({ version: { ...input().version, atMs: 2 } }), /^nothing under our seal/);
  match(lacking({ version: { ...input().version, policy: 'q' } }), /^the row says q 2, and its document p 2/);
});
