/** The queue of explanations, with threads that end, fall silent, and come back. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { ExplainingQueue, type QueueAnswer, type QueueParts } from '../../src/main/explaining-queue.ts';

const threads: Worker[] = [];
const told: string[] = [];
let queue: ExplainingQueue | undefined;

function newQueue(other: Partial<QueueParts> = {}): (key: string) => Promise<QueueAnswer> {
  threads.length = 0;
  told.length = 0;
  const made = queue = new ExplainingQueue({
    waitingCountMax: 3, answerMsMax: 20_000, idleMs: 20_000, tell: (line) => { told.push(line); },
    earlier: ({ position }) => [position - 1, position - 2],
    newThread() {
      const thread = new Worker(new URL('./fake-explainer.ts', import.meta.url), {
        resourceLimits: { maxOldGenerationSizeMb: 64 },
      });
      threads.push(thread);
      return thread;
    },
    ...other,
  });
  return (key) => made.explain({
    kind: 'explain', aml: true, durable: 1, mayReplay: false,
    record: { kind: 'decision', position: 1, receivedAtMs: 1, key, parts: [] },
  });
}
afterEach(() => queue?.stop());

/** `once` of node:events rejects for the error that comes before it. */
const hasEnded = (thread: Worker | undefined): Promise<void> => {
  const end = Promise.withResolvers<void>();
  ok(thread !== undefined);
  thread.once('exit', () => { end.resolve(); });
  return end.promise;
};
const wordsOf = (answer: QueueAnswer): string =>
  (typeof answer === 'string' ? answer : 'notExplained' in answer ? answer.notExplained : 'an explanation');
const isPassing = (answer: QueueAnswer): boolean =>
  typeof answer !== 'string' && 'notExplained' in answer && answer.isPassing === true;

test('one thread answers one after the other, and what it asks for meanwhile', async () => {
  const ask = newQueue();
  const answers = await Promise.all([ask('count'), ask('count'), ask('earlier')]);
  deepEqual(answers.map(wordsOf), ['told 1', 'told 2', 'earlier 8,7']);
  await rejects(ask('failed'), /it does not parse/);
  equal(wordsOf(await ask('count')), 'told 5');
  equal(threads.length, 1);
});

for (const [key, why] of [
  ['exit', /ended with 3/], ['throw', /a mistake of ours/], ['memory', /memory/],
] as const) {
  test(`a thread that ends (${key}) is said, and the next question gets a new one`, async () => {
    const ask = newQueue();
    const [lost, next] = await Promise.all([ask(key), ask('count')]);
    ok(isPassing(lost));
    match(wordsOf(lost), why);
    equal(wordsOf(next), 'told 1');
    equal(threads.length, 2);
    match(told.join('\n'), why);
    equal(told.length, 1);
  });
}

test('a thread that ends while nobody asks it anything ends nothing else', async () => {
  const ask = newQueue();
  equal(wordsOf(await ask('last words')), 'and then it ends');
  await hasEnded(threads[0]);
  match(told.join('\n'), /while idle/);
  equal(wordsOf(await ask('count')), 'told 1');
  equal(threads.length, 2);
});

test('one that gives no answer in time is ended, and the next question gets a new one', async () => {
  const ask = newQueue({ answerMsMax: 1_000 });
  const silent = await ask('silence');
  ok(isPassing(silent));
  match(wordsOf(silent), /no answer in 1000 ms/);
  equal(wordsOf(await ask('count')), 'told 1');
});

test('more than may wait are turned away at once, and there is room again', async () => {
  const ask = newQueue();
  const waiting = [ask('count'), ask('count'), ask('count')];
  equal(await ask('count'), 'busy');
  deepEqual((await Promise.all(waiting)).map(wordsOf), ['told 1', 'told 2', 'told 3']);
  await sleep(1);
  equal(wordsOf(await ask('count')), 'told 4');
});

test('windows that cannot be asked end the explanation, not the process', async () => {
  const ask = newQueue({ earlier: () => { throw new Error('no windows'); } });
  const answer = await ask('earlier');
  ok(isPassing(answer));
  match(wordsOf(answer), /the windows could not be asked: no windows/);
});

test('an idle thread is ended, and what waits when the server stops is told so', async () => {
  const ask = newQueue({ idleMs: 50 });
  equal(wordsOf(await ask('count')), 'told 1');
  await hasEnded(threads[0]);
  equal(told.length, 0);
  const waiting = [ask('silence'), ask('count')];
  await sleep(1);
  await queue?.stop();
  for (const answer of await Promise.all(waiting)) match(wordsOf(answer), /the server stops/);
  equal(threads.length, 2);
});
