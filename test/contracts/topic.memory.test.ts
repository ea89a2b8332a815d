import { MemoryTopic } from '#adapters/memory/topic.ts';
import { topicContract } from './topic.ts';

topicContract('in memory', () => ({
  make: async (partitionCount) => new MemoryTopic('decisions', partitionCount, Date.now),
  again: async (topic) => topic,
}));
