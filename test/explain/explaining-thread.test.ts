/** Explanations of a real engine in real threads: what they read, and what waits for what. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { nodeDisk } from '#adapters/log-files/node-disk.ts';
import { LIMITS } from '#domain/limits.ts';
import type { Engine } from '#decisioning/engine.ts';
import type { Explanation } from '#explain/explanation.ts';
import { explainingThread, type ExplainingThread } from '../../src/main/explaining-thread.ts';
import { openEmbedded } from '../../src/main/open-embedded.ts';
import { systemClock } from '../../src/main/system-clock.ts';
import { POLICY, payment, publicationOf } from '../engine/engine-world.ts';

/** A payment with a card fails, so that its record does not suffice; a transfer does not. */
const HALF_FAILING = POLICY
  .replace('action: review, reason_code: VEL-01', 'action: hold, reason_code: VEL-01, for: 99999999d')
  .replace('card_count_1h > 3', 'card_count_1h >= 1').replace('x: 4, ', '');
const TRANSFER = { kind: 'transfer', card: undefined, debtor: { account_id: 'a1' } };

let folder: string;
let engine: Engine;
let explaining: ExplainingThread;
const told: string[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-explaining-'));
  engine = await openEmbedded(
    { disk: nodeDisk, folder, clock: systemClock, publication: publicationOf(HALF_FAILING) });
  explaining = explainingThread(engine, folder, (line) => { told.push(line); });
});
after(async () => {
  await explaining.stop();
  await engine.close();
  await rm(folder, { recursive: true });
});

async function decided(id: string, change: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const answer = await engine.decide({ bytes: payment(Date.now(), { id, ...change }), tenant: 'acme' });
  if (answer.kind !== 'decided') throw new Error(`${id} was not decided`);
  return answer.decision.id;
}

async function explained(id: string): Promise<Explanation> {
  const answer = await explaining.explain('acme', id, true);
  if (typeof answer !== 'object' || 'notExplained' in answer) throw new Error(JSON.stringify(answer));
  return answer;
}

test('the deciding thread reads one record, the thread what is usual, also of what came since', async () => {
  let reads = 0;
  const recordAt = engine.recordAt.bind(engine);
  engine.recordAt = (position) => {
    reads += 1;
    return recordAt(position);
  };
  const ids: string[] = [];
  for (let i = 0; i < 9; i++) ids.push(await decided(`pay-${i}`, TRANSFER));
  const usual = async (id: string | undefined): Promise<number | undefined> => {
    const { derived, values } = await explained(id ?? '');
    deepEqual([derived.equal, derived.from], [true, 'facts']);
    return values.find(({ name }) => name === 'pay_ins_1d')?.baseline?.n;
  };
  equal(await usual(ids[8]), 8);
  // Written after the thread has opened the log.
  ids.push(await decided('pay-9', TRANSFER));
  equal(await usual(ids[9]), 9);
  equal(await usual(ids[3]), 3);
  equal(reads, 3);
  equal(await explaining.explain('other', ids[0] ?? '', true), undefined);
});

test('what is made again by replay waits apart: others are explained meanwhile', async () => {
  const slow: string[] = [];
  for (let i = 0; i < LIMITS.explainReplaysWaitingMax + 4; i++) slow.push(await decided(`slow-${i}`));
  const quick = await decided('quick', TRANSFER);
  await explained(quick);
  const order: string[] = [];
  const replays = slow.map(async (id) => {
    const answer = await explaining.explain('acme', id, true);
    order.push('replay');
    return answer;
  });
  const between = explained(quick).then(({ derived }) => {
    order.push('quick');
    return derived.from;
  });
  equal(await between, 'facts');
  const answers = await Promise.all(replays);
  const replayed = answers.flatMap((one) => (typeof one === 'object' && 'derived' in one ? [one] : []));
  const busy = answers.filter((one) => one === 'busy');
  equal(replayed.length + busy.length, slow.length);
  ok(busy.length > 0 && replayed.length >= LIMITS.explainReplaysWaitingMax, `${busy.length} turned away`);
  ok(replayed.every(({ derived }) => derived.equal && derived.from === 'replay'));
  ok(order.slice(order.indexOf('quick')).includes('replay'), 'the quick one waited for all replays');
  deepEqual(told, []);
});
