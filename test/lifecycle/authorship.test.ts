/** The role of the database, and its owner with the triggers off, against what people wrote. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { recordBacktest } from '#lifecycle/versions.ts';
import { embeddedWorld, type EmbeddedWorld } from '../records/embedded-world.ts';
import {
  ANN, BEN, CAS, checkPolicySource, LifecycleWorld, policySource, publicationOf, publishOrder, refusalOf,
  told,
} from './lifecycle-world.ts';

const NOON_MS = Date.UTC(2026, 10, 24, 12);
let embedded: EmbeddedWorld;

before(async () => { embedded = await embeddedWorld(); });
after(() => embedded.dispose());

async function byHand(...statements: readonly string[]): Promise<void> {
  const connection = await embedded.database.acquire();
  try {
    for (const sql of statements) await connection.script(sql);
  } finally {
    embedded.database.release(connection, true);
  }
}
const withoutTriggers = (sql: string): Promise<void> =>
  byHand('set session_replication_role = replica', sql, 'set session_replication_role = origin');
const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;

let worlds = 0;
/** Each has a policy of its own: the database is one for all. */
function worldOf(): { readonly world: LifecycleWorld; readonly name: string } {
  const name = `small${worlds += 1}`;
  const world = new LifecycleWorld(publicationOf(policySource({ version: 1, name })), embedded.store);
  world.nowMs = NOON_MS + worlds;
  return { world, name };
}
const broken = async (): Promise<readonly string[]> => (await embedded.store.audit(1, 1_000))
  .filter(({ action }) => action === 'seal.broken').map(({ person, subject }) => `${person} ${subject}`);

