/** What was in force at a position that a decision names: a publication, perhaps with an amendment on it. */
import type { LogReader } from '#ports/decision-log.ts';
import {
  isAmendment, readAmendment, readPublication, type Amendment, type Publication,
} from './publication.ts';

export interface InForce {
  readonly publication: Publication;
  /** Position of the publication. */
  readonly base: number;
  readonly amendment: Amendment | undefined;
  /** From here on: of the amendment where there is one, else of the publication. */
  readonly position: number;
}

/** Throws where no publication and no amendment stands there: `position` is `versions.publication`. */
export async function inForceAt(log: Pick<LogReader, 'get'>, position: number): Promise<InForce> {
  const record = await log.get(position);
  if (record?.kind !== 'publication') throw new Error(`position ${position} of the log is not a publication`);
  if (!isAmendment(record)) {
    return { publication: readPublication(record), base: position, amendment: undefined, position };
  }
  const amendment = readAmendment(record);
  const { base } = amendment;
  const published = await log.get(base);
  if (published?.kind !== 'publication' || isAmendment(published)) {
    throw new Error(`the amendment at position ${position} is about ${base}, which is not a publication`);
  }
  return { publication: readPublication(published), base, amendment, position };
}
