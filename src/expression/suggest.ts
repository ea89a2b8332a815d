import { nearestName } from '#domain/nearest-name.ts';

/** ``Did you mean `X`?``, or undefined where no name is near. */
export function didYouMean(word: string, names: Iterable<string>): string | undefined {
  const name = nearestName(word, names);
  return name === undefined ? undefined : `Did you mean \`${name}\`?`;
}
