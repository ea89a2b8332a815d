import { deepEqual, equal, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { findJsonFault } from './json-fault.ts';
import { LIMITS } from './limits.ts';
import { parseStrictJson } from './strict-json.ts';

const verdict = (input: string | Uint8Array) => {
  const result = parseStrictJson(typeof input === 'string' ? Buffer.from(input) : input);
  return 'code' in result ? [result.code, result.errors[0]?.pointer] : ['value', result.value];
};

describe('good JSON is read as JSON.parse reads it', () => {
  for (const text of [
    '{}',
    ' [1, 2.5, -3e2, true, false, null, "a\\"b\\\\n\\u00e9"] ',
    '{"a":{"b":{"c":[{"d":"é😀"}]}}}',
    '"\\ud83d\\ude00"',
    '{"":{"":1}}',
    '[[[[[[[[]]]]]]]]',
    '{"a":":{}[],","b":"\\\\"}',
    '-0',
    '1e300',
    '0e400',
  ]) {
    test(text, () => deepEqual(verdict(text), ['value', JSON.parse(text)]));
  }
  test('__proto__ is a key like any other, and sets no prototype', () => {
    const result = parseStrictJson(Buffer.from('{"__proto__":{"admin":true}}'));
    ok('value' in result);
    deepEqual(Object.keys(result.value as object), ['__proto__']);
    equal((result.value as { admin?: boolean }).admin, undefined);
  });
});

describe('bad JSON is refused with a code and a pointer', () => {
  const cases: readonly (readonly [
    what: string,
    text: string | Uint8Array,
    code: string,
    pointer: string,
  ])[] = [
    ['nothing', '', 'not_json', ''],
    ['a word', 'hello', 'not_json', ''],
    ['an end too early', '{"a":{"b":', 'not_json', '/a/b'],
    ['a trailing comma', '{"a":[1,]}', 'not_json', '/a/1'],
    ['two documents', '{} {}', 'not_json', ''],
    ['a single quote', "{'a':1}", 'not_json', ''],
    ['a leading zero', '[01]', 'not_json', '/0'],
    ['NaN', '{"a":NaN}', 'not_json', '/a'],
    ['a byte order mark', '\ufeff{}', 'not_json', ''],
    ['a key twice', '{"a":1,"a":1}', 'invalid', '/a'],
    ['a key twice, once escaped', '{"a":{"b":1,"\\u0062":2}}', 'invalid', '/a/b'],
    ['a key twice at depth', '[{"x":[0,{"y":1,"z":2,"y":3}]}]', 'invalid', '/0/x/1/y'],
    ['__proto__ twice', '{"__proto__":1,"__proto__":2}', 'invalid', '/__proto__'],
    ['a raw NUL', '{"a":"x\u0000"}', 'not_json', '/a'],
    ['a raw tab in a text', '{"a":"x\t"}', 'not_json', '/a'],
    ['an escaped NUL', '{"a":["x\\u0000"]}', 'invalid', '/a/0'],
    ['an escaped newline', '{"a":"x\\n"}', 'invalid', '/a'],
    ['an escaped C1 control', '{"a":"x\\u0085"}', 'invalid', '/a'],
    ['a raw C1 control', '{"a":"x\u0085"}', 'invalid', '/a'],
    ['a DEL', '{"a":"\u007f"}', 'invalid', '/a'],
    ['a NUL in a key', '{"a":{"\\u0000":1}}', 'invalid', '/a/\u0000'],
    ['half of a surrogate pair', '{"a":"\\ud800"}', 'invalid', '/a'],
    ['surrogates the wrong way round', '{"a":"\\ude00\\ud83d"}', 'invalid', '/a'],
    ['an infinite number', '{"a":[1e400]}', 'invalid', '/a/0'],
    ['an infinite number in digits', `{"a":${'9'.repeat(400)}}`, 'invalid', '/a'],
    ['a number that would be 0', '{"a":-1e-400}', 'invalid', '/a'],
    ['a level too deep', '{"a":[[[[[[[[1]]]]]]]]}', 'invalid', '/a/0/0/0/0/0/0/0'],
    ['60,000 brackets', '['.repeat(60_000), 'invalid', '/0/0/0/0/0/0/0/0'],
    ['60,000 braces', '{"a":'.repeat(12_000), 'invalid', '/a/a/a/a/a/a/a/a'],
    ['a lone continuation byte', Buffer.from('7b2261223a2280227d', 'hex'), 'not_json', '/a'],
    ['an overlong encoding', Buffer.from('7b2261223ac0af7d', 'hex'), 'not_json', '/a'],
    ['a surrogate in UTF-8', Buffer.from('5b22eda08022', 'hex'), 'not_json', '/0'],
    ['UTF-16', Buffer.from('{"a":1}', 'utf16le'), 'not_json', ''],
    ['10 MB', Buffer.alloc(10_000_000, 0x20), 'too_large', ''],
  ];
  for (const [what, text, code, pointer] of cases) {
    test(what, () => deepEqual(verdict(text), [code, pointer]));
  }
  test('pointers escape ~ and /', () => deepEqual(verdict('{"a/b~c":[NaN]}'), ['not_json', '/a~1b~0c/0']));
  test('the detail says where', () => {
    const result = parseStrictJson(Buffer.from('{\n  "a": 1,\n  "a": 2\n}'));
    deepEqual('code' in result && result.detail, '/a: "a" is there twice (line 3, column 3)');
  });
  test('the byte that is not UTF-8 is counted past a U+FFFD that was sent', () => {
    const result = parseStrictJson(Buffer.concat([Buffer.from('{"é\ufffd😀":"'), Buffer.from([0xff])]));
    deepEqual('code' in result && result.errors, [{ pointer: '/é\ufffd😀', detail: 'byte 14 is not UTF-8' }]);
  });
});

describe('the quick reader and the careful one agree', () => {
  /** JSON with faults: few keys so that they meet again, odd escapes, odd numbers, then random edits. */
  const key = fc.constantFrom('"a"', '"\\u0061"', '"b"', '"__proto__"', '"c\\n"', '"é"');
  const scalar = fc.constantFrom(
    '1',
    '-0',
    '1e400',
    '1e-400',
    '0.5E+3',
    'true',
    'null',
    '"x"',
    '"\\\\n"',
    '"\\n\\t"',
    '"\\u000a"',
    '"\\u0000"',
    '"\\ud83d\\ude00"',
    '"\\ud800"',
    '"\u0085"',
    '"\u007f"',
    '" : , { [ \\" "',
    '"\\/"',
  );
  const { value: json } = fc.letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'medium', withCrossShrink: true },
      scalar,
      fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
      fc
        .array(fc.tuple(key, tie('value')), { maxLength: 4 })
        .map((members) => `{${members.map(([name, item]) => `${name}: ${item}`).join(' ,')}}`),
    ),
  }));
  const letter = fc.constantFrom('{', '}', '[', ']', '"', ',', ':', '\\', 'e', '1', ' ', '\n');
  const edited = fc
    .tuple(json, fc.array(fc.tuple(fc.nat(60), letter), { maxLength: 2 }))
    .map(([text, edits]) => edits.reduce((t, [at, c]) => t.slice(0, at) + c + t.slice(at + 1), text));

  for (const lines of [false, true]) test(`on 6,000 generated texts${lines ? ', with lines' : ''}`, () => {
    const counts = { good: 0, not_json: 0, invalid: 0 };
    fc.assert(
      fc.property(edited, (text) => {
        const fault = findJsonFault(text, LIMITS.jsonDepthMax, lines);
        const quick = parseStrictJson(Buffer.from(text), { bytesMax: 65_536, lines });
        counts[fault?.code ?? 'good'] += 1;
        equal('code' in quick ? quick.code : undefined, fault?.code);
        if ('code' in quick) equal(quick.errors[0]?.pointer, fault?.pointer);
        else deepEqual(quick.value, JSON.parse(text));
        let parses = true;
        try {
          JSON.parse(text);
        } catch {
          parses = false;
        }
        if (!parses) ok(fault !== undefined);
        if (fault?.code === 'not_json') equal(parses, false);
      }),
      { numRuns: 6_000 },
    );
    for (const [kind, count] of Object.entries(counts)) ok(count > 300, `only ${count} texts were ${kind}`);
  });
  test('on 3,000 texts of random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const result = parseStrictJson(bytes);
        if ('value' in result) deepEqual(result.value, JSON.parse(Buffer.from(bytes).toString()));
        else equal(typeof result.errors[0]?.pointer, 'string');
      }),
      { numRuns: 3_000 },
    );
  });
});
