/**
 * The folder of policies is only the first publication. After it, what decides is what the log says; rates
 * and
 * custom fields are settings of the installation, and go on coming from the folder.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Publication } from '#decisioning/publication.ts';
import { contentOf } from '#lifecycle/publish.ts';
import { SYSTEM_PERSON } from '#ports/key-store.ts';

export interface Settled {
  inForce(): { readonly base: number; readonly publication: Publication };
  publish(publication: Publication, keeping: object, madeOn: number): Promise<number>;
}

/**
 * What a start says; and new rates and fields of the folder are live when it resolves, unless they are only
 * to be told of.
 */
export async function settleFolder(
  engine: Settled, folder: Publication, isTold: 'published' | 'told' = 'published',
): Promise<readonly string[]> {
  const { base, publication: live } = engine.inForce();
  const notes = differences(folder, live);
  const { rates, custom } = folder;
  if (isDeepStrictEqual(rates, live.rates) && isDeepStrictEqual(custom, live.custom)) return notes;
  if (isTold === 'told') {
    return [...notes, `rates: ${rates.version} or the custom fields of the folder differ from what is live, `
      + 'and do not go live by themselves; a start with ASSAY_SETTLE=1 publishes them'];
  }
  const position = await engine.publish({
    ...contentOf(live), rates, custom, person: SYSTEM_PERSON, because: 'rates and custom fields of the '
      + 'folder',
      approvals: [],
  }, {}, base);
  return [...notes,
    `rates: ${rates.version}, with the custom fields of the folder, from position ${position} on`];
}

function differences(folder: Publication, live: Publication): readonly string[] {
  const sources = new Map(live.policies.map(({ source, file }) => [file, source]));
  const lists = new Map(live.lists.map((list) => [list.name, list.entries]));
  return [
    ...folder.policies.filter(({ file, source }) => sources.get(file) !== source).map(({ file }) =>
      `policies: ${file} differs from what is live, and does not go live by itself; `
      + `\`npx assay policy submit ${file} --note WHY\` begins its way`),
    ...folder.lists.filter(({ name, entries }) => !isDeepStrictEqual(lists.get(name) ?? [], entries)).map(
      ({ name }) =>
      `lists: ${name}.csv differs from what is live, and does not go live by itself; `
      + `\`npx assay list upload ${name} FILE --reason WHY\` begins its way`),
  ];
}
