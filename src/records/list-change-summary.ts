import type { ListChangeRecord, ListChangeSummary } from '#ports/records.ts';

/** How much a change holds, and not what. */
export const listChangeSummary = ({ add, remove, ...change }: ListChangeRecord): ListChangeSummary =>
  ({ ...change, added: add.length, removed: remove.length });
