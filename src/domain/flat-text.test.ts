import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flatText, ownText } from './flat-text.ts';

test('a text made of parts, or of its own, is the same text', () => {
  assert.equal(flatText('dec_0_', '000000n1e'), 'dec_0_000000n1e');
  for (const text of ['', 'a', 'ab', '\u{1f600}', 'merchant_cards_7d']) assert.equal(ownText(text), text);
});
