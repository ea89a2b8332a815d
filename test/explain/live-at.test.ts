/** What was live then is read once and compiled once, however often it was amended. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { readVersions } from '#decisioning/record.ts';
import { LiveAt } from '#explain/live-at.ts';
import type { LogRecord } from '#ports/decision-log.ts';
import { changedWorld } from './changed-world.ts';

test('an amended publication is not compiled again, and each record of it is read once', async () => {
  const past = await changedWorld(30);
  const reads: number[] = [];
  const liveAt = new LiveAt({
    get(position) {
      reads.push(position);
      return past.log.get(position);
    },
    newStore: (schema) => new LocalWindowStore(schema),
  });
  const policies = new Map<string, object>();
  let amended = 0;
  for (const position of past.decisions) {
    const versions = readVersions(await past.record(position));
    const { live } = await liveAt.at(versions);
    amended += live?.amendment === undefined ? 0 : 1;
    const judging = live?.policies[0]?.policy;
    if (judging === undefined) throw new Error(`nothing was live at ${position}`);
    equal(policies.get(judging.hash) ?? judging, judging, `compiled twice for ${position}`);
    policies.set(judging.hash, judging);
  }
  ok(amended > 30 && policies.size === 3, `${amended}, ${policies.size}`);
  // Four were in force; the last amends a publication that was live by itself for no decision.
  equal(reads.length, 5, reads.join());
  equal(new Set(reads).size, reads.length);
});

test('amendments of one publication are put on what was bound once', async () => {
  const past = await changedWorld(10);
  let stores = 0;
  const liveAt = new LiveAt({
    get: (position) => past.log.get(position),
    newStore(schema) {
      stores += 1;
      return new LocalWindowStore(schema);
    },
  });
  const bound = new Map<number, object>();
  for (const position of past.decisions) {
    const { live } = await liveAt.at(readVersions(await past.record(position)));
    const [policy] = live?.policies ?? [];
    if (live === undefined || policy === undefined) throw new Error(`nothing was live at ${position}`);
    equal(bound.get(live.base) ?? policy.bound, policy.bound, `bound twice for ${position}`);
    bound.set(live.base, policy.bound);
  }
  equal(bound.size, 3);
  ok(stores <= 5, `${stores} stores`);
});

test('a policy of then, alone, is what judged then, and needs no windows', async () => {
  const past = await changedWorld(10);
  const get = (position: number): Promise<LogRecord | undefined> => past.log.get(position);
  const whole = new LiveAt({ get, newStore: (schema) => new LocalWindowStore(schema) });
  const alone = new LiveAt({ get, newStore: () => { throw new Error('windows were asked for'); } });
  let none = 0;
  for (const position of past.decisions) {
    const versions = readVersions(await past.record(position));
    const policy = await alone.policyOf(versions);
    const { live } = await whole.at(versions);
    const judged = live?.judging.find((one) => one.policy.hash === versions.policy)?.policy;
    equal(policy?.source, judged?.source);
    deepEqual(policy?.features, judged?.features);
    none += policy === undefined ? 1 : 0;
  }
  ok(none > 0, 'every payment was judged by a policy');
});
