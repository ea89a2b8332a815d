// Nodes that die at any step of a payment, and what its copy is answered elsewhere.
import { deepEqual, equal, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FleetNode } from '#fleet/fleet-node.ts';
import { decided, payment } from '../engine/engine-world.ts';
import { fleetOf, type FleetWorld } from '../fleet/fleet-world.ts';
import { scaled } from '../test-scale.ts';
import { manyLives } from './many-lives.ts';
import { Mortal, type Death } from './mortal.ts';

/** Six entities, a mark that it sets, and a status that waits for it. */
const RICH = {
  kind: 'transfer', amount: { value: '5000.00', currency: 'EUR' }, card: { id: 'c1' },
  debtor: { account_id: 'a1', customer_id: 'u1' }, merchant: { id: 'm1' },
  device: { id: 'd1', ip: '10.0.0.1' },
};
const WAITING = { id: 's1', type: 'status', transaction_id: 'rich', status: 'declined' };
const LOGS_MAX = 9;

interface Lived { readonly world: FleetWorld; readonly other: FleetNode; readonly mortal: Mortal }

/** The payment goes to a node that dies there, or does not die. */
async function lived(death?: Death): Promise<Lived & { readonly bytes: Buffer; readonly answer: unknown }> {
  const { world, nodes: [other] } = await fleetOf(1);
  const mortal = new Mortal(death);
  const node = await world.join({ log: mortal.log(world.log), decisions: mortal.topic(world.decisions) });
  await world.decide(other!, { ...RICH, amount: { value: '1.00', currency: 'EUR' } });
  await world.tell(other!, WAITING);
  world.nowMs += 1_000;
  mortal.steps = 0;
  const bytes = payment(world.nowMs, { id: 'rich', ...RICH });
  const answer = await Promise.race([node.decide({ bytes, tenant: 'acme' }), mortal.died]);
  return { world, other: other!, mortal, bytes, answer };
}

/** All that two lives must have in common: the copy, here behind another payment, and what comes then. */
async function afterwards(
  { world, other, bytes }: Lived & { readonly bytes: Buffer }, isOvertaken: boolean,
): Promise<unknown> {
  if (isOvertaken) await world.decide(other, RICH);
  const copy = decided(await other.decide({ bytes, tenant: 'acme' }));
  world.nowMs += 1_000;
  const next = decided(await world.decide(other, RICH));
  const again = decided(await other.decide({ bytes, tenant: 'acme' }));
  deepEqual(again, copy, 'and ever after');
  return { copy, next: next.features };
}

describe('a node dies', () => {
  test('F1 F2 F3 F4 at any step of a payment: its copy is decided as it would have been', async () => {
    const whole = await lived();
    const steps = whole.mortal.steps;
    ok(steps >= 3, `logs, marks and the topic are ${steps} steps`);
    const expected = await afterwards(whole, false);
    const overtaken = await afterwards(await lived(), true);
    const ways: Death['goes'][] = ['nowhere', 'all the way'];
    for (let logs = 0; logs <= LOGS_MAX; logs++) ways.push({ logs });
    for (let step = 1; step <= steps; step++) {
      for (const goes of ways) {
        const what = JSON.stringify({ step, goes });
        const dead = await lived({ step, goes });
        equal(dead.answer, 'died');
        deepEqual(await afterwards(dead, false), expected, what);
        if (step === 1 && goes !== 'all the way') continue;
        deepEqual(await afterwards(await lived({ step, goes }), true), overtaken, what);
      }
    }
  });

  for (let seed = 1; seed <= scaled(3); seed++) {
    test(`F1 F2 F3 F5 again and again; clients send again until answered, seed ${seed}`, async () => {
      const { sent, deaths } = await manyLives(seed);
      ok(sent > 200 && deaths > 5, JSON.stringify({ sent, deaths }));
    });
  }
});
