/** The real `assay language-server`, spoken to as an editor does. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { parse } from 'yaml';
import { LIMITS } from '#domain/limits.ts';
import type { Diagnostic } from '#editor/protocol.ts';
import { EditorClient, marked } from './editor-client.ts';

const URI = 'file:///book/cards.policy.yaml';
const CARDS = readFileSync(new URL('../../policies/cards.policy.yaml', import.meta.url), 'utf8');

interface Case { readonly at: string; readonly from: string; readonly to: string }
interface CompletionCase extends Case {
  readonly first?: readonly string[];
  readonly has?: readonly string[];
  readonly lacks?: readonly string[];
}

const cases = (name: string): ReturnType<typeof JSON.parse> =>
  parse(readFileSync(new URL(`${name}.case.yaml`, import.meta.url), 'utf8'));
const COMPLETIONS: readonly CompletionCase[] = cases('completion');
const HOVERS: readonly (Case & { readonly says?: string })[] = cases('hover');

/** Cards with a part replaced, which must be there; the mark is the cursor. */
function edited(from: string, to: string): ReturnType<typeof marked> {
  assert.ok(CARDS.includes(from), `cards has no ${from}`);
  return marked(CARDS.replace(from, () => to));
}

/** The place of a part of a text, the first behind what stands before it. */
function rangeIn(text: string, part: string, behind = ''): Diagnostic['range'] {
  const offset = text.indexOf(part, text.indexOf(behind) + behind.length);
  assert.ok(offset !== -1 && text.includes(behind), part);
  const start = marked(`${text.slice(0, offset)}¦`).position;
  return { start, end: { line: start.line, character: start.character + part.length } };
}