describe('written into the database by hand', () => {
  test('a version under a false author is approved and published by nobody', async () => {
    const { world, name } = worldOf();
    const { life } = world;
    const source = policySource({ version: 2, name, limit: 0 });
    const { hash } = checkPolicySource(source);
    // Ann writes it under the name of Cas, so as to be its second person.
    await byHand(`insert into policy_version
      (hash, policy, version, title, file, source, author, author_seal, at_ms, note)
      values (${text(hash)}, ${text(name)}, 2, '', 'a.policy.yaml', ${text(source)}, 'cas',
        ${text('f'.repeat(64))}, 1, 'x')`);
    const approved = refusalOf(await life.approve(ANN, hash, 'risk'));
    match(approved, /^gate_closed: nothing under our seal says that cas wrote it/);
    match(refusalOf(await life.publish(ANN, hash, publishOrder)), /^gate_closed: nothing under our seal/);
    match(refusalOf(await life.startShadow(ANN, hash, { share: 0, by: undefined })),
      /nothing under our seal/);
    deepEqual(await broken(), Array(3).fill(`ann version/${hash}`));
    match(told(await life.status(hash)).gate.lacking[0] ?? '', /^nothing under our seal/);
    deepEqual(world.liveHashes.includes(hash), false);
  });

  test('another source, author or name of a version that two have agreed on does not go live', async () => {
    for (const [column, value, why] of [
      ['source', (name: string) => policySource({ version: 2, name, limit: 0 }),
        /was changed behind our back/],
      ['author', () => 'ben', /nothing under our seal says that ben wrote it/],
      ['policy', () => 'elsewhere', /^gate_closed: the row says elsewhere 2, and its document small/],
    ] as const) {
      const { world, name } = worldOf();
      const hash = await world.submitted({ version: 2, name });
      told(await world.life.approve(BEN, hash, 'risk'));
      await withoutTriggers(`update policy_version set ${column} = ${text(value(name))}
        where hash = ${text(hash)}`);
      match(refusalOf(await world.life.publish(ANN, hash, publishOrder)), why);
      equal((await broken()).at(-1), `ann version/${hash}`);
      equal(world.liveHashes.includes(hash), false);
    }
  });

  test('a withdrawal that is taken back by hand holds', async () => {
    const { world, name } = worldOf();
    const hash = await world.submitted({ version: 2, name });
    told(await world.life.approve(BEN, hash, 'risk'));
    told(await world.life.withdraw(CAS, hash, 'a slip'));
    await withoutTriggers(`update policy_version set withdrawn_at_ms = null where hash = ${text(hash)}`);
    match(refusalOf(await world.life.publish(ANN, hash, publishOrder)), /^gate_closed: it was withdrawn/);
  });

  test('the entries of a change that two have agreed on do not change', async () => {
    for (const byWhom of [
      // The role of the service may add rows, and its triggers do not mind.
      (id: string) => byHand(`insert into list_change_entry
        (change_id, is_removal, ordinal, is_number, value, until_ms, note)
        values (${text(id)}, false, 1, false, 'thief', ${Date.UTC(2027, 0)}, '')`),
      (id: string) => withoutTriggers(`update list_change_entry set value = 'thief'
        where change_id = ${text(id)}`),
      (id: string) => withoutTriggers(`update list_change set author = 'cas' where id = ${text(id)}`),
    ]) {
      const { world } = worldOf();
      const { change: { id } } = told(await world.life.proposeListChange(ANN, {
        list: 'trusted', kind: 'amend', add: [{ value: 'c1', until: '2027-01-01T00:00:00Z' }], remove: [],
        reason: 'known',
      }));
      told(await world.life.approveListChange(BEN, id, 'risk'));
      await byWhom(id);
      match(refusalOf(await world.life.publishListChange(ANN, id, publishOrder)),
        /^gate_closed: lch_\w+ is not what was proposed: its row or its entries were changed by hand/);
      equal((await broken()).at(-1), 'ann list/trusted');
      deepEqual(world.engine.inForce().publication.lists, []);
    }
  });

  test('a snooze is for whom it was proposed, by whom it was', async () => {
    for (const column of ['value', 'author', 'author_seal']) {
      const { world, name } = worldOf();
      const { snooze: { id } } = told(await world.life.proposeSnooze(ANN, {
        policy: name, rule: 'large', field: 'card.id', value: 'c1', fromMs: world.nowMs,
        untilMs: world.nowMs + 86_400_000, reason: 'known',
      }));
      told(await world.life.approveSnooze(BEN, id, 'risk'));
      await withoutTriggers(`update snooze set ${column} = 'cas' where id = ${text(id)}`);
      match(refusalOf(await world.life.publishSnooze(ANN, id, 'x')), /^gate_closed: snz_\w+ /);
      equal((await broken()).at(-1), `ann policy/${name}`);
      equal(world.engine.inForce().amendment, undefined);
    }
  });

  test('what was published or ended once is not open again', async () => {
    const { world, name } = worldOf();
    const { life } = world;
    const { snooze: { id } } = told(await life.proposeSnooze(ANN, {
      policy: name, rule: 'large', field: 'card.id', value: 'c1', fromMs: world.nowMs,
      untilMs: world.nowMs + 86_400_000, reason: 'known',
    }));
    told(await life.approveSnooze(BEN, id, 'risk'));
    told(await life.publishSnooze(ANN, id, 'x'));
    told(await life.endSnooze(BEN, id, 'over'));
    const { change } = told(await life.proposeListChange(ANN, {
      list: 'trusted', kind: 'replace', add: [{ value: 'c1', until: '2027-01-01T00:00:00Z' }], remove: [],
      reason: 'known',
    }));
    told(await life.approveListChange(BEN, change.id, 'risk'));
    told(await life.publishListChange(ANN, change.id, publishOrder));
    await withoutTriggers(`update snooze set state = 'proposed' where id = ${text(id)};
      update list_change set state = 'proposed' where id = ${text(change.id)}`);
    match(refusalOf(await life.publishSnooze(ANN, id, 'x')), /the audit has its snooze\.end/);
    match(refusalOf(await life.publishListChange(ANN, change.id, publishOrder)),
      /the audit has its list\.publish/);
  });

  test('evidence that is copied behind a later one does not become the last', async () => {
    const { world, name } = worldOf();
    const hash = await world.submitted({ version: 2, name });
    const figures = { payments: 5_000, days: 5, unknownRateMax: 0, alerts: 5, alertsPerDayMax: 1 };
    const { parts } = world.life;
    await recordBacktest(parts, 'ann', hash, 'good', figures);
    await recordBacktest(parts, 'ann', hash, 'bad', { ...figures, alerts: 5_000 });
    const stage = async () => told(await world.life.status(hash)).stage;
    equal(await stage(), 'tested');
    await byHand(`insert into evidence (hash, kind, passed, at_ms, person, summary)
      select hash, kind, passed, at_ms, person, summary from evidence
      where hash = ${text(hash)} and kind = 'backtest' and passed`);
    equal(await stage(), 'tested');
  });
});
