/** A thread that does what the key of the record says, instead of explaining it. */
import process from 'node:process';
import { parentPort } from 'node:worker_threads';
import type { FromExplainer, ToExplainer } from '../../src/main/explaining-queue.ts';

const post = (message: FromExplainer): void => { parentPort?.postMessage(message); };
const explained = (what: string): void => {
  post({ kind: 'explained', explanation: { notExplained: what } });
};
let hog: number[][] = [];
let told = 0;

parentPort?.on('message', (message: ToExplainer) => {
  if (message.kind === 'earlier') {
    explained(`earlier ${message.positions.join()}`);
    return;
  }
  told += 1;
  switch (message.record.key) {
    case 'count': explained(`told ${told}`); return;
    case 'exit': process.exit(3);
    case 'throw': throw new Error('a mistake of ours');
    case 'memory': for (;;) hog = [...hog, Array.from({ length: 1_000_000 }, (_, i) => i)];
    case 'last words':
      explained('and then it ends');
      setTimeout(() => { throw new Error('while idle'); }, 20);
      return;
    case 'earlier':
      post({ kind: 'earlier', ask: 1,
        what: { tenant: 't', path: 'card.id', value: 'c', same: [], position: 9, tMs: 1 } });
      return;
    case 'failed': post({ kind: 'failed', message: 'it does not parse' }); return;
    // Silence.
    default:
  }
});
