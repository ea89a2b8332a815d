import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventSchema } from '#domain/field.ts';
import { compilePolicy } from '#policy/compile-policy.ts';
import { POLICY, publicationOf } from '../../test/engine/engine-world.ts';
import { OrderRefused } from './order.ts';
import { parseSweep, rulesReading, sweepOf } from './sweep.ts';

test('values are listed or stepped, and the unit of the last stands for all', () => {
  const values = (text: string): readonly string[] => parseSweep(`limit=${text}`).values;
  assert.deepEqual(values('100, 200 ,500 EUR'), ['100 EUR', '200 EUR', '500 EUR']);
  assert.deepEqual(values('1h,2h'), ['1h', '2h']);
  assert.deepEqual(values('1,2,3h'), ['1h', '2h', '3h']);
  assert.deepEqual(values('10,5%'), ['10%', '5%']);
  assert.deepEqual(values('2..4/5'), ['2', '2.5', '3', '3.5', '4']);
  assert.deepEqual(values('1_000..2_000/3 EUR'), ['1000 EUR', '1500 EUR', '2000 EUR']);
  assert.deepEqual(values('-1..1/3'), ['-1', '0', '1']);
  for (const wrong of ['', '1..2', '1..2/1', '..', '1,2,1', 'a..b/3']) {
    assert.throws(() => values(wrong), OrderRefused, wrong);
  }
  assert.deepEqual(parseSweep('two-cards/limit=1'), { policy: 'two-cards', param: 'limit', values: ['1'] });
});

const OTHER = POLICY.replace('policy: small', 'policy: other')
  .replace('kinds: [card, transfer]', 'kinds: [cash]');
const BOTH = { ...publicationOf(POLICY), policies: [
  { file: 'other.policy.yaml', source: OTHER }, { file: 'small.policy.yaml', source: POLICY }] };

test('a parameter that two policies have is swept in the one that is named', () => {
  assert.throws(() => sweepOf(BOTH, parseSweep('large=1 EUR')),
    /^Error: 2 policies have the parameter large: say which, as in other\/large or small\/large$/);
  const [candidate] = sweepOf(BOTH, parseSweep('small/large=7 EUR'));
  assert.deepEqual(candidate?.varies, { policy: 'small', param: 'large', value: '7 EUR' });
  assert.ok(candidate.publication !== 'as_recorded');
  assert.deepEqual(candidate.publication.policies.map(({ source }) => source),
    [OTHER, POLICY.replace('large: 1_000 EUR', 'large: 7 EUR')]);
  assert.throws(() => sweepOf(BOTH, parseSweep('big/large=1')),
    /there is no policy big with the parameter large/);
  const rules = [OTHER, POLICY].flatMap((source) => {
    const compiled = compilePolicy(source, 'x', eventSchema([]));
    assert.ok('policy' in compiled);
    return rulesReading(compiled.policy, { policy: 'small', param: 'large' });
  });
  assert.deepEqual(rules, ['small/large']);
});
