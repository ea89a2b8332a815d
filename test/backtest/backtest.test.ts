import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeReport } from '#backtest/make-report.ts';
import { publicationOf, POLICY } from '../engine/engine-world.ts';
import { scaled } from '../test-scale.ts';
import { candidateOf, orderOf, recordedWorld, runOf, withLarge } from './recorded-world.ts';

test('F55 what was live, judged again over the recorded stream, changes nothing', async () => {
  for (let seed = 1; seed <= scaled(4); seed++) {
    const { history } = await recordedWorld(seed, 300, { publications: true });
    const run = runOf(history, orderOf('as_recorded'));
    assert.equal((await run.run()).status, 'done');
    const report = makeReport(run, history.title);
    assert.equal(report.payments, 300);
    assert.deepEqual(report.candidates[0]?.changed, { outcomes: 0, results: 0, rules: 0 }, `seed ${seed}`);
    assert.equal(report.candidates[0]?.policies.length, report.baseline.policies.length);
  }
});

test('a policy that was live from the first payment on changes nothing, judged from its source', async () => {
  for (let seed = 11; seed <= 10 + scaled(4); seed++) {
    const { history } = await recordedWorld(seed, 300);
    const run = runOf(history, orderOf(publicationOf(POLICY)));
    await run.run();
    const report = makeReport(run, history.title);
    assert.deepEqual(report.candidates[0]?.changed, { outcomes: 0, results: 0, rules: 0 }, `seed ${seed}`);
    assert.ok(report.labels.bad > 0 && (report.candidates[0]?.flagged.bad ?? 0) > 0);
  }
});

test('another threshold changes what it should, and candidates beside each other are as they are alone',
  async () => {
  for (let seed = 21; seed <= 20 + scaled(2); seed++) {
    const { history } = await recordedWorld(seed, 400);
    const values = ['400', '900', '1_000', '1_500'];
    const together = runOf(history, orderOf('as_recorded', {
      baseline: candidateOf(publicationOf(POLICY), 'baseline'),
      candidates: values.map((value) => candidateOf(withLarge(value), value)),
    }));
    await together.run();
    const report = makeReport(together, history.title);
    for (const [i, value] of values.entries()) {
      const alone = runOf(history, orderOf(withLarge(value),
        { candidates: [candidateOf(withLarge(value), value)] }));
      await alone.run();
      const one = makeReport(alone, history.title).candidates[0];
      assert.deepEqual(report.candidates[i], one, `seed ${seed}, ${value}`);
      assert.equal((one?.changed.outcomes ?? 0) > 0, value !== '1_000');
    }
  }
});
