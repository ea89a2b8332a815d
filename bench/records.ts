// What the records cost: `node tools/run.mjs bench/records.ts [URL OF A POSTGRESQL]`. One change is what a
// submission is: a version, its evidence, a read, the audit entry.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import process from 'node:process';
import { openRecords, type RecordsPlace } from '../src/main/open-records.ts';
import type { RecordStore } from '#ports/records.ts';

const CHANGE_COUNT = 1_000;
const ENTRY_COUNT = 100_000;
const DOCUMENT = '# a rule\n'.repeat(1_000);

const ms = (from: number): number => Math.round((performance.now() - from) * 10) / 10;
const residentMb = (): number => Math.round(process.memoryUsage().rss / 1e6);
const out = (what: string, value: string): void => { process.stdout.write(`${what.padEnd(44)}${value}\n`); };

async function opened(place: RecordsPlace, what: string): Promise<RecordStore> {
  const before = residentMb();
  const start = performance.now();
  const { store, settled } = await openRecords(place, (line) => { out('told', line); });
  const loaded = ms(start);
  await settled;
  out(what, `${ms(start)} ms (of it ${loaded} ms of this thread), resident ${before} -> ${residentMb()} MB`);
  return store;
}

async function changes(store: RecordStore): Promise<void> {
  const run = Date.now().toString(36);
  const took: number[] = [];
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  for (let index = 0; index < CHANGE_COUNT; index += 1) {
    const hash = `${run}-${index}`;
    const start = performance.now();
    const entry = { atMs: index, person: 'a.ng', action: 'version.submit', subject: `v/${hash}`, detail: {} };
    await store.change(entry, async (writes) => {
      await writes.addVersion({
        hash, policy: 'cards', version: 1, title: 't', file: 'f', source: DOCUMENT, author: 'a.ng',
        atMs: index, note: '', withdrawnAtMs: undefined,
      });
      await writes.addEvidence(
        { hash, kind: 'check', passed: true, atMs: index, person: 'a.ng', summary: { problems: [] } });
      await writes.evidence(hash);
    });
    took.push(performance.now() - start);
  }
  delay.disable();
  took.sort((left, right) => left - right);
  const at = (share: number): string => (took[Math.floor(took.length * share)] ?? 0).toFixed(2);
  out(`${CHANGE_COUNT} changes`, `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms; event loop p99 `
    + `${(delay.percentile(99) / 1e6).toFixed(1)} ms; resident ${residentMb()} MB`);
}

async function longList(store: RecordStore): Promise<void> {
  const id = Date.now().toString(36);
  const add = Array.from({ length: ENTRY_COUNT }, (_, index) => (
    { value: `card_${index}`, fromMs: undefined, untilMs: undefined, note: '' }));
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const start = performance.now();
  const entry = { atMs: 1, person: 'a.ng', action: 'list.publish', subject: 'list/l', detail: {} };
  await store.change(entry, async (writes) => {
    await writes.addListChange({
      id, hash: id, list: 'l', kind: 'replace', add, remove: [], author: 'a.ng', atMs: 1, reason: '',
      state: 'proposed',
    });
    await writes.applyListChange(id);
  });
  out(`a list of ${ENTRY_COUNT} entries replaced`, `${ms(start)} ms; event loop longest `
    + `${(delay.max / 1e6).toFixed(0)} ms; resident ${residentMb()} MB`);
}

async function measure(place: RecordsPlace): Promise<void> {
  const first = await opened(place, 'first open');
  await changes(first);
  await longList(first);
  const start = performance.now();
  await first.close();
  out('close', `${ms(start)} ms`);
  const later = await opened(place, 'later open');
  await later.close();
}

const url = process.argv[2];
const folder = await mkdtemp(join(tmpdir(), 'assay-bench-records-'));
try {
  await measure(url === undefined ? { folder } : { url });
} finally {
  await rm(folder, { recursive: true, force: true });
}
