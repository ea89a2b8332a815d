/**
 * The fifteen inputs of the Fraud Detection Handbook, computed the plain way from the lines of the CSV: for
 * each window all past rows of the customer or the terminal are gone through. Shares nothing with the
 * engine.
 */
const HOUR = 3_600;
const DAY = 24 * HOUR;
const DELAY = 7 * DAY;
const SPANS = [1, 7, 30] as const;

interface Row { readonly second: number; readonly amount: number; readonly fraud: boolean }

export const FEATURE_NAMES = [
  'TX_AMOUNT', 'TX_DURING_WEEKEND', 'TX_DURING_NIGHT',
  ...SPANS.flatMap((days) => [`CUSTOMER_NB_${days}`, `CUSTOMER_AVG_${days}`]),
  ...SPANS.flatMap((days) => [`TERMINAL_NB_${days}`, `TERMINAL_RISK_${days}`]),
] as const;

export class IndependentFeatures {
  readonly #customers: Record<string, Row[]> = {};
  readonly #terminals: Record<string, Row[]> = {};

  /** The line's fifteen values, in the order of FEATURE_NAMES. Lines come in the order of the file. */
  of(line: string): readonly number[] {
    const column = line.split(',');
    const time = new Date(column[1] ?? '');
    const row: Row = {
      second: time.getTime() / 1_000, amount: parseFloat(column[4] ?? ''), fraud: column[5] === '1',
    };
    const customer = (this.#customers[column[2] ?? ''] ??= []);
    const terminal = (this.#terminals[column[3] ?? ''] ??= []);
    customer.push(row);
    terminal.push(row);

    const weekday = time.getUTCDay();
    const values = [row.amount, weekday === 0 || weekday === 6 ? 1 : 0, time.getUTCHours() <= 6 ? 1 : 0];
    for (const days of SPANS) {
      const inside = customer.filter(({ second }) => second > row.second - days * DAY);
      values.push(inside.length, inside.reduce((sum, { amount }) => sum + amount, 0) / inside.length);
    }
    for (const days of SPANS) {
      const end = row.second - DELAY;
      const inside = terminal.filter(({ second }) => second > end - days * DAY && second <= end);
      const frauds = inside.filter(({ fraud }) => fraud).length;
      values.push(inside.length, inside.length === 0 ? 0 : frauds / inside.length);
    }
    return values;
  }
}
