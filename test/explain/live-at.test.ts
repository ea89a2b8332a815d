/** What was live then is read once and compiled once, however often it was amended. */
import { equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { readVersions } from '#decisioning/record.ts';
import { LiveAt } from '#explain/live-at.ts';
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
  equal(reads.length, 6, reads.join());
});
