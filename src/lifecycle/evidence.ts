/** What evidence holds, by kind: written here, and read back as no more than what it is. */
import type { Forecast } from '#decisioning/publication.ts';
import type { EvidenceRecord, Json, RecordWrites } from '#ports/records.ts';
import type { BacktestFigures } from './backtest-runner.ts';
import type { CheckedPolicy, TestFigures } from './parts.ts';
import { isMap, type Seals } from './seals.ts';

const FAILURES_KEPT_MAX = 50;

export const checkFound = ({ version, ruleCount, warnings }: CheckedPolicy): Json =>
  ({ version, rules: ruleCount, warnings });

export const testFound = ({ passed, failed, failures }: TestFigures): Json =>
  ({ passed, failed, failures: failures.slice(0, FAILURES_KEPT_MAX) });

export const backtestFound = (run: string, { forecasts, ...figures }: BacktestFigures): Json => ({
  run, ...figures,
  forecasts: (forecasts ?? []).map(({ segment, ...forecast }) => ({ ...forecast, segment: segment ?? null })),
});

/** Sealed together with what was found. */
export const addEvidence = (
  writes: RecordWrites, seals: Seals, evidence: Omit<EvidenceRecord, 'summary'>, found: Json,
): Promise<void> => writes.addEvidence({ ...evidence, summary: seals.evidence(evidence, found) });

export const figuresOf = {
  test(found: Json): TestFigures | undefined {
    if (!isMap(found)) return undefined;
    const { passed, failed, failures } = found;
    if (typeof passed !== 'number' || typeof failed !== 'number'
      || !Array.isArray(failures)) return undefined;
    return { passed, failed, failures: failures.map(String) };
  },
  backtest(found: Json): BacktestFigures | undefined {
    if (!isMap(found)) return undefined;
    const { payments, days, unknownRateMax, alerts, alertsPerDayMax } = found;
    return typeof payments === 'number' && typeof days === 'number' && typeof unknownRateMax === 'number'
      && typeof alerts === 'number' && typeof alertsPerDayMax === 'number'
      ? { payments, days, unknownRateMax, alerts, alertsPerDayMax,
      forecasts: forecastsOf(found['forecasts']) }
      : undefined;
  },
};

function forecastsOf(value: Json | undefined): readonly Forecast[] {
  return (Array.isArray(value) ? value as readonly Json[] : []).flatMap((one): readonly Forecast[] => {
    if (!isMap(one)) return [];
    const { policy, rule, segment, low, high } = one;
    if (typeof policy !== 'string' || typeof rule !== 'string') return [];
    if (typeof low !== 'number' || typeof high !== 'number') return [];
    return [{
      policy, rule, segment: typeof segment === 'string' ? segment : undefined, low, high, from: 'backtest',
    }];
  });
}
