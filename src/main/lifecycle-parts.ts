/** The engine and its files as the life cycle asks for them. */
import type { ListReader } from '#lifecycle/parts.ts';
import { readList } from './read-list.ts';

export const readListCsv: ListReader = (text, file) => {
  const problems: string[] = [];
  const { entries } = readList(text, file, problems);
  return problems.length > 0 ? { problems } : { entries };
};
