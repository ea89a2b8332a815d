/** What a start says about lists: a list nobody reads, or one that is empty, is mostly a mistake. */
import type { CompiledPolicy } from '#policy/compiled-policy.ts';
import type { ListSource } from '#policy/lists.ts';

export function listNotes(
  lists: readonly ListSource[], policies: readonly Pick<CompiledPolicy, 'lists'>[],
): readonly string[] {
  const managed = new Set(policies.flatMap((policy) => policy.lists)
    .flatMap((list) => (list.values === undefined ? [list.name] : [])));
  const published = new Map(lists.map(({ name, entries }) => [name, entries.length]));
  const strays = [...published.keys()].filter((name) => !managed.has(name));
  return [
    ...strays.map((name) =>
      `lists: no policy reads the list ${name}; policies read ${[...managed].join(', ')}`),
    ...[...managed].map((name) => {
      const count = published.get(name);
      if (count === undefined) return `lists: ${name} is empty: nothing of it was published`;
      return `lists: ${name} has ${count} entries`;
    }),
  ];
}
