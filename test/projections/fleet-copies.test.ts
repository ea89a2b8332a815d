// A copy of a payment a while later, on any node: what the shared logs do not hold any more, the index does.
import { deepEqual, equal, notDeepEqual } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryWindowLog } from '#adapters/memory/window-log.ts';
import { DecisionFinder } from '#projections/decision-finder.ts';
import { code, decided, payment, POLICY, publicationOf } from '../engine/engine-world.ts';
import { FleetWorld, fleetOf } from '../fleet/fleet-world.ts';

/** So few entries of a log are kept that those before the payment's are gone soon. */
const KEPT_MAX = 3;
const WEEK_MS = 7 * 86_400_000;

async function afterAWeek(
  isIndexed: boolean,
): Promise<{ first: unknown; again: unknown; world: FleetWorld }> {
  const world = new FleetWorld(new MemoryWindowLog(KEPT_MAX));
  const more = isIndexed ? { index: world.fleetIndex } : {};
  const { nodes: [a, b] } = await fleetOf(2, publicationOf(POLICY), world, more);
  for (let i = 0; i < 4; i++) await world.decide(a!);
  const bytes = payment(world.nowMs, { id: 'asked-twice' });
  const first = decided(await a!.decide({ bytes, tenant: 'acme' }));
  for (let i = 0; i < 6; i++) await world.decide(i % 2 === 0 ? a! : b!);
  await world.project();
  world.nowMs += WEEK_MS;
  const again = await b!.decide({ bytes, tenant: 'acme' });
  equal(again.kind === 'decided' && again.replayed, true);
  return { first, again: decided(again), world };
}

describe('a copy after the logs of its entities went on', () => {
  test('is answered from the index, byte for byte', async () => {
    const { first, again, world } = await afterAWeek(true);
    deepEqual(again, first);
    await world.close();
  });

  test('would be judged on what is left without it', async () => {
    const { first, again, world } = await afterAWeek(false);
    notDeepEqual(again, first);
    await world.close();
  });

  test('with another payload is refused, and counts nowhere', async () => {
    const { world } = await afterAWeek(true);
    const amount = { value: '11', currency: 'EUR' };
    const changed = payment(world.nowMs - WEEK_MS, { id: 'asked-twice', amount });
    for (const node of world.nodes) {
      equal(code(await node.decide({ bytes: changed, tenant: 'acme' })), 'id_conflict');
    }
    await world.close();
  });
});

describe('decisions of a fleet are found', () => {
  test('by id and by transaction, by their own tenant alone', async () => {
    const { world, nodes: [a] } = await fleetOf(1);
    const decision = decided(await world.decide(a!, { id: 'p' }));
    await world.tell(a!, { id: 'e', type: 'login', debtor: { account_id: 'd' } });
    await world.project();
    const finder = new DecisionFinder(world.index);
    const [byId, byTransaction] = [
      await finder.findDecision('acme', decision.id), await finder.findTransaction('acme', 'p'),
    ];
    deepEqual(byId, byTransaction);
    equal(Buffer.from(byId?.record.parts[3] ?? []).toString(), JSON.stringify(decision));
    deepEqual({ windows: byId?.windows }, decision.log_position);
    deepEqual(byId?.place, (await world.index.find(decision.id.slice('dec_f_'.length)))?.place);
    equal((await finder.find('acme\0event\0e'))?.kind, 'event');
    for (const other of [
      await finder.findDecision('other', decision.id), await finder.findTransaction('other', 'p'),
      await finder.findDecision('acme', 'dec_0_000000001'), await finder.find('acme\0tx\0q'),
    ]) equal(other, undefined);
    await world.close();
  });
});
