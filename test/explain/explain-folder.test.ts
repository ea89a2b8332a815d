/** A folder is explained by what its log says, whatever stands in the folder of policies today. */
import { equal } from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeDisk } from '#adapters/log-files/node-disk.ts';
import { explainParts } from '../../src/main/explain-parts.ts';
import { openEmbedded } from '../../src/main/open-embedded.ts';
import { systemClock } from '../../src/main/system-clock.ts';
import { POLICY, payment, publicationOf } from '../engine/engine-world.ts';

test('a log with custom fields is explained with the fields that it was written with', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'assay-explain-'));
  try {
    const source = POLICY.replace('card_count_1h > 3', 'card_count_1h > 3 and custom.items > 1');
    const custom = [{ name: 'items', type: 'int', history: true, description: 'in the basket' }] as const;
    const engine = await openEmbedded({
      disk: nodeDisk, folder, clock: systemClock, publication: { ...publicationOf(source), custom },
    });
    for (let i = 0; i < 6; i++) {
      const change = { id: `pay-${i}`, custom: { items: 2 } };
      equal((await engine.decide({ bytes: payment(Date.now(), change), tenant: 'acme' })).kind, 'decided');
    }
    await engine.close();
    const told = await explainParts.fromFolder(folder, 'acme', 'pay-5') ?? '{}';
    const { derived, decision }: { derived: { equal: boolean }; decision: { outcome: string } } =
      JSON.parse(told);
    equal(derived.equal, true);
    equal(decision.outcome, 'review');
  } finally {
    await rm(folder, { recursive: true });
  }
});
