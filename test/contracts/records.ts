/** The contract of the port RecordStore: stories that every adapter passes, in turn, on one store. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  RecordConflict, RecordRefused, RecordsUnavailable, type ListEntryRecord, type RecordStore,
} from '#ports/records.ts';
import { verifyAudit } from '#records/audit-chain.ts';
import {
  approval, entry, evidence, listChange, listEntry, ODD_JSON, ODD_TEXT, publication, run, snooze, version,
} from './records-samples.ts';

export interface RecordWorld {
  readonly store: RecordStore;
  dispose(): Promise<void>;
}

export function recordStoreContract(name: string, makeWorld: () => Promise<RecordWorld>): void {
  describe(`records: ${name}`, () => {
    let world: RecordWorld;
    let store: RecordStore;
    before(async () => {
      world = await makeWorld();
      ({ store } = world);
    });
    after(() => world.dispose());
    const page = { limit: 100, after: undefined };
    const headSeq = async (): Promise<number> => (await verifyAudit(store)).head.seq;

    test('every record comes back as it was written', async () => {
      const written = {
        version: version('h1', { authorSeal: 'seal' }), evidence: evidence('h1'), approval: approval('h1'),
        change: listChange('lc1', 'l1', {
          add: [listEntry(ODD_TEXT, { fromMs: 1, note: ODD_TEXT }), listEntry(0.1, { untilMs: 2 })],
          remove: ['1', 1],
        }),
        snooze: snooze('s1'), run: run('r1', 'h1', { problem: ODD_TEXT, endedAtMs: 1, report: [ODD_JSON] }),
        publication: publication(1),
      };
      const answer = await store.change(entry('test.all'), async (writes) => {
        await writes.addVersion(written.version);
        await writes.addEvidence(written.evidence);
        await writes.addApproval(written.approval);
        await writes.addListChange(written.change);
        await writes.addSnooze(written.snooze);
        await writes.putBacktestRun(written.run);
        await writes.addPublication(written.publication);
        deepEqual(await writes.version('h1'), written.version, 'a change sees what it wrote');
        return 42;
      });
      equal(answer, 42);
      deepEqual(await store.version('h1'), written.version);
      deepEqual(await store.versions('cards', page), [written.version]);
      deepEqual(await store.evidence('h1'), [written.evidence]);
      deepEqual(await store.approvals('version', 'h1'), [written.approval]);
      deepEqual(await store.listChange('lc1'), written.change);
      const { add, remove, ...proposed } = written.change;
      const counted = { ...proposed, added: add.length, removed: remove.length };
      deepEqual(await store.listChangeSummary('lc1'), counted);
      equal(await store.listChangeSummary('lc9'), undefined);
      deepEqual(await store.listChanges('l1', page), [counted]);
      deepEqual(await store.snooze('s1'), written.snooze);
      deepEqual(await store.snoozes('cards', page), [written.snooze]);
      deepEqual(await store.backtestRun('r1'), written.run);
      const { report: _report, ...tried } = written.run;
      deepEqual(await store.backtestRuns('h1', page), [tried]);
      deepEqual(await store.publications(page), [written.publication]);
      const [audited] = await store.auditOf('policy/cards', page);
      const { seq, hash, ...rest } = audited ?? {};
      deepEqual(rest, entry('test.all'));
      equal(seq, 1);
      equal(hash, (await verifyAudit(store)).head.hash);
    });

    test('what is not there is undefined or empty', async () => {
      deepEqual([await store.version('-'), await store.listChange('-'), await store.snooze('-'),
        await store.backtestRun('-')], [undefined, undefined, undefined, undefined]);
      deepEqual([await store.listEntries('-'), await store.evidence('-'), await store.versions('-', page)],
        [[], [], []]);
    });

    test('a change that throws leaves nothing, and no audit entry', async () => {
      const headBefore = await headSeq();
      await rejects(store.change(entry('test.throw'), async (writes) => {
        await writes.addVersion(version('h2'));
        throw new RangeError('no');
      }), new RangeError('no'));
      equal(await store.version('h2'), undefined);
      equal(await headSeq(), headBefore);
    });

    test('a key that is taken is a conflict, and the store goes on', async () => {
      const twice = [
        () => store.change(entry('t'), (writes) => writes.addVersion(version('h1'))),
        () => store.change(entry('t'), (writes) => writes.addApproval(approval('h1', { seal: 'other' }))),
        () => store.change(entry('t'), (writes) => writes.addListChange(listChange('lc1', 'l2'))),
        () => store.change(entry('t'), (writes) => writes.addSnooze(snooze('s1'))),
        () => store.change(entry('t'), (writes) => writes.addPublication(publication(1))),
      ];
      for (const again of twice) await rejects(again(), RecordConflict);
      equal((await store.publications(page)).length, 1);
    });

    test('what is named must be there', async () => {
      const missing = [
        () => store.change(entry('t'), (writes) => writes.withdrawVersion('-', 1)),
        () => store.change(entry('t'), (writes) => writes.addEvidence(evidence('-'))),
        () => store.change(entry('t'), (writes) => writes.addApproval(approval('-'))),
        () => store.change(entry('t'), (writes) => writes.setListChangeState('-', 'published')),
        () => store.change(entry('t'), (writes) => writes.applyListChange('-')),
        () => store.change(entry('t'), (writes) => writes.setSnoozeState('-', 'published')),
        () => store.change(entry('t'), (writes) => writes.putBacktestRun(run('r', '-'))),
      ];
      for (const [index, act] of missing.entries()) await rejects(act(), RecordRefused, `${index}`);
    });

    test('nobody approves what is their own', async () => {
      const own = [approval('h1', { person: 'a.ng' }),
        approval('hash-of-lc1', { subject: 'list_change', person: 'a.ng' }),
        approval('hash-of-s1', { subject: 'snooze', person: 'a.ng' })];
      for (const one of own) {
        await rejects(store.change(entry('t'), (writes) => writes.addApproval(one)), RecordRefused);
        await store.change(entry('t'), (writes) => writes.addApproval({ ...one, person: 'c.oh' }));
        deepEqual((await store.approvals(one.subject, one.hash)).at(-1)?.person, 'c.oh');
      }
    });

    test('a version is withdrawn once, and keeps when', async () => {
      await store.change(entry('t'), (writes) => writes.addVersion(version('h3', { policy: 'w' })));
      await store.change(entry('t'), (writes) => writes.withdrawVersion('h3', 10));
      await store.change(entry('t'), (writes) => writes.withdrawVersion('h3', 20));
      deepEqual(await store.version('h3'), version('h3', { policy: 'w', withdrawnAtMs: 10 }));
    });

    test('a snooze and a list change go forward only', async () => {
      await store.change(entry('t'), async (writes) => {
        await writes.addSnooze(snooze('s-forward', { policy: 'f' }));
        await writes.addListChange(listChange('lc-forward', 'f'));
        for (const state of ['published', 'published', 'ended'] as const) {
          await writes.setSnoozeState('s-forward', state);
        }
        await writes.setListChangeState('lc-forward', 'withdrawn');
      });
      const back = [
        () => store.change(entry('t'), (writes) => writes.setSnoozeState('s-forward', 'published')),
        () => store.change(entry('t'), (writes) => writes.setSnoozeState('s-forward', 'withdrawn')),
        () => store.change(entry('t'), (writes) => writes.setListChangeState('lc-forward', 'published')),
        () => store.change(entry('t'), (writes) => writes.setListChangeState('lc-forward', 'proposed')),
      ];
      for (const [index, act] of back.entries()) await rejects(act(), RecordRefused, `${index}`);
      equal((await store.snooze('s-forward'))?.state, 'ended');
    });

    test('a list is replaced and amended by its changes', async () => {
      const apply = (id: string, more: Parameters<typeof listChange>[2]): Promise<void> =>
        store.change(entry('t', 'list/l3'), async (writes) => {
          await writes.addListChange(listChange(id, 'l3', more));
          equal((await writes.listChange(id))?.state, 'proposed');
          await writes.applyListChange(id);
          await writes.setListChangeState(id, 'published');
        });
      const entries = ['ab', '\u{1F980}', 'ﷺ', 'a', '10', 9, 10].map((value) => listEntry(value));
      const late = listEntry('a', { fromMs: 5, untilMs: 6, note: 'late' });
      await apply('lc2', { kind: 'replace', add: [...entries, late] });
      const sorted = ['10', 'a', 'a', 'ab', 'ﷺ', '\u{1F980}', 10, 9];
      const values = (all: readonly ListEntryRecord[]): unknown => all.map(({ value }) => value);
      deepEqual(values(await store.listEntries('l3')), sorted);
      deepEqual((await store.listEntries('l3'))[2], late);
      await apply('lc3', { remove: ['a', 10], add: [listEntry(11)] });
      deepEqual(values(await store.listEntries('l3')), ['10', 'ab', 'ﷺ', '\u{1F980}', 11, 9]);
      await apply('lc4', { kind: 'replace', add: [listEntry('z')] });
      deepEqual(values(await store.listEntries('l3')), ['z']);
      equal((await store.listChange('lc4'))?.state, 'published');
      deepEqual(await store.listEntries('l1'), [], 'a change that was not applied changed nothing');
    });

    test('a list of many entries is kept whole', async () => {
      const add = Array.from({ length: 12_345 }, (_, index) => listEntry(`card_${index}`, { fromMs: index }));
      await store.change(entry('t', 'list/many'), async (writes) => {
        await writes.addListChange(listChange('lc5', 'many', { kind: 'replace', add }));
        await writes.applyListChange('lc5');
      });
      const remove = add.slice(0, 777).map(({ value }) => value);
      await store.change(entry('t', 'list/many'), async (writes) => {
        await writes.addListChange(listChange('lc6', 'many', { remove }));
        await writes.applyListChange('lc6');
      });
      const kept = await store.listEntries('many');
      const inOrder = add.slice(777).sort((left, right) => (left.value < right.value ? -1 : 1));
      deepEqual(kept, inOrder);
      deepEqual((await store.listChange('lc5'))?.add, add);
    });

    test('snoozes in force are published and have not ended', async () => {
      await store.change(entry('t'), async (writes) => {
        for (const [id, untilMs] of [['s2', 100], ['s3', 101], ['s4', 102], ['s5', 200]] as const) {
          await writes.addSnooze(snooze(id, { untilMs, atMs: 300 - untilMs, policy: 'p2' }));
          if (id !== 's4') await writes.setSnoozeState(id, 'published');
        }
        await writes.setSnoozeState('s5', 'ended');
      });
      const idsAt = async (at: number): Promise<unknown> =>
        (await store.snoozesInForce(at)).map(({ id }) => id);
      deepEqual([await idsAt(99), await idsAt(100), await idsAt(101)], [['s3', 's2'], ['s3'], []]);
    });

    test('pages go on where they ended, and records of one instant stay together', async () => {
      const times = [1, 2, 2, 2, 3, 4];
      await store.change(entry('t'), async (writes) => {
        for (const [index, atMs] of times.entries()) {
          await writes.addVersion(version(`page-${index}`, { policy: 'paged', atMs }));
        }
      });
      const hashes = async (limit: number, afterMs?: number): Promise<unknown> =>
        (await store.versions('paged', { limit, after: afterMs })).map(({ hash }) => hash);
      deepEqual(await hashes(3), ['page-5', 'page-4', 'page-3', 'page-2', 'page-1']);
      deepEqual(await hashes(2), ['page-5', 'page-4']);
      deepEqual(await hashes(2, 3), ['page-3', 'page-2', 'page-1']);
      deepEqual(await hashes(2, 2), ['page-0']);
      for (const limit of [0, 1_001, 1.5]) await rejects(hashes(limit), RangeError);
      deepEqual((await store.policyNames()).filter((one) => one !== 'cards'), ['paged', 'w']);
    });

    test('progress of a run is kept, and makes no audit entry', async () => {
      const headBefore = await headSeq();
      await store.noteProgress(run('r2', 'h1', { status: 'running', done: 5, total: 10 }));
      await store.noteProgress(run('r2', 'h1', { status: 'done', done: 10, total: 10, report: { a: 1 } }));
      deepEqual((await store.backtestRun('r2'))?.report, { a: 1 });
      equal((await store.backtestRun('r2'))?.status, 'done');
      equal(await headSeq(), headBefore);
    });

    test('changes at once are made one after the other, and each sees those before it', async () => {
      const headBefore = await headSeq();
      const change = (): Promise<number> => store.change(entry('t'), async (writes) => {
        const [last] = await writes.publications({ limit: 1, after: undefined });
        const position = (last?.position ?? 0) + 1;
        await writes.addPublication(publication(position));
        return position;
      });
      const positions = await Promise.all(Array.from({ length: 25 }, change));
      deepEqual(positions.sort((left, right) => left - right), Array.from({ length: 25 }, (_, i) => i + 2));
      deepEqual(await verifyAudit(store).then(({ head, damage }) => [head.seq, damage]),
        [headBefore + 25, undefined]);
    });

    test('a text or number that cannot be kept is refused before anything is written', async () => {
      const headBefore = await headSeq();
      for (const odd of ['\ud800', 'a\0b']) {
        const add = (): Promise<void> =>
          store.change(entry('t'), (writes) => writes.addVersion(version('h9', { note: odd })));
        await rejects(add(), RangeError);
        await rejects(store.change(entry('t', odd), async () => {}), RangeError);
        await rejects(store.change(entry('t', 's', { [odd]: 1 }), async () => {}), RangeError);
      }
      await rejects(store.change(entry('t', 's', Number.NaN), async () => {}), RangeError);
      equal(await headSeq(), headBefore);
    });

    test('the audit is read by position and by subject', async () => {
      const { head, damage } = await verifyAudit(store);
      equal(damage, undefined);
      ok(head.seq > 20);
      const some = await store.audit(3, 4);
      deepEqual(some.map(({ seq }) => seq), [3, 4, 5, 6]);
      const ofList = await store.auditOf('list/l3', { limit: 2, after: undefined });
      equal(ofList.length, 2);
      deepEqual(await store.auditOf('list/l3', { limit: 5, after: ofList[1]?.seq }),
        (await store.auditOf('list/l3', page)).slice(2));
      equal((await verifyAudit(store, head)).damage, undefined);
      const other = await verifyAudit(store, { seq: 3, hash: 'f00d' });
      ok(other.damage?.startsWith('audit entry 3 was changed'));
      const later = { seq: head.seq + 1, hash: 'f00d' };
      equal((await verifyAudit(store, later)).damage, `audit entry ${later.seq} was there, and is not`);
    });

    test('a closed store says so', async () => {
      await store.close();
      await rejects(store.change(entry('t'), async () => {}), RecordsUnavailable);
    });
  });
}
