/** The same explanation from a running server and, once it has stopped, from its folder. */
import { equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { parseAnswer } from '../server/caller.ts';
import { runAssay, ServerProcess } from '../server/server-process.ts';

test('a running server explains a decision, and its folder says the same when it has stopped', async () => {
  const server = await ServerProcess.make();
  try {
    await server.start();
    const caller = server.caller(1);
    const nowMs = Date.now();
    let id = '';
    for (let i = 0; i < 8; i++) {
      const occurredAt = new Date(nowMs - 60_000 + i * 1_000).toISOString();
      const { body } = await caller.decide({ id: `tx-${i}`, card: 'c1', amount: `${i + 1}.00`, occurredAt });
      id = parseAnswer(body).id;
    }
    const { status, body } = await caller.find(`${id}/explain`);
    equal(status, 200, body);
    equal((await caller.find('dec_0_00000zzzz/explain')).status, 404);
    caller.close();
    equal(await server.stop(), 0);
    const fromFolder = await runAssay(['explain', 'tx-7', '--data', server.folder, '--json']);
    equal(fromFolder.code, 0, fromFolder.output);
    equal(fromFolder.output.trim(), body);
    const read = await runAssay(['explain', id, '--data', server.folder]);
    match(read.output, /^Payment tx-7: \w+, by cards version .*\nFraud: .*\nAML: .*\nMade again from its/);
    const other = await runAssay(['explain', id, '--data', server.folder, '--tenant', 'other']);
    equal(other.code, 1, other.output);
    const none = await runAssay(['explain', 'tx-8', '--data', server.folder]);
    equal(none.code, 1);
    match(none.output, /there is no decision tx-8/);
  } finally {
    await server.remove();
  }
});

test('assay explain says what it needs', async () => {
  const both = await runAssay(['explain', 'tx', '--url', 'http://127.0.0.1:9', '--data', 'x']);
  equal(both.code, 2);
  match(both.output, /not both/);
  const nobody = await runAssay(['explain', 'tx', '--url', 'http://127.0.0.1:9', '--key', 'k']);
  equal(nobody.code, 2);
  match(nobody.output, /no server answers at http:\/\/127\.0\.0\.1:9/);
});
