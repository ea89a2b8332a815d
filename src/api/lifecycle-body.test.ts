import { deepEqual, equal } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isRefusal } from '#domain/parse-event.ts';
import { readBody } from './lifecycle-body.ts';

const read = (text: string) => readBody(Buffer.from(text), ['source', 'note', 'add']);
function refusedFor(text: string): readonly string[] {
  const body = read(text);
  if (!isRefusal(body)) return ['it is read'];
  return [body.code, body.errors[0]?.pointer ?? '', body.detail];
}

describe('the body of an act', () => {
  test('has each key once, at every depth', () => {
    deepEqual(refusedFor('{"note":"x","note":"y"}'),
      ['invalid', '/note', '/note: "note" is there twice (line 1, column 13)']);
    deepEqual(refusedFor('{"add":[{"value":"a","v\\u0061lue":"b"}]}').slice(0, 2),
      ['invalid', '/add/0/value']);
  });

  test('has no characters that nobody sees, and no more levels than any other body', () => {
    deepEqual(refusedFor('{"note":"a\\u0000"}').slice(0, 2), ['invalid', '/note']);
    deepEqual(refusedFor('{"note":"a\\ud800"}').slice(0, 2), ['invalid', '/note']);
    deepEqual(refusedFor('[[[[[[[[[1]]]]]]]]]')[0], 'invalid');
    deepEqual(refusedFor('{"note":')[0], 'not_json');
  });

  test('may have texts of many lines: a document is one', () => {
    const body = read(JSON.stringify({ source: 'policy: a\r\n\tversion: 1\n' }));
    equal(isRefusal(body) ? body.detail : body.text('source'), 'policy: a\r\n\tversion: 1\n');
  });
});
