import { MemoryGroup } from '#adapters/memory/topic-group.ts';
import { MemoryTopic } from '#adapters/memory/topic.ts';
import type { Topic } from '#ports/topic.ts';
import { topicGroupContract } from './topic-group.ts';

const groups = new Map<Topic, MemoryGroup>();

topicGroupContract('in memory', () => ({
  make: async (partitionCount) => {
    const topic = new MemoryTopic('transactions', partitionCount, Date.now);
    groups.set(topic, new MemoryGroup('deciders', topic));
    return topic;
  },
  member: (topic, name) => groups.get(topic)!.member(name),
}));