describe('a language server', { timeout: 120_000 }, () => {
  const editor = new EditorClient();
  before(async () => {
    const capabilities = await editor.start();
    assert.equal(capabilities.positionEncoding, 'utf-16');
    assert.equal(capabilities.textDocumentSync.change, 2);
    editor.open(URI, CARDS);
    assert.deepEqual(await editor.diagnostics(1), []);
  });
  after(async () => {
    try {
      assert.equal(await editor.stop(), 0);
      assert.equal(editor.errors, '');
    } finally {
      editor.kill();
    }
  });

  const reset = async (): Promise<void> => void await editor.diagnostics(editor.change(URI, CARDS));

  test('a mistake is marked where it stands, and goes when it is put right', async () => {
    await reset();
    const right = rangeIn(CARDS, 'card_declines_1h >= 3');
    const name = { start: right.start, end: { ...right.start, character: right.start.character + 16 } };
    const [found, ...more] = await editor.diagnostics(editor.change(URI, 'card_declnes_1h', name));
    assert.deepEqual(more, []);
    assert.deepEqual(found, {
      range: { start: name.start, end: { ...name.end, character: name.end.character - 1 } },
      severity: 1, code: 'E201', source: 'assay',
      message: 'unknown field `card_declnes_1h`\nDid you mean `card_declines_1h`?',
    });
    const [action] = await editor.result('textDocument/codeAction',
      { textDocument: { uri: URI }, range: found?.range, context: { diagnostics: [found] } });
    assert.equal(action.title, 'Write `card_declines_1h`');
    const [edit] = action.edit.changes[URI];
    assert.deepEqual(await editor.diagnostics(editor.change(URI, edit.newText, edit.range)), []);
  });

  test('the mistakes of several expressions are all there, in UTF-16 units', async () => {
    const text = CARDS.replace('title: The card is on', 'title: 😀 The card is on')
      .replace('{ action: decline, reason_code: CARD_BLOCKED }', '{ label: "😀", action: block }')
      .replace('when: remote and small and', 'when: remote and smal and')
      .replace('when: card_frauds_180d > 0', 'when: card_frauds_180d > 0 EUR');
    const found = await editor.diagnostics(editor.change(URI, text));
    assert.deepEqual(found.map(({ code, range }) => [code, range]), [
      ['P105', rangeIn(text, '"😀"', 'label: ')],
      ['P104', rangeIn(text, 'block', '"😀", action: ')],
      ['E201', rangeIn(text, 'smal', 'remote and ')],
      ['E301', rangeIn(text, 'card_frauds_180d > 0 EUR')],
    ]);
  });

  test('a failing test is shown at its expectation, with what was measured', async () => {
    await reset();
    const line = '\n      - { at: 59m59s, card: k1, amount: 20 EUR, expect: { card-testing';
    const text = CARDS.replace(`x: 3 }${line}`, `x: 2 }${line}`);
    const version = editor.change(URI, text);
    const found = await editor.diagnostics(version,
      (all) => all.some(({ source }) => source === 'assay test'));
    assert.deepEqual(found.map(({ code, severity }) => [code, severity]), [['test', 1], ['test', 1]]);
    assert.deepEqual(found[0]?.range, rangeIn(text, 'card-testing-declines: hit', 'x: 2 }'));
    assert.match(found[0]?.message ?? '', /expected card-testing-declines to be hit, got miss\n/);
    assert.match(found[0]?.message ?? '', /card_prior_declines_1h = 2, needed >= 3\./);
  });

  for (const { at, from, to, first = [], has = [], lacks = [] } of COMPLETIONS) {
    test(`completion: ${at}`, async () => {
      const { text, position } = edited(from, to);
      editor.change(URI, text);
      const items = await editor.complete(URI, position);
      const labels = items.map(({ label }) => label);
      assert.deepEqual(labels.slice(0, first.length), first);
      const absent = has.filter((label) => !labels.includes(label));
      assert.deepEqual(absent, [], `not offered among ${labels.join(' ')}`);
      assert.deepEqual(lacks.filter((label) => labels.includes(label)), [], 'offered');
      assert.equal(new Set(labels).size, labels.length, 'each once');
    });
  }

  test('what completion writes into quotes is written as it is there', async () => {
    const { text, position } = edited('reason: "the card is on', 'reason: "{channel == ¦} the card is on');
    editor.change(URI, text);
    const [first] = await editor.complete(URI, position);
    assert.equal(first?.textEdit.newText, '\\"ecom\\"');
  });

  test('a quote that the editor has closed is not closed again', async () => {
    for (const [from, to, written] of [
      ['when: card_frauds_180d > 0', 'when: status == "de¦"', 'attempted'],
      ['when: card_frauds_180d > 0', 'when: status == "de¦', 'attempted"'],
      ['when: card_frauds_180d > 0', 'when: card in list("¦")', 'blocked_cards'],
      ['when: card_frauds_180d > 0', 'when: status == ¦"declined"', '"attempted"'],
      ['reason: "the card is on', 'reason: "{channel == \\"¦\\"} the card is on', 'ecom'],
      ['reason: "the card is on', 'reason: "{channel == \\"e¦"', 'ecom\\"'],
    ] as const) {
      const { text, position } = edited(from, to);
      editor.change(URI, text);
      const [first] = await editor.complete(URI, position);
      assert.equal(first?.textEdit.newText, written, to);
    }
  });

  for (const { at, from, to, says } of HOVERS) {
    test(`hover: ${at}`, async () => {
      const { text, position } = edited(from, to);
      editor.change(URI, text);
      const found = await editor.result('textDocument/hover', { textDocument: { uri: URI }, position });
      if (says === undefined) assert.equal(found, null);
      else assert.match(found.contents.value, new RegExp(says));
    });
  }

  const places: readonly (readonly [name: string, from: string, to: string, declared: string])[] = [
    ['a feature', 'when: card_frauds_180d > 0', 'when: card_fra¦uds_180d > 0', 'card_frauds_180d: prior'],
    ['a parameter', 'card_sum_1h > burst_sum', 'card_sum_1h > burst_sum¦', 'burst_sum: { by'],
    ['a define in a feature', 'over 1h where small)', 'over 1h where ¦small)', 'small: amount'],
    ['a list', 'in list("blocked_cards")', 'in list("blocked¦_cards")', 'blocked_cards: {'],
    ['a reference', 'because: [RTS18]', 'because: [RT¦S18]', 'RTS18: {'],
    ['a rule in a test', 'expect: { card-dead: hit', 'expect: { card-de¦ad: hit', 'card-dead:\n'],
    ['a feature in a reason', '"{card_frauds_180d} pay', '"{card_frau¦ds_180d} pay',
      'card_frauds_180d: prior'],
  ];
  for (const [name, from, to, declared] of places) {
    test(`go to the declaration of ${name}`, async () => {
      const { text, position } = edited(from, to);
      editor.change(URI, text);
      const found = await editor.result('textDocument/definition', { textDocument: { uri: URI }, position });
      const { line } = rangeIn(text, `\n  ${declared}`).start;
      assert.deepEqual(found.range.start, { line: line + 1, character: 2 });
    });
  }

  // The words "declined" and `status: declined` are no names of the policy.
  for (const [name, count] of [
    ['small_amount', 4], ['card_declines_1h', 6], ['declined', 5], ['trusted_customers', 7],
  ] as const) {
    test(`${name} is renamed wherever it stands, and the policy is as right as before`, async () => {
      await reset();
      const where = { textDocument: { uri: URI },
        position: { ...rangeIn(CARDS, `  ${name}:`).start, character: 3 } };
      assert.equal((await editor.result('textDocument/prepareRename', where)).placeholder, name);
      const { changes } = await editor.result('textDocument/rename', { ...where, newName: 'other_name' });
      assert.equal(changes[URI].length, count);
      const found = await editor.result('textDocument/references',
        { ...where, context: { includeDeclaration: true } });
      assert.equal(found.length, count);
      const fromTheEnd = changes[URI].toSorted((a: Diagnostic, b: Diagnostic) =>
        b.range.start.line - a.range.start.line || b.range.start.character - a.range.start.character);
      let version = 0;
      for (const { range, newText } of fromTheEnd) version = editor.change(URI, newText, range);
      assert.deepEqual(await editor.diagnostics(version), []);
      assert.equal((await editor.result('textDocument/references',
        { ...where, context: { includeDeclaration: false } })).length, count - 1);
    });
  }

  test('a rule keeps its id, no name is given twice, an unreadable expression hides none', async () => {
    await reset();
    const at = (part: string): object =>
      ({ textDocument: { uri: URI }, position: rangeIn(CARDS, part).start });
    const rule = await editor.ask('textDocument/prepareRename', at('card-dead:'));
    assert.match(rule.error?.message ?? '', /the id of rule card-dead stays for its life/);
    const rename = async (newName: string): Promise<string> =>
      (await editor.ask('textDocument/rename', { ...at('small_amount: 5'), newName })).error?.message ?? '';
    assert.match(await rename('burst_sum'), /already taken/);
    assert.match(await rename('amount'), /already taken/);
    assert.match(await rename('Großes'), /cannot be a name/);
    assert.match(await rename('not'), /cannot be a name/);
    assert.match(await rename('this'), /`this` cannot be its name: in `small`: /);
    const feature = await editor.ask('textDocument/rename',
      { ...at('card_count_1h: '), newName: 'fraud' });
    assert.match(feature.error?.message ?? '', /`fraud` cannot be its name: /);
    // A define that gives the name by `let` would take it for its own.
    editor.change(URI, CARDS.replace(/^define:\n/m,
      'define:\n  big: let tiny = 1 EUR; amount as EUR > small_amount\n'));
    assert.match(await rename('tiny'), /already taken/);
    editor.change(URI, CARDS.replace('when: card_frauds_180d > 0', 'when: card_frauds_180d > '));
    assert.match(await rename('tiny'), /cannot be read/);
  });

  test('symbols: each rule by id and title, each test by name', async () => {
    await reset();
    const symbols = await editor.result('textDocument/documentSymbol', { textDocument: { uri: URI } });
    const children = (name: string): { name: string; detail?: string }[] =>
      symbols.find((one: { name: string }) => one.name === name).children;
    assert.equal(children('rules')[0]?.name, 'blocked-card');
    assert.equal(children('rules')[0]?.detail, 'The card is on the blocked list');
    assert.equal(children('tests')[0]?.name, 'a plain small purchase without history is approved');
  });

  test('every stage of typing a policy is answered', async () => {
    const [lines, whole] = [CARDS.split('\n').slice(0, 90), CARDS.length];
    for (let i = 1; i < lines.length; i++) {
      const line = lines[i] ?? '';
      const text = `${lines.slice(0, i).join('\n')}\n${line.slice(0, (i * 7) % (line.length + 1))}`;
      assert.ok(text.length < whole);
      editor.change(URI, text);
      const position = marked(`${text}¦`).position;
      assert.ok(Array.isArray(await editor.complete(URI, position)), text.slice(-60));
      await editor.result('textDocument/hover', { textDocument: { uri: URI }, position });
      await editor.result('textDocument/documentSymbol', { textDocument: { uri: URI } });
    }
  });

  test('a request that cannot be met says why', async () => {
    assert.equal((await editor.ask('textDocument/formatting', {})).error?.code, -32_601);
    assert.equal((await editor.ask('textDocument/hover', {})).error?.code, -32_602);
    assert.equal((await editor.ask('initialize', {})).error?.code, -32_600);
    const stranger = { textDocument: { uri: 'file:///other.yaml' }, position: { line: 0, character: 0 } };
    assert.match((await editor.ask('textDocument/hover', stranger)).error?.message ?? '', /is not open/);
    editor.tell('textDocument/didChange', { nonsense: true });
    editor.tell('$/anything', {});
    const answer = editor.answerTo(null);
    editor.raw('Content-Length: 5\r\n\r\n{"a":');
    assert.equal((await answer).error?.code, -32_700);
    const invalid = editor.answerTo(null);
    editor.raw('Content-Length: 2\r\n\r\n[]');
    assert.equal((await invalid).error?.code, -32_600);
  });

  test('a document that is too large is refused by the checker, and other YAML is left alone', async () => {
    const large = 'file:///book/large.policy.yaml';
    editor.open(large, `policy: large\n# ${'x'.repeat(LIMITS.policyBytesMax)}`);
    const [found] = await editor.diagnostics(1, (all) => all.length > 0);
    assert.equal(found?.code, 'P005');
    editor.tell('textDocument/didClose', { textDocument: { uri: large } });
    assert.deepEqual(await editor.diagnostics(1), []);
    editor.open('file:///book/compose.yaml', 'services: [a\n');
    const { items } = await editor.result('textDocument/completion',
      { textDocument: { uri: 'file:///book/compose.yaml' }, position: { line: 1, character: 0 } });
    assert.ok(Array.isArray(items));
  });
});

