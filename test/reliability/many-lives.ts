/**
 * Nodes that die and are replaced while clients pay with a few cards: each payment is sent again, wherever,
 * until it is answered, and sometimes once more. In the end every card has counted 1, 2, 3, ... and every
 * payment has had one answer.
 */
import { deepEqual, equal } from 'node:assert/strict';
import type { FleetNode } from '#fleet/fleet-node.ts';
import { seededRandom } from '../../bench/random.ts';
import { payment } from '../engine/engine-world.ts';
import { fleetOf, type FleetWorld } from '../fleet/fleet-world.ts';
import { Mortal, type Death } from './mortal.ts';

const PAYMENTS = 200;
const CLIENTS = 8;
const CARDS = 5;
const NODES = 3;
const TWICE_SHARE = 0.2;
const DEATH_SHARE = 0.06;

interface Heard { readonly card: string; readonly count: number; readonly seq: number }

/** How often something was sent, and how many nodes died. */
export async function manyLives(seed: number): Promise<{ sent: number; deaths: number }> {
  const random = seededRandom(seed);
  const whole = (below: number): number => Math.floor(random() * below);
  const { world } = await fleetOf(1);
  const lives = await Promise.all(Array.from({ length: NODES }, () => born(world)));
  const answers = new Map<string, string>();
  const heard: Heard[] = [];
  const told = { sent: 0, deaths: 0 };

  const ask = async (id: string, bytes: Buffer): Promise<boolean> => {
    told.sent++;
    const at = whole(NODES);
    const life = lives[at]!;
    if (random() < DEATH_SHARE && !life.mortal.isDead) life.mortal.dieAt(1 + whole(4), wayOf(whole));
    const answer = await Promise.race([life.node.decide({ bytes, tenant: 'acme' }), life.mortal.died]);
    if (answer === 'died') {
      if (lives[at] !== life) return false;
      told.deaths++;
      lives[at] = await born(world);
      return false;
    }
    if (answer.kind === 'refused') throw new Error(answer.refusal.detail);
    const { decision } = answer;
    const text = JSON.stringify(decision);
    const before = answers.get(id);
    if (before !== undefined) equal(text, before, 'one payment, one answer');
    else {
      answers.set(id, text);
      const card = String(JSON.parse(bytes.toString()).transaction.card.id);
      heard.push({ card, count: Number(decision.features['card_count_1h']),
        seq: decision.log_position.windows?.['card.id'] ?? 0 });
    }
    return true;
  };

  const client = async (number: number): Promise<void> => {
    for (let i = 0; i < PAYMENTS / CLIENTS; i++) {
      const id = `p-${number}-${i}`;
      const bytes = payment(world.nowMs, { id, card: { id: `c${whole(CARDS)}` } });
      while (!(await ask(id, bytes)));
      if (random() < TWICE_SHARE) await ask(id, bytes);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
  equal(answers.size, PAYMENTS);
  for (const card of new Set(heard.map((one) => one.card))) {
    const counts = heard.filter((one) => one.card === card).toSorted((a, b) => a.seq - b.seq);
    deepEqual(counts.map(({ count }) => count), counts.map((_, at) => at + 1), `${card}, seed ${seed}`);
  }
  return told;
}

interface Life { readonly node: FleetNode; readonly mortal: Mortal }

async function born(world: FleetWorld): Promise<Life> {
  const mortal = new Mortal();
  return { mortal, node: await world.join({
    log: mortal.log(world.log), decisions: mortal.topic(world.decisions),
  }) };
}

function wayOf(whole: (below: number) => number): Death['goes'] {
  const logs = whole(6);
  return logs === 0 ? 'nowhere' : logs === 1 ? 'all the way' : { logs: logs - 2 };
}
