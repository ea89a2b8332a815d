/**
 * The code of typical expressions, word for word: it is what runs for every payment, so a change of it is
 * looked at.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventSchema } from '#domain/field.ts';
import { checkExpression } from './check.ts';
import { emitExpression } from './emit.ts';
import { EmitUnit } from './emit-unit.ts';
import { parseExpression } from './parse.ts';
import { fieldScope } from './scope.ts';

const SCHEMA = eventSchema();
const slot = (path: string, kind: 'numberSlot' | 'textSlot'): number => SCHEMA.byPath.get(path)?.[kind] ?? -1;

function emitted(source: string, row: 'current' | 'past' = 'current', unit = new EmitUnit()): string {
  const parsed = parseExpression(source);
  if ('errors' in parsed) throw new Error(JSON.stringify(parsed.errors));
  const features = new Map([['n', { index: 0, type: { kind: 'int' } as const }]]);
  const checked = checkExpression(parsed.expr, { ...fieldScope(SCHEMA), row, features });
  if ('errors' in checked) throw new Error(JSON.stringify(checked.errors));
  return emitExpression(checked.expr, { unit });
}

const STATUS = `e.texts[${slot('status', 'textSlot')}]`;
const KIND = `e.texts[${slot('kind', 'textSlot')}]`;
const MINOR = `e.numbers[${slot('amount', 'numberSlot')}]`;
const CURRENCY = `e.texts[${slot('amount', 'textSlot')}]`;

for (const [source, code] of [
  ['n > 3', '(f[0]>3?2:f[0]<=3?0:1)'],
  ['n == 3', '(f[0]===3?2:f[0]<3||f[0]>3?0:1)'],
  ['status == "declined"', `(${STATUS}==="declined"?2:${STATUS}===undefined?1:0)`],
  ['kind in ["card", "cash"]', `(${KIND}===undefined?1:${KIND}==="card"||${KIND}==="cash"?2:0)`],
  ['not (n > 3)', '(2-(f[0]>3?2:f[0]<=3?0:1))'],
  ['n > 3 and n < 9 and n != 5',
    '((l0=(f[0]>3?2:f[0]<=3?0:1))===0||(l1=(f[0]<9?2:f[0]>=9?0:1))===0' +
    '||(l2=(f[0]===5?0:f[0]<5||f[0]>5?2:1))===0' +
    '?0:l0+l1+l2===6?2:1)'],
  ['n / 2 ?? 0', '((l0=(f[0]/(2||NaN)))===l0?l0:0)'],
] as const) {
  test(`code of ${source}`, () => assert.equal(emitted(source), code));
}

test('what reads only this event is evaluated once for all rules, before them', () => {
  const unit = new EmitUnit();
  const code = ['amount as EUR > 5 EUR',
    'amount as EUR < 9 EUR'].map((source) => emitted(source, 'current', unit));
  assert.deepEqual(code, ['(s0>500?2:s0<=500?0:1)', '(s0<900?2:s0>=900?0:1)']);
  const convert = `$.convert(${MINOR},${CURRENCY},"EUR",e.numbers[0])`;
  assert.equal(unit.locals(), `const s0=(${CURRENCY}==="EUR"?${MINOR}:${convert});`);
});

test('status and label of a past event are read as known at the time of this one', () => {
  assert.equal(emitted('label == "chargeback"', 'past').includes('$.labelAt(r,e.numbers[0])'), true);
  assert.equal(emitted('status == "approved"', 'past').includes('$.statusAt(r,e.numbers[0])'), true);
});

test('a past amount is converted at its own time', () => {
  assert.match(emitted('amount as EUR', 'past'), /"EUR",N\[0\]\[r>>>12\]\[r&4095\]\)/);
});

test('a long list is a set, made once', () => {
  const parsed = parseExpression('mcc in ["1","2","3","4","5","6","7","8","9"]');
  const checked = 'expr' in parsed ? checkExpression(parsed.expr, fieldScope(SCHEMA)) : parsed;
  assert.ok('expr' in checked);
  const unit = new EmitUnit();
  assert.match(emitExpression(checked.expr, { unit }), /k0\.has/);
  assert.equal(unit.constants(), 'const k0=new Set(["1","2","3","4","5","6","7","8","9"]);');
});

test('no text of a policy becomes code', () => {
  const texts = ['"); throw 1; ("', '`${process.exit()}`', '\\"+alert(1)+\\"', '*/ throw 1 //',
    '\\u2028throw 1'];
  for (const text of texts.map((one) => (one.startsWith('\\') ? `"${one}"` : JSON.stringify(one)))) {
    for (const source of [`purpose == ${text}`, `purpose in [${text}, "b"]`, `matches(purpose, ${text})`,
      `fact(${text}, card, max_age 1h) > 1`]) {
      const quoted: unknown = JSON.parse(text);
      const code = emitted(source);
      assert.ok(code.includes(JSON.stringify(typeof quoted === 'string' ? quoted.normalize('NFC') : '')),
        code);
      // Without its quoted texts, nothing of the attack is left.
      assert.doesNotMatch(code.replaceAll(/"(?:[^"\\]|\\.)*"/g, ''), /throw|alert|process/);
    }
  }
});
