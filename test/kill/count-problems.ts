/** What an answered payment says of its place. */
export interface Counted {
  readonly card: string;
  readonly position: number;
  /** `card_count_1h`, where all payments have the same time. */
  readonly count: unknown;
}

/** In order of log position, the payments on each card see 1, 2, 3, ...; what is otherwise, in sentences. */
export function countProblems(payments: readonly Counted[]): readonly string[] {
  const problems: string[] = [];
  const positions = new Set<number>();
  const seenOf = new Map<string, number>();
  for (const { card, position, count } of payments.toSorted((a, b) => a.position - b.position)) {
    if (positions.has(position)) problems.push(`position ${position} was given out twice`);
    positions.add(position);
    const expected = (seenOf.get(card) ?? 0) + 1;
    seenOf.set(card, expected);
    if (count !== expected) {
      problems.push(`${card}: payment ${expected}, at position ${position}, saw the count ${String(count)}`);
    }
  }
  return problems;
}
