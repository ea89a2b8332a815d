// The disk under Kafka is full: nothing that was acknowledged is lost, and with more room all goes on.
import { deepEqual, ok } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { createTopic } from '#adapters/kafka/check-topic.ts';
import { KafkaTopic } from '#adapters/kafka/topic.ts';
import { TopicUnavailable } from '#ports/topic.ts';
import { KafkaServer } from './kafka-server.ts';

const run = promisify(execFile);
const RECORD_BYTES = 64 << 10;
const BACK_MS_MAX = 60_000;

/** A file system of so many MiB; undefined where this user may mount none. */
async function smallDisk(t: TestContext, mib: number): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-disk-'));
  const isMounted = await run('mount', ['-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', folder])
    .then(() => true, () => false);
  t.after(async () => {
    if (isMounted) await run('umount', ['--lazy', folder]);
    await rm(folder, { recursive: true, force: true });
  });
  return isMounted ? folder : undefined;
}

test('the disk under Kafka is full: nothing acknowledged is lost, and with room it goes on', async (t) => {
  const disk = await smallDisk(t, 24);
  if (disk === undefined) {
    t.skip('only who may mount a small file system sees it: run it as root');
    return;
  }
  const metadata = await mkdtemp(join(tmpdir(), 'assay-metadata-'));
  t.after(() => rm(metadata, { recursive: true, force: true }));
  const server = await KafkaServer.make({
    settings: { 'log.dirs': join(disk, 'data'), 'metadata.log.dir': metadata },
  });
  t.after(() => server.remove());
  const connection = { brokers: [server.address], clientId: 'assay', requestMsMax: 2_000 };
  await createTopic(connection, {
    name: 'decisions', partitionCount: 1, replicas: 1, inSyncMin: 1, retentionMs: 'for ever',
  });
  const topic = await KafkaTopic.open({ connection, topic: 'decisions', appendMsMax: 3_000 });
  t.after(() => topic.close());
  const acknowledged: number[] = [];
  const append = async (number: number): Promise<void> => {
    const value = new Uint8Array(RECORD_BYTES);
    new DataView(value.buffer).setUint32(0, number);
    await topic.append({ key: 'k', value, headers: {} });
    acknowledged.push(number);
  };
  let number = 0;
  let failure: unknown;
  while (failure === undefined) {
    ok(number < 2_000, 'the disk is not small');
    failure = await append(number++).then(() => undefined, (error: unknown) => error);
  }
  ok(failure instanceof TopicUnavailable);
  t.diagnostic(`${acknowledged.length} records were acknowledged; then: ${failure.message}`);
  await run('mount', ['-o', 'remount,size=200m', disk]);
  await server.kill();
  await server.start();
  const startedAt = performance.now();
  for (let isBack = false; !isBack;) {
    ok(performance.now() - startedAt < BACK_MS_MAX, 'it does not come back');
    isBack = await append(number++).then(() => true, () => false);
  }
  const found: number[] = [];
  for await (const { value } of topic.read([])) {
    found.push(new DataView(value.buffer, value.byteOffset).getUint32(0));
  }
  // What was not acknowledged may be there or not; and nothing is there twice, or out of its order.
  deepEqual(found.filter((one) => acknowledged.includes(one)), acknowledged);
  deepEqual(found, [...new Set(found)].toSorted((one, other) => one - other));
});
