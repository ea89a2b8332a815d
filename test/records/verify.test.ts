import { deepEqual, equal, match } from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDecisionLog } from '#adapters/log-files/decision-log-open.ts';
import { nodeDisk } from '#adapters/log-files/node-disk.ts';
import { recordsOf } from '#adapters/pglite/change-record.ts';
import { auditHash, NO_AUDIT, nextAudit } from '#records/audit-chain.ts';
import { recordsJournal } from '../../src/main/open-records.ts';
import { verifyRecords } from '../../src/main/verify-records.ts';
import { entry, version } from '../contracts/records-samples.ts';

test('the audit is verified from the journal, without the database', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'assay-verify-'));
  try {
    equal(await verifyRecords({ folder }, undefined), undefined, 'no records');
    const first = nextAudit(NO_AUDIT, entry('a'));
    const second = nextAudit(first, entry('b'));
    const forged = { ...nextAudit(second, entry('c')), person: 'somebody else' };
    const { log } = await openDecisionLog(nodeDisk, { folder: recordsJournal(folder) });
    const append = async (before: typeof NO_AUDIT, audit: typeof first): Promise<void> => {
      const change = { calls: [['addVersion', version(audit.hash)]] as const, before, audit, atMs: 1 };
      for await (const { record } of recordsOf(change, () => log.nextPosition)) await log.append(record);
    };
    await append(NO_AUDIT, first);
    await append(first, second);
    // While somebody has it open.
    const head = { seq: 2, hash: second.hash };
    deepEqual(await verifyRecords({ folder }, head), { head, damage: undefined });
    match((await verifyRecords({ folder }, { seq: 1, hash: 'f00d' }))?.damage ?? '', /entry 1 was changed/);
    await append(second, forged);
    const verdict = await verifyRecords({ folder }, undefined);
    deepEqual([verdict?.head, verdict?.damage?.slice(0, 24)], [head, 'audit entry 3 was change']);
    await log.close();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('the hash of an entry is that of the hash before it and its text', () => {
  equal(auditHash('', '{"a":1}'), '7395dc66860499cb2b8970e17094ec53ed1ff54e7067ad619f884917096166b0');
});
