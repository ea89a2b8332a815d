/** The engine and its files as the life cycle asks for them. */
import type { Engine } from '#decisioning/engine.ts';
import type { ListReader, LiveEngine } from '#lifecycle/parts.ts';
import { readList } from './read-list.ts';

export const readListCsv: ListReader = (text, file) => {
  const problems: string[] = [];
  const { entries } = readList(text, file, problems);
  return problems.length > 0 ? { problems } : { entries };
};

export const liveEngine = (engine: Engine): LiveEngine => ({
  inForce() {
    const { position, base, publication, amendment } = engine.inForce();
    const policies = (engine.state.live?.policies ?? []).map(({ policy }) => policy);
    return { position, base, publication, amendment, policies };
  },
  publish: (publication, keep) => engine.publish(publication, keep),
  amend: (amending) => engine.amend(amending),
  publicationAt: (position) => engine.publicationAt(position),
  recordCount: () => engine.measurements().logPosition,
});