describe('how a language server ends', { timeout: 60_000 }, () => {
  test('before initialize it answers that it is not initialized; exit without shutdown is 1', async () => {
    const editor = new EditorClient('lsp');
    assert.equal((await editor.ask('textDocument/hover', {})).error?.code, -32_002);
    editor.tell('exit', null);
    assert.equal(await editor.exitCode(), 1);
  });

  test('after shutdown nothing is done but exit, which is 0', async () => {
    const editor = new EditorClient();
    await editor.start();
    await editor.result('shutdown', null);
    assert.equal((await editor.ask('textDocument/hover', {})).error?.code, -32_600);
    editor.tell('exit', null);
    assert.equal(await editor.exitCode(), 0);
  });

  for (const [name, bytes] of [
    ['without a length', 'Content-Type: json\r\n\r\n{}'],
    ['with a length that is none', 'Content-Length: x\r\n\r\n'],
    ['with a length beyond the limit', `Content-Length: ${LIMITS.editorMessageBytesMax + 1}\r\n\r\n`],
    ['that never ends', 'x'.repeat(5_000)],
  ] as const) {
    test(`a header ${name} ends it with 1, and says why`, async () => {
      const editor = new EditorClient();
      const answer = editor.answerTo(null);
      editor.raw(bytes);
      assert.equal((await answer).error?.code, -32_700);
      assert.equal(await editor.exitCode(), 1);
      assert.match(editor.errors, /the input cannot be read on/);
    });
  }

  test('an editor that hangs up leaves no process', async () => {
    const editor = new EditorClient();
    await editor.start();
    editor.open(URI, CARDS);
    assert.equal(await editor.hangUp(), 1);
  });
});
