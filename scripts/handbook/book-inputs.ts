import type { Decision } from '#domain/decision.ts';

const SPANS = [1, 7, 30] as const;

/**
 * The book's fifteen inputs as the engine measured them for a decision by handbook.policy.yaml, in the
 * order of FEATURE_NAMES. The engine's money is exact to the cent, so an average is made here of its sum
 * and its count.
 */
export function bookInputs(decision: Decision, amount: string): readonly number[] {
  const { features, reasons } = decision;
  const wrong = (name: string): TypeError =>
    new TypeError(`${decision.transaction_id}: ${name} is ${String(features[name])}`);
  const count = (name: string): number => {
    const value = features[name];
    if (typeof value !== 'number') throw wrong(name);
    return value;
  };
  const euros = (name: string): number => {
    const value = /^(-?\d+\.\d\d) EUR$/.exec(String(features[name]))?.[1];
    if (value === undefined) throw wrong(name);
    return Number(value);
  };
  const hit = (rule: string): number => (reasons.some((reason) => reason.rule === rule) ? 1 : 0);
  const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
  return [
    Number(amount), hit('weekend'), hit('night'),
    ...SPANS.flatMap((days) => {
      const payments = count(`customer_count_${days}d`);
      return [payments, euros(`customer_sum_${days}d`) / payments];
    }),
    ...SPANS.flatMap((days) => {
      const payments = count(`terminal_count_${days}d`);
      return [payments, share(count(`terminal_frauds_${days}d`), payments)];
    }),
  ];
}
