import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Publication } from '#decisioning/publication.ts';
import { parseAnswer, type AnswerRead, type Caller } from '../server/caller.ts';
import { EngineOverHttp } from '../server/engine-over-http.ts';

const policy = (version: number, when: string): Publication => ({
  format: 1, lists: [], rates: { version: 'none', base: 'EUR', rates: {} }, custom: [],
  policies: [{ file: 'cards.policy.yaml', source: `policy: cards
version: ${version}
event: transaction.v1
rules:
  all:
    when: ${when}
    then: { action: decline }
    unknown: review
` }],
});
const SOUND = policy(1, 'amount as EUR > 1_000_000 EUR');
const DECLINES_ALL = policy(2, 'amount as EUR > 1 EUR');

const PER_SECOND = 200;
const PAYMENTS_A_MINUTE = 60 * PER_SECOND;

let server: EngineOverHttp;
let serial = 0;

before(async () => {
  server = await EngineOverHttp.make();
  await server.start(SOUND);
});
after(() => server.remove());

async function pay(caller: Caller): Promise<AnswerRead> {
  const id = `p10-${serial++}`;
  const occurredAt = new Date().toISOString();
  const payment = { id, card: id, amount: '10.00', occurredAt, channel: 'ecom' };
  const { status, body } = await caller.decide(payment);
  equal(status, 200);
  return parseAnswer(body);
}

/** At 200 payments a second: the first answer that is wanted, and how many there were before it. */
async function until(
  wanted: (answer: AnswerRead) => boolean,
): Promise<{ answer: AnswerRead; count: number }> {
  const caller = server.caller(40);
  try {
    for (let count = 0; count < PAYMENTS_A_MINUTE; count += PER_SECOND / 10) {
      const answers = await Promise.all(Array.from({ length: PER_SECOND / 10 }, () => pay(caller)));
      const answer = answers.find(wanted);
      if (answer !== undefined) return { answer, count };
      await sleep(100);
    }
  } finally {
    caller.close();
  }
  throw new Error(`not one in ${PAYMENTS_A_MINUTE} payments`);
}

test('a rule that declines everyone is in shadow within a minute, says so, and stays so', async () => {
  await until(({ outcome }) => outcome === 'approve');
  await server.engine.publish(DECLINES_ALL);
  const { count } = await until(({ outcome }) => outcome === 'decline');
  equal(count, 0, 'a publication is live with the next payment');
  const { answer, count: declined } = await until(({ outcome }) => outcome === 'approve');
  ok(declined >= 20, `${declined} payments`);
  deepEqual(answer.reasons.map(({ rule, effect }) => [rule, effect]), [['all', 'shadow']]);
  match(answer.reasons[0]?.text ?? '', /\(in shadow since .*: braked\)$/);
  equal(answer.degraded[0]?.part, 'rule/all');
  match(answer.degraded[0]?.cause ?? '',
    /^braked since .*: acts on .* payments in a minute \(ecom\); default 20 %$/);

  await server.stop();
  await server.start(DECLINES_ALL);
  const { amendment } = server.engine.inForce();
  deepEqual([amendment?.person, amendment?.modes.map(({ rule }) => rule)], ['assay', ['all']]);
  const caller = server.caller(1);
  equal((await pay(caller)).outcome, 'approve');
  await server.engine.amend({ modes: [], person: 'a.ng', because: 'looked at' });
  equal((await pay(caller)).outcome, 'decline');
  caller.close();
});

test('fifty publications under way: each decision names what was live at its position', async () => {
  const caller = server.caller(20);
  const positions: number[] = [];
  const answers: AnswerRead[] = [];
  const from = 100;
  const version = (number: number) => policy(number, 'amount as EUR > 1_000_000 EUR');
  await server.engine.publish(version(from), { modes: [] });
  let done = false;
  const pays = Array.from({ length: 20 }, async () => {
    while (!done) answers.push(await pay(caller));
  });
  for (let i = 1; i <= 50; i++) {
    positions.push(await server.engine.publish(version(from + i)));
  }
  done = true;
  await Promise.all(pays);
  caller.close();
  ok(answers.length >= 50, `${answers.length} payments`);
  const versionAt = (position: number): number => from + positions.filter((at) => at < position).length;
  for (const { policy: { version: named }, log_position: { position } } of answers) {
    equal(named, versionAt(position), `position ${position}`);
  }
});
