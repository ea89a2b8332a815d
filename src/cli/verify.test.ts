import { deepEqual, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { verify, type VerifyParts } from './verify.ts';

const HASH = 'ab'.repeat(32);

async function run(...args: readonly string[]): Promise<readonly unknown[]> {
  const asked: unknown[] = [];
  const parts: VerifyParts = {
    verify: (_, anchor) => {
      asked.push(anchor);
      return Promise.resolve({ recordCount: 3, byteCount: 9, hash: HASH, damage: undefined });
    },
    verifyRecords: (_, anchor) => {
      asked.push(anchor);
      return Promise.resolve({ head: { seq: 2, hash: HASH }, damage: undefined });
    },
  };
  const lines: string[] = [];
  const say = (line: string): void => { lines.push(line); };
  const code = await verify({ args, folder: '/', env: {}, out: say, err: say }, parts);
  return [code, ...asked, lines];
}

const WHOLE = [
  'whole: 3 records, 9 bytes', `head 3:${HASH}`, 'records whole: 2 audit entries', `records head 2:${HASH}`,
];
const linesOf = (ended: readonly unknown[]): string => String(ended.at(-1)).replaceAll('\n', ',');

test('the heads that it prints are the anchors that it takes', async () => {
  const plain = await run();
  deepEqual([plain.slice(0, 3), linesOf(plain)], [[0, undefined, undefined], WHOLE.join(',')]);
  const anchored = await run('--anchor', `3:${HASH}`, '--records-anchor', `2:${HASH}`);
  deepEqual(anchored.slice(0, 3), [0, { position: 3, hash: HASH }, { seq: 2, hash: HASH }]);
});

test('what is no anchor is refused, and nothing is called whole without it', async () => {
  for (const text of ['abc', '3', '3:abc', `x:${HASH}`, HASH, '']) {
    await rejects(run('--anchor', text), /--anchor is NUMBER:HASH/);
    await rejects(run('--records-anchor', text), /--records-anchor is NUMBER:HASH/);
  }
});
