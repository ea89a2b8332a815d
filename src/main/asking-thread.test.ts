import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { askingThread } from './asking-thread.ts';

/** Answers with what it was asked, if it does not die of it and does not go on for ever. */
const SCRIPT = new URL(`data:text/javascript,${encodeURIComponent(`
  import { parentPort } from 'node:worker_threads';
  parentPort.on('message', ({ id, question }) => {
    if (question === 'die') process.exit(1);
    while (question === 'endless');
    parentPort.postMessage(question === 'fail' ? { id, failure: 'no' } : { id, answer: question });
  });`)}`);
/** Longer than any machine takes to start a thread. */
const ANSWER_MS_MAX = 5_000;

test('a question that ends the thread, or never ends, is refused alone; those behind it are answered',
  async () => {
  const thread = askingThread<string, string>(SCRIPT, undefined, 'thinking', ANSWER_MS_MAX);
  const all = await Promise.all(['a', 'die', 'b', 'endless', 'c', 'fail', 'd'].map((question) =>
    thread.ask(question).catch((error: unknown) => (error instanceof Error ? `! ${error.message}` : '?'))));
  deepEqual(all,
    ['a', '! the thinking thread ended', 'b', '! thinking took more than 5000 ms', 'c', '! no', 'd']);
  await thread.stop();
});
