// Nodes are replaced one after the other while payments come by HTTP and by Kafka.
import { deepEqual, equal, match } from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { KafkaTopic } from '#adapters/kafka/topic.ts';
import { parseAnswer, type AnswerRead, type Caller, type PaymentSent } from '../server/caller.ts';
import { runAssay, ServerProcess } from '../server/server-process.ts';
import { KafkaServer } from './kafka-server.ts';
import { PostgresServer } from './postgres-server.ts';
import { RedisServer } from './redis-server.ts';

/** So many that no rule, and no brake, has anything against them. */
const CARDS = 100;
const PAUSE_MS = 15;
const QUIET_MS_MAX = 60_000;

interface Served {
  readonly env: Readonly<Record<string, string>>;
  readonly nodes: readonly [ServerProcess, ServerProcess];
  readonly kafka: KafkaServer;
}

async function served(t: TestContext): Promise<Served> {
  const servers = await Promise.all([
    RedisServer.make({ appendonly: true }), KafkaServer.make(), PostgresServer.make(),
  ]);
  const [redis, kafka, postgres] = servers;
  t.after(() => Promise.all(servers.map((one) => one.remove())));
  const env = {
    ASSAY_KAFKA: kafka.address, ASSAY_REDIS: redis.url(), ASSAY_POSTGRES: postgres.url(), ASSAY_CREATE: '1',
    ASSAY_PARTITIONS: '4', ASSAY_REPLICAS: '1', ASSAY_INTAKE: '1',
    // What is tried here is the change of nodes, not a busy machine.
    ASSAY_DEADLINE_MS: '5000',
  };
  const nodes = [await ServerProcess.make(env), await ServerProcess.make(env)] as const;
  t.after(() => Promise.all(nodes.map((node) => node.remove())));
  for (const node of nodes) await node.start();
  return { env, nodes, kafka };
}

/** Answered by whichever node takes it; what else was said to it meanwhile. */
async function decided(callers: readonly Caller[], first: number, payment: PaymentSent) {
  const said: string[] = [];
  for (let turn = first; ; turn++) {
    const response = await callers[turn % callers.length]!.decide(payment).catch(() => undefined);
    if (response?.status === 200) return { answer: parseAnswer(response.body), said };
    if (response !== undefined) said.push(response.body);
    await sleep(PAUSE_MS);
  }
}

const cardOf = (i: number): string => `card_${i % CARDS}`;

function paymentOf(i: number): PaymentSent {
  const occurredAt = new Date().toISOString();
  return { id: `p${i}`, card: cardOf(i), amount: '10.00', occurredAt, channel: 'ecom' };
}

test('F46 F47 each node in turn is stopped and started again under load: no error is answered', async (t) => {
  const { env, nodes, kafka } = await served(t);
  const callers = nodes.map((node) => node.caller(16));
  t.after(() => { for (const caller of callers) caller.close(); });
  const connection = { brokers: [kafka.address], clientId: 'test' };
  const transactions = await KafkaTopic.open({ connection, topic: 'transactions' });
  t.after(() => transactions.close());

  let count = 0;
  let isRolling = true;
  const sending: Promise<Awaited<ReturnType<typeof decided>>>[] = [];
  const load = (async () => {
    for (; isRolling; count++) {
      const payment = paymentOf(count);
      if (count % 3 === 0) {
        const { id, card, occurredAt } = payment;
        const transaction = {
          id, occurred_at: occurredAt, kind: 'card', channel: 'ecom', card: { id: card },
          amount: { value: '10.00', currency: 'EUR' }, merchant: { id: 'm1' },
        };
        const value = Buffer.from(JSON.stringify({ transaction }));
        await transactions.append({ key: card, value, headers: {} });
      }
      // A third of them by both doors at once.
      sending.push(decided(callers, count, payment));
      await sleep(PAUSE_MS);
    }
  })();
  for (const node of nodes) {
    await sleep(1_500);
    equal(await node.stop(), 0, 'it drains, and ends well');
    await node.start();
  }
  await sleep(1_000);
  isRolling = false;
  await load;
  const answered = await Promise.all(sending);
  for (const { said } of answered) for (const body of said) match(body, /"code":"draining"/);
  equal(new Set(answered.map(({ answer }) => answer.id)).size, count, 'each has an answer of its own');
  const degraded = answered.filter(({ answer }) => answer.degraded.length > 0).length;
  equal(degraded, 0, 'what is left out would hide what is counted twice');
  const turnedAway = answered.reduce((sum, { said }) => sum + said.length, 0);
  t.diagnostic(`${count} payments, ${turnedAway} times sent to the other node`);

  const decisions = await KafkaTopic.open({ connection, topic: 'decisions' });
  t.after(() => decisions.close());
  const firsts = new Map<string, AnswerRead>();
  for await (const { value } of decisions.read([])) {
    const first = parseAnswer(Buffer.from(value).toString());
    if (!firsts.has(first.id)) firsts.set(first.id, first);
  }
  for (const { answer: { id, features } } of answered) deepEqual(features, firsts.get(id)?.features, id);
  const reconciled = await quiet(env);
  equal(reconciled.code, 0, reconciled.output);
  match(reconciled.output, /all is one/);
  deepEqual((await runAssay(['dead'], env)).code, 0);
  for (let card = 0; card < CARDS; card++) {
    const sent = Array.from({ length: count }, (_, i) => i).filter((i) => i % CARDS === card).length;
    const { answer } = await decided(callers, card, { ...paymentOf(card), id: `last-${card}` });
    equal(answer.features['card_count_1h'], sent + 1, `card ${card}: once each`);
  }
});

/** What is in Kafka is in PostgreSQL, and by then in the windows. */
async function quiet(env: Served['env']): ReturnType<typeof runAssay> {
  const startedAt = performance.now();
  for (;;) {
    const done = await runAssay(['reconcile', '--windows', '1'], env);
    if (done.code === 0 || performance.now() - startedAt > QUIET_MS_MAX) return done;
    await sleep(1_000);
  }
}
