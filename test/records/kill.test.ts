import { deepEqual, equal, ok } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { verifyAudit } from '#records/audit-chain.ts';
import type { RecordStore } from '#ports/records.ts';
import { seededRandom } from '../../bench/random.ts';
import { openRecords } from '../../src/main/open-records.ts';
import { scaled } from '../test-scale.ts';

const KILLS = scaled(20);
/** Some kills hit the open, most hit the changes. */
const ALIVE_MS_MAX = 300;
const CHILD = join(import.meta.dirname, 'changing-process.ts');

test(`a process killed ${KILLS} times while it changes records loses nothing it acknowledged`, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'assay-records-kill-'));
  const random = seededRandom(11);
  const acknowledged: number[] = [];
  let next = 1;
  try {
    for (let kill = 0; kill < KILLS; kill += 1) {
      const heard = await oneLife(folder, next, acknowledged.at(-1) ?? 0, random);
      ok(!heard.includes('lost'), `life ${kill} does not see change ${acknowledged.at(-1)}`);
      acknowledged.push(...heard.map(Number));
      // The one that was on its way may be there: the next life takes a number that is surely free.
      next = Math.max(next, (acknowledged.at(-1) ?? 0) + 1) + 1;
    }
    const { store, settled } = await openRecords({ folder }, () => {});
    await settled;
    await checkWhole(store, acknowledged);
    await store.close();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

async function oneLife(
  folder: string, first: number, expected: number, random: () => number,
): Promise<readonly string[]> {
  const child = spawn(process.execPath, [CHILD, folder, `${first}`, `${expected}`],
    { stdio: ['ignore', 'pipe', 'inherit'] });
  const heard: string[] = [];
  const exit = once(child, 'exit');
  const began = Promise.withResolvers<void>();
  createInterface(child.stdout).on('line', (line) => {
    heard.push(line);
    began.resolve();
  });
  // One in five is killed within its open.
  if (random() < 0.8) await Promise.race([began.promise, exit]);
  await sleep(random() * ALIVE_MS_MAX);
  child.kill('SIGKILL');
  await exit;
  return heard;
}

async function checkWhole(store: RecordStore, acknowledged: readonly number[]): Promise<void> {
  const { head, damage } = await verifyAudit(store);
  equal(damage, undefined);
  ok(head.seq >= acknowledged.length);
  const made: number[] = [];
  for (let from = 1; from <= head.seq; from += 1_000) {
    for (const { subject } of await store.audit(from, 1_000)) made.push(Number(subject.split('/')[1]));
  }
  const madeOnes = new Set(made);
  deepEqual(acknowledged.filter((number) => !madeOnes.has(number)), [], 'acknowledged, and not there');
  let entries = 0;
  for (const number of made) {
    const parts = [
      await store.version(`v${number}`), (await store.evidence(`v${number}`))[0],
      await store.listChange(`l${number}`), await store.snooze(`s${number}`),
    ];
    ok(parts.every((part) => part !== undefined), `change ${number} is there by half`);
    entries += 1 + (number % 50);
  }
  equal((await store.listEntries('kept')).length, entries);
}
