import { deepEqual, equal, rejects } from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isLifecycleVerb, lifecycle } from './lifecycle.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-cli-'));
const asked: { method: string; url: string; type: string; key: string; body: string }[] = [];
let status = 200;
let answer: object = {};

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
};
const server = createServer((request, response) => {
  void bodyOf(request).then((body) => {
    const { method = '', url = '', headers } = request;
    asked.push({ method, url, type: headers['content-type'] ?? '', key: headers.authorization ?? '', body });
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
});
before(() => new Promise<void>((done) => { server.listen(0, '127.0.0.1', done); }));
after(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

async function run(noun: 'policy' | 'list' | 'snooze' | 'brake' | 'audit', ...args: readonly string[]) {
  const lines: string[] = [];
  const { port } = server.address() as AddressInfo;
  const shell = {
    args, folder, env: { ASSAY_URL: `http://127.0.0.1:${port}`, ASSAY_KEY: 'k1' },
    out: (line: string) => { lines.push(line); }, err: (line: string) => { lines.push(`! ${line}`); },
  };
  const code = await lifecycle(shell, noun);
  return { code, lines, last: asked.at(-1) };
}

describe('assay policy, list, snooze, brake and audit', () => {
  test('send what was said, as the holder of the key', async () => {
    status = 200;
    answer = { object: 'went_live', position: 7, recorded: true, notes: ['no_history: ...'] };
    const published = await run('policy', 'publish', 'sha256:ab', '--because', 'agreed', '--expected', '3');
    deepEqual(published.last, {
      method: 'POST', url: '/v1/policy-versions/sha256%3Aab/publish', type: 'application/json',
        key: 'Bearer k1',
      body: '{"because":"agreed","expected":3}',
    });
    deepEqual(published.lines, ['in force from position 7 of the log on', '  note: no_history: ...']);
    writeFileSync(join(folder, 'a.policy.yaml'), '# mine\npolicy: cards\nversion: 2\n');
    const { last } = await run('policy', 'submit', 'a.policy.yaml', '--note', 'why');
    equal(last?.url, '/v1/policies/cards/versions');
    deepEqual(JSON.parse(last?.body ?? ''), {
      source: '# mine\npolicy: cards\nversion: 2\n', note: 'why', file: 'a.policy.yaml',
    });
    writeFileSync(join(folder, 'l.csv'), 'value\nc1\n');
    const csv = (await run('list', 'upload', 'blocked', 'l.csv', '--reason', 'a & b')).last;
    deepEqual([csv?.url, csv?.type, csv?.body],
      ['/v1/lists/blocked/changes?kind=replace&reason=a+%26+b', 'text/csv', 'value\nc1\n']);
    equal((await run('policy', 'shadow', 'h', '--share', '5%')).last?.body, '{"share":0.05}');
    equal((await run('policy', 'unshadow', 'h', '--because', 'over')).last?.method, 'DELETE');
    equal((await run('snooze', 'end', 'snz_1', '--because', 'over')).last?.url, '/v1/snoozes/snz_1/end');
  });

  test('say how to read on, in the words of each command', async () => {
    status = 200;
    answer = { object: 'list', data: [{ seq: 1, person: 'ann', action: 'a', subject: 'b' }], after: 2 };
    equal((await run('audit')).lines.at(-1), 'more: --from 2');
    answer = { object: 'list', data: [{ position: 1 }], after: 2 };
    equal((await run('policy', 'publications')).lines.at(-1), 'more: --after 2');
  });

  test('ask for what there is, and print a line for each', async () => {
    status = 200;
    answer = { object: 'list', after: null, data: [
      { value: 'c1', until: '2027-01-01T00:00:00Z', change: 'lch_1', author: 'ann', approvers: ['ben'] },
      { value: 'c2' },
    ] };
    const entries = await run('list', 'entries', 'trusted', '--value', 'c 1', '--after', '7');
    equal(entries.last?.url, '/v1/lists/trusted/entries?after=7&value=c%201');
    deepEqual(entries.lines, ['c1    2027-01-01T00:00:00Z    by ann, approved by ben, lch_1', 'c2']);
    answer = { object: 'list', after: 5,
      data: [{ object: 'backtest', id: 'bt_1', status: 'done', done: 9 }] };
    const runs = await run('policy', 'backtests', 'h');
    deepEqual([runs.last?.url, runs.lines], ['/v1/policy-versions/h/backtests',
      ['bt_1: done, 9 records', 'more: --after 5']]);
    equal((await run('list', 'changes', 'a b')).last?.url, '/v1/lists/a%20b/changes');
    equal((await run('snooze', 'list')).last?.url, '/v1/snoozes');
    equal((await run('snooze', 'list', 'cards')).last?.url, '/v1/snoozes?policy=cards');
  });

  test('print rows by what they are about, and say where there are none', async () => {
    status = 200;
    answer = { object: 'list', after: null, data: [{ object: 'snooze', id: 'snz_1', policy: 'cards',
      rule: 'r', field: 'card.id', value: 'c1', from: 'f', until: 'u', author: 'ann', state: 'published' }] };
    deepEqual((await run('snooze', 'list')).lines,
      ['snz_1: cards/r leaves card.id c1 alone until u: published']);
    answer = { object: 'list', after: null, data: [
      { position: 4, at: 't', kind: 'roll_back', person: 'ann', detail: { to: 1, because: 'calls' } },
      { position: 3, at: 't', kind: 'publish', person: 'ann',
        detail: { policy: 'cards', version: 2, because: 'x' } },
      { position: 2, at: 't', kind: 'list', person: 'ann', detail: { id: 'lch_1', because: 'stolen' } },
    ] };
    deepEqual((await run('policy', 'publications')).lines, ['4  t  roll_back  ann  to 1  calls',
      '3  t  publish  ann  cards 2  x', '2  t  list  ann  lch_1  stolen']);
    answer = { object: 'list', after: null, data: [] };
    deepEqual((await run('brake', 'list')).lines, ['none']);
  });

  test('say what a backtest is called, and print the report of one that is done', async () => {
    status = 200;
    answer = { object: 'backtest', id: 'bt_1' };
    deepEqual((await run('policy', 'backtest', 'h')).lines,
      ['bt_1: queued', '  `assay policy run bt_1` tells of it']);
    answer = { object: 'backtest', id: 'bt_1', status: 'done', done: 9, total: 9 };
    const { lines, last } = await run('policy', 'run', 'bt_1');
    deepEqual([lines, last?.url],
      [['bt_1: done, 9 of 9 records', JSON.stringify(answer)], '/v1/backtests/bt_1/report.txt']);
    equal((await run('policy', 'run', 'bt_1', '--json')).last?.url, '/v1/backtests/bt_1');
  });

  test('print a refusal with every fault, and end with 1', async () => {
    status = 409;
    answer = { code: 'gate_closed', detail: 'a (and 1 more)',
      errors: [{ pointer: '', detail: 'a' }, { pointer: '', detail: 'b' }] };
    const { code, lines } = await run('policy', 'publish', 'h', '--because', 'x');
    deepEqual([code, lines], [1, ['! gate_closed:\n- a\n- b']]);
    const fault = { pointer: '/source', detail: 'a.policy.yaml:3:1 x' };
    answer = { code: 'invalid', detail: 'x', errors: [fault] };
    deepEqual((await run('policy', 'publish', 'h', '--because', 'x')).lines,
      ['! invalid: a.policy.yaml:3:1 x']);
  });

  test('a call that cannot be is said before anything is sent', async () => {
    const sentBefore = asked.length;
    await rejects(run('policy', 'publish', 'h'), /say --because WHY/);
    await rejects(run('policy', 'approve'), /^Error: name a hash\nassay policy approve HASH .*\n  --url/);
    await rejects(run('list', 'paint'), /^Error: assay list has no command paint\nassay list upload/);
    await rejects(run('policy', 'shadow', 'h', '--share', '500%'), /--share is a share such as 5%/);
    await rejects(run('policy', 'publish', 'h', '--because', 'x', '--expected', '1O3'),
      /--expected is a whole number, not 1O3/);
    await rejects(run('policy', 'backtest', 'h', '--capacity', 'many'), /--capacity is a whole number/);
    equal(asked.length, sentBefore);
    deepEqual([isLifecycleVerb('policy', 'check'), isLifecycleVerb('policy', 'submit')], [false, true]);
    equal(isLifecycleVerb('policy', 'toString'), false);
  });
});
