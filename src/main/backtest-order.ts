/** What a caller asked of a backtest by API, read strictly, and kept with the run so that it can go on. */
import { withPolicies } from '#backtest/candidate-publication.ts';
import { OrderRefused, refuseEmptyPeriod, type BacktestOrder } from '#backtest/order.ts';
import { parseSweep, sweepOf } from '#backtest/sweep.ts';
import type { Publication } from '#decisioning/publication.ts';
import { parseMoment } from '#domain/instant.ts';
import { BacktestRefused } from '#lifecycle/backtest-runner.ts';
import type { Json } from '#ports/records.ts';

type Options = { readonly [key: string]: Json };
const KNOWN = ['from', 'until', 'capacity', 'sweep'];

/**
 * The version in the place of the one of its name; with a sweep, its values behind it. Throws
 * BacktestRefused.
 */
export function backtestOrder(
  options: Options, version: { readonly file: string; readonly source: string }, live: Publication,
): BacktestOrder {
  const strange = Object.keys(options).filter((key) => !KNOWN.includes(key));
  if (strange.length > 0) {
    throw new BacktestRefused(`no option ${strange.join(', ')}; the options are ${KNOWN.join(', ')}`);
  }
  const publication = withPolicies(live, [version]);
  const sweep = textOf(options, 'sweep');
  const fromMs = momentOf(options, 'from') ?? -Infinity;
  const untilMs = momentOf(options, 'until') ?? Infinity;
  try {
    refuseEmptyPeriod({ fromMs, untilMs });
    return {
      baseline: 'recorded', labels: [],
      candidates: [{ name: version.file, publication },
        ...(sweep === undefined ? [] : sweepOf(publication, parseSweep(sweep)))],
      fromMs, untilMs, capacityPerDay: countOf(options, 'capacity'),
    };
  } catch (error) {
    throw error instanceof OrderRefused ? new BacktestRefused(error.message) : error;
  }
}

function textOf(options: Options, name: string): string | undefined {
  const value = options[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw new BacktestRefused(`${name} is a text`);
  return value;
}

function momentOf(options: Options, name: 'from' | 'until'): number | undefined {
  const text = textOf(options, name);
  if (text === undefined) return undefined;
  const moment = parseMoment(text);
  if (moment === undefined) {
    throw new BacktestRefused(`${name} is a date or an instant such as 2026-05-01T00:00:00Z, not ${text}`);
  }
  return moment;
}

function countOf(options: Options, name: 'capacity'): number | undefined {
  const value = options[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new BacktestRefused(`${name} is a whole number of alerts a day, not ${JSON.stringify(value)}`);
}
