/** What is hashed of an audit entry is its text as it stands: one that says the same otherwise is another. */
import { equal, match } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { PgliteSession } from '#adapters/pglite/pglite-session.ts';
import { verifyAudit } from '#records/audit-chain.ts';
import { bringUpToDate } from '#records/bring-up-to-date.ts';
import { SqlRecordStore } from '#records/sql-record-store.ts';
import { entry, version } from '../contracts/records-samples.ts';
import { sourceOf } from './embedded-world.ts';

const CHANGES = {
  'a blank': `body = replace(body, '":', '": ')`,
  'a member that no entry has': `body = replace(body, '{"action"', '{"a":1,"action"')`,
  'a member that comes twice': `body = replace(body, '{"action"', '{"action":"version.approve","action"')`,
  'another order': `body = replace(replace(body, '{"action"', '{"seq":2,"action"'), ',"seq":2,', ',')`,
  'a text that is no JSON': `body = replace(body, '{"action"', '["action"')`,
  'a text that no record may hold': `body = replace(body, '"action":"', '"action":"\\u0000')`,
  'nothing': `body = 'null'`,
  'the subject by which it is found': `subject = 'version/other'`,
};

describe('a changed text of an audit entry is found', () => {
  let session: PgliteSession;
  let store: SqlRecordStore;
  before(async () => {
    session = await PgliteSession.open('memory://');
    await bringUpToDate(session);
    store = new SqlRecordStore(sourceOf(session));
    for (const hash of ['a', 'b', 'c']) {
      await store.change(entry('t', `version/${hash}`), (writes) => writes.addVersion(version(hash)));
    }
    await session.script('alter table audit disable trigger user');
  });
  after(() => session.abandon());

  for (const [what, change] of Object.entries(CHANGES)) {
    test(what, async () => {
      const { rows: [was] } = await session.query('select body from audit where seq = 2', []);
      const body = typeof was === 'object' && was !== null && 'body' in was ? String(was.body) : '';
      await session.query(`update audit set ${change} where seq = 2`, []);
      const { head, damage } = await verifyAudit(store);
      equal(head.seq, 1);
      match(damage ?? '', /^audit entry 2 was changed: /);
      await session.query(`update audit set body = $1, subject = 'version/b' where seq = 2`, [body]);
      equal((await verifyAudit(store)).damage, undefined);
    });
  }
});
