// Keeps records without end, until it is killed: prints the number of each one that was answered. The topic
// is that of a broker, or one that is away.
import { writeSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalJournal } from '#adapters/journal/local-journal.ts';
import { KafkaTopic } from '#adapters/kafka/topic.ts';
import { nodeDisk } from '#adapters/log-files/node-disk.ts';
import { MemoryTopic } from '#adapters/memory/topic.ts';
import { Breaker } from '#fleet/breaker.ts';
import { JournaledTopic } from '#fleet/journaled-topic.ts';
import type { Topic } from '#ports/topic.ts';
import { numbered, TERMS } from './numbered-records.ts';

const [folder = '', first = '0', broker = ''] = process.argv.slice(2);
const EVERY_MS = 2;

const clock = { now: () => Date.now(), sleep: (ms: number) => sleep(ms) };
const topic = await opened();
const journal = await LocalJournal.open(nodeDisk, { folder, clock });
const breaker = new Breaker({ terms: TERMS, now: () => performance.now(), random: Math.random });
const journaled = JournaledTopic.open({ topic, journal, breaker, clock, lateMs: 100 });

for (let number = Number(first); ; number++) {
  void journaled.keep(numbered(number), { withinMs: 30 }).then(() => { writeSync(1, `${number}\n`); });
  await sleep(EVERY_MS);
}

async function opened(): Promise<Topic> {
  if (broker !== '') {
    const connection = { brokers: [broker], clientId: 'assay', requestMsMax: 2_000 };
    return KafkaTopic.open({ connection, topic: 'decisions', appendMsMax: 60_000 });
  }
  const away = new MemoryTopic('decisions', 1, () => Date.now());
  await away.close();
  return away;
}
