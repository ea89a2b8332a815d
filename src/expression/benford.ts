/** log10(1 + 1/d) for d = 1 to 9, written out because logarithms may differ between engines. */
const BENFORD = [
  0.3010299956639812, 0.1760912590556812, 0.1249387366083, 0.0969100130080564, 0.0791812460476248,
  0.0669467896306132, 0.0579919469776867, 0.0511525224473813, 0.0457574905606751,
] as const;

/**
 * Chi-square of the counts at 1 to 9 against Benford's law; NaN where there are none. A count at 0 does not
 * take part.
 */
export function benfordChiSquare(histogram: readonly number[]): number {
  const counts = BENFORD.map((_, i) => histogram[i + 1] ?? 0);
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return Number.NaN;
  return BENFORD.reduce((sum, share, i) => {
    const expected = share * total;
    const off = (counts[i] ?? 0) - expected;
    return sum + (off * off) / expected;
  }, 0);
}
