import { deepEqual, equal } from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Decision } from '#domain/decision.ts';
import { explainDecision } from './explain-decision.ts';
import { explanationOf } from './fake-explanation.ts';
import { fullDecision } from './fake-parts.ts';
import { renderDecision } from './render-decision.ts';

const views = [true, false].flatMap((aml) =>
  [true, false].flatMap((explain) => [true, false].map((replayed) => ({ aml, explain, replayed }))),
);
const parse = (text: string) => JSON.parse(text) as Record<string, unknown>;

describe('the answer to a decision', () => {
  test('in full, byte for byte', () => {
    equal(
      renderDecision(fullDecision, { aml: true, explain: true, replayed: false }),
      '{"id":"dec_1","object":"decision","transaction_id":"tx_1","outcome":"hold",' +
        '"fraud":{"outcome":"challenge","score":40,"band":"middle"},"aml":{"outcome":"hold","score":90,' +
        '"band":"high"},"reasons":[{"code":"CARD_TESTING","rule":"many_small","axis":"fraud",' +
        '"effect":"challenge","text":"6 payments in an hour","facts":[{"name":"card_count_1h","value":6,' +
        '"threshold":5}],"references":[]},{"code":"STRUCTURING","rule":"just_below","axis":"aml",' +
        '"effect":"hold","text":"just below the limit","facts":[{"name":"cash_sum_7d",' +
        '"value":"9900.00 EUR","threshold":"10000.00 EUR"}],"references":["AMLR art. 80"]}],' +
        '"unknown":[{"rule":"far","axis":"fraud","because":{"name":"location","reason":"absent"},' +
        '"effect":"miss"},{"rule":"tipped","axis":"aml","because":{"name":"cash_sum_30d",' +
        '"reason":"degraded"},"effect":"review"}],"tasks":[{"kind":"queue","rule":"many_small",' +
        '"axis":"fraud","value":"cards"},{"kind":"report","rule":"just_below","axis":"aml","value":"ctr"}],' +
        '"features":{"card_count_1h":6,"cash_sum_7d":"9900.00 EUR","cash_sum_30d":null},' +
        '"precision":{"card_count_1h":{"precision":"tiled","hop_ms":60000,"low":6,"high":7},' +
        '"cash_sum_7d":{"precision":"tiled","hop_ms":60000,"low":"9900.00 EUR","high":"9901.00 EUR"}},' +
        '"screening":{"status":"not_configured","hits":0,"list_version":null},"policy":{"name":"cards",' +
        '"version":3,"hash":"sha256:00"},"log_position":{"position":7},"degraded":[{"part":"windows",' +
        '"cause":"late","fallback":"unknown"}],' +
        '"adjusted":{"occurred_at":{"from":"2026-01-01T00:00:00.000Z","to":"2026-11-16T10:00:01.000Z"}},' +
        '"replayed":false,"created_at":"2026-11-23T10:00:01.000Z"}',
    );
  });
  test('is the same bytes after a way through the log, in whatever order its keys were', () => {
    const { id, object, ...rest } = fullDecision;
    const stored = JSON.parse(JSON.stringify({ ...rest, object, id })) as Decision;
    for (const view of views) equal(renderDecision(stored, view), renderDecision(fullDecision, view));
  });
  test('leaves out nothing that is recorded', () => {
    const shown = Object.keys(
      parse(renderDecision(fullDecision, { aml: true, explain: true, replayed: false })),
    );
    deepEqual(
      shown.toSorted(),
      Object.keys(fullDecision)
        .map((name) => (name === 'aml_features' ? 'replayed' : name))
        .toSorted(),
    );
  });
  test('differs for a replay in one word', () => {
    const first = renderDecision(fullDecision, { aml: true, explain: false, replayed: false });
    equal(
      renderDecision(fullDecision, { aml: true, explain: false, replayed: true }),
      first.replace('"replayed":false', '"replayed":true'),
    );
  });
  test('has features and their precision only when asked to explain', () => {
    for (const view of views) {
      const answer = parse(renderDecision(fullDecision, view));
      deepEqual(['features' in answer, 'precision' in answer], [view.explain, view.explain]);
    }
  });
});

describe('without the scope aml, nothing of that axis is said (no tipping off)', () => {
  const AML_WORDS = [
    'aml',
    'STRUCTURING',
    'just_below',
    'just below',
    'cash_sum',
    'tipped',
    'AMLR',
    '9900',
    'ctr',
  ];
  test('in any view', () => {
    for (const view of views.filter(({ aml }) => !aml)) {
      const answer = renderDecision(fullDecision, view);
      deepEqual(
        AML_WORDS.filter((word) => answer.includes(word)),
        [],
      );
    }
  });
  test('in the explanation', () => {
    const explained = explainDecision(explanationOf(fullDecision, false), false);
    deepEqual(
      AML_WORDS.filter((word) => explained.toLowerCase().includes(word.toLowerCase())),
      [],
    );
    const seen = explainDecision(explanationOf(fullDecision, true), true);
    deepEqual(
      AML_WORDS.filter((word) => !seen.includes(word)),
      [],
    );
  });
  test('but what both axes read, and all of fraud, is there', () => {
    const answer = parse(renderDecision(fullDecision, { aml: false, explain: true, replayed: false }));
    deepEqual(answer['features'], { card_count_1h: 6 });
    deepEqual(answer['reasons'], [fullDecision.reasons[0]]);
    deepEqual(answer['unknown'], [fullDecision.unknown[0]]);
    deepEqual(answer['tasks'], [fullDecision.tasks[0]]);
    deepEqual(answer['fraud'], fullDecision.fraud);
    equal(answer['outcome'], 'hold');
  });
});

test('a decision in words names the outcome, the rules, what they measured and what they missed', () => {
  const { text } = JSON.parse(explainDecision(explanationOf(fullDecision, true), true)) as { text: string[] };
  deepEqual(text, [
    'Payment tx_1: hold, by cards version 3, at 2026-11-23T10:00:01.000Z.',
    'Fraud: challenge, score 40, band middle.',
    'AML: hold, score 90, band high.',
    'Left out: windows (late); instead: unknown.',
    'Judged at 2026-11-16T10:00:01.000Z instead of 2026-01-01T00:00:00.000Z.',
    'Made again from its record, with what was live at position 1: the same to the byte.',
    'HIT many_small (fraud, challenge): 6 payments in an hour',
    '  yes: card_count_1h (6) > 5',
    '  yes: card.id (c_1) in list("watched") (on watched: seen before)',
    '  without this rule: approve',
    'HIT just_below (aml, hold): just below the limit',
    '  yes: card_count_1h (6) > 5',
    '  yes: card.id (c_1) in list("watched") (on watched: seen before)',
    '  without this rule: challenge',
    'EXCEPTED snoozed (fraud, excepted): Rule snoozed.',
    '  yes: card_count_1h (6) > 5',
    '  yes: card.id (c_1) in list("watched") (on watched: seen before)',
    '  excepted: snooze sn_1 of c_1, until 2026-12-01T00:00:00Z, '
      + '"the customer called", by a.ng, approved by b.lee',
    '  in shadow since 2026-11-22T00:00:00Z: too many hits',
    'UNKNOWN far (fraud, miss): Rule far.',
    '  location is missing (absent), so miss',
    'Asked by many_small: queue cards.',
    'Asked by just_below: report ctr.',
    'Usual for this card.id: card_count_1h 1, half of the time 1 to 2 (20 earlier); now 6.',
    'A lower outcome, had one value alone been another:',
    '  card_count_1h 5 instead of 6: approve',
  ]);
});
