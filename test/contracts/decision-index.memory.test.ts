import { MemoryDecisionIndex } from '#adapters/memory/decision-index.ts';
import { decisionIndexContract } from './decision-index.ts';

decisionIndexContract('in memory', async () => ({
  index: new MemoryDecisionIndex(), dispose: async () => {},
}));
