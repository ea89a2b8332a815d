import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryRecordStore } from '#adapters/memory/record-store.ts';
import { PgliteSession } from '#adapters/pglite/pglite-session.ts';
import type { ListEntryRecord, RecordStore, RecordWrites } from '#ports/records.ts';
import { bringUpToDate } from '#records/bring-up-to-date.ts';
import { SqlRecordStore } from '#records/sql-record-store.ts';
import { seededRandom } from '../../bench/random.ts';
import {
  approval, entry, evidence, listChange, listEntry, publication, run, snooze, version,
} from '../contracts/records-samples.ts';
import { scaled } from '../test-scale.ts';
import { sourceOf } from './embedded-world.ts';

const CHANGES = scaled(150);
const SEED = 20_261_124;
/** Few, so that keys collide, lists overlap and instants are shared. */
const NAMES = ['a', 'b', '\u{1F980}', 'ﷺ', 'aa'];

type Act = (writes: RecordWrites) => Promise<void>;

function randomAct(random: () => number, number: number): Act {
  const below = (end: number): number => Math.floor(random() * end);
  const name = (): string => NAMES[below(NAMES.length)] ?? '';
  const id = (): string => `${name()}${below(8)}`;
  const atMs = below(6);
  const value = (): string | number => (random() < 0.3 ? below(12) : id());
  const entries = (): readonly ListEntryRecord[] =>
    Array.from({ length: below(6) }, () => listEntry(value(), { fromMs: below(3), note: `${number}` }));
  const removed = Array.from({ length: below(4) }, value);
  const acts: readonly Act[] = [
    (to) => to.addVersion(version(id(), { policy: name(), atMs })),
    (to) => to.withdrawVersion(id(), atMs),
    (to) => to.addEvidence(evidence(id(), { atMs, passed: random() < 0.5 })),
    (to) => to.addApproval(approval(id(), { person: random() < 0.3 ? 'a.ng' : name(), role: name() })),
    (to) => to.addSnooze(snooze(id(), { policy: name(), atMs, untilMs: below(10) })),
    (to) => to.setSnoozeState(id(), random() < 0.7 ? 'published' : 'ended'),
    (to) => to.putBacktestRun(run(id(), id(), { atMs, done: number })),
    (to) => to.addPublication(publication(below(60))),
    async (to) => {
      const change = listChange(id(), name(), {
        atMs, kind: random() < 0.2 ? 'replace' : 'amend', add: entries(), remove: removed,
      });
      await to.addListChange(change);
      await to.applyListChange(change.id);
    },
  ];
  const chosen = Array.from({ length: 1 + below(3) }, () => acts[below(acts.length)]);
  const fails = random() < 0.1;
  return async (to) => {
    for (const act of chosen) await act?.(to);
    if (fails) throw new TypeError('the act fails');
  };
}

async function outcome(store: RecordStore, seed: number, number: number): Promise<string> {
  try {
    await store.change(entry('t', `s/${number % 4}`), randomAct(seededRandom(seed), number));
    return 'made';
  } catch (why) {
    return why instanceof Error ? why.constructor.name : String(why);
  }
}

async function everything(store: RecordStore): Promise<unknown> {
  const ids = NAMES.flatMap((name) => Array.from({ length: 8 }, (_, index) => `${name}${index}`));
  const found: unknown[] = [await store.policyNames(), await store.audit(1, 1_000)];
  for (const one of ids) {
    found.push(await store.version(one), await store.evidence(one), await store.approvals('version', one),
      await store.listChange(one), await store.listChangeSummary(one), await store.snooze(one),
      await store.backtestRun(one));
  }
  const pages = [{ limit: 3, after: undefined }, { limit: 2, after: 4 }, { limit: 500, after: undefined }];
  for (const page of pages) {
    found.push(await store.publications(page), await store.auditOf('s/1', page));
    for (const one of NAMES) {
      found.push(await store.versions(one, page), await store.snoozes(one, page),
        await store.listChanges(one, page), await store.listEntries(one), await store.snoozesInForce(3));
    }
    for (const one of ids) found.push(await store.backtestRuns(one, page));
  }
  return found;
}

test(`${CHANGES} random changes leave PostgreSQL and the plain store alike`, async () => {
  const session = await PgliteSession.open('memory://');
  try {
    await bringUpToDate(session);
    const memory = new MemoryRecordStore();
    const sql = new SqlRecordStore(sourceOf(session));
    const made = new Map<string, number>();
    for (let number = 0; number < CHANGES; number += 1) {
      const expected = await outcome(memory, SEED + number, number);
      deepEqual(await outcome(sql, SEED + number, number), expected, `change ${number}`);
      made.set(expected, (made.get(expected) ?? 0) + 1);
    }
    deepEqual([...made.keys()].sort(), ['RecordConflict', 'RecordRefused', 'TypeError', 'made']);
    deepEqual(await everything(sql), await everything(memory));
  } finally {
    await session.abandon();
  }
});
