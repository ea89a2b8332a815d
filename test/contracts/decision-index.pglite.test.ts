import { after, before, describe } from 'node:test';
import { PgliteIndexes } from '../projections/pglite-index.ts';
import { decisionIndexContract } from './decision-index.ts';

describe('an embedded database', () => {
  let indexes: PgliteIndexes;
  before(async () => { indexes = await PgliteIndexes.open(); });
  after(() => indexes.session.abandon());

  decisionIndexContract('embedded', async () => ({ index: await indexes.index(), dispose: async () => {} }));
});
