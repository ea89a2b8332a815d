import assert from 'node:assert/strict';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { PublicationRefused } from '#decisioning/live-policies.ts';
import { parseRateTable } from '#domain/rates.ts';
import { listNotes } from './list-notes.ts';
import { readCustom, readPublication } from './read-publication.ts';
import { SHIPPED_POLICIES } from './settings.ts';

const POLICY = 'policy: p\nversion: 1\n';
type Files = Readonly<Record<string, string>>;

/** Runs over a folder with these files, which is gone afterwards. */
async function within<Result>(files: Files, run: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-publication-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    return await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The problems, each without the folder's own path. */
const problemsOf = (files: Files): Promise<readonly string[]> => within(files, async (folder) => {
  const refused = await readPublication(folder).then(() => undefined, (error: unknown) => error);
  assert.ok(refused instanceof PublicationRefused, String(refused));
  return refused.problems.map((problem) => problem.replace(`${folder}/`, ''));
});

test('every policy of a folder is read by name, and lists, rates and custom fields with it', async () => {
  const custom = [{ name: 'items', type: 'int', history: true, description: 'items in the basket' }];
  const rates = { version: 'r1', base: 'EUR', rates: { USD: [{ from: '2026-01-01', rate: '1.10' }] } };
  const read = await within({
    'b.policy.yaml': POLICY, 'a.policy.yaml': POLICY, 'notes.txt': 'not read',
    'lists/blocked.csv': '\uFEFFvalue,note,until\r\nk1,"stolen, told",2027-01-01T00:00:00Z\r\n\r\nk2,,\r\n',
    'rates.json': JSON.stringify(rates), 'custom-fields.json': JSON.stringify(custom),
  }, readPublication);
  assert.deepEqual(read.policies.map(({ file }) => file), ['a.policy.yaml', 'b.policy.yaml']);
  assert.deepEqual(read.lists, [{
    name: 'blocked',
    entries: [{ value: 'k1', until: '2027-01-01T00:00:00Z', note: 'stolen, told' }, { value: 'k2' }],
  }]);
  assert.deepEqual(read.rates, rates);
  assert.deepEqual(read.custom, custom);
});

test('what is broken is told all at once, by file and line', async () => {
  const problems = await problemsOf({
    'a.policy.yaml': POLICY,
    'lists/blocked.csv': [
      'value,from,until,note', 'k1,,2027-01-01,', ',,,', 'k2,2027-01-01T00:00:00Z,2026-01-01T00:00:00Z,',
      'k3,,,a, b', `k4,,,${'n'.repeat(280)}`, `k5,,,${'n'.repeat(281)}`,
    ].join('\n'),
    'lists/odd.csv': 'card,until\n',
    'rates.json':
      '{ "version": "x", "base": "EUR", "rates": { "USD": [{ "from": "2026-01-01", "rate": 1.1 }] } }',
    'custom-fields.json': '[{ "name": "a b", "type": "text", "history": true, "description": "d" }]',
  });
  const places = ['blocked.csv:2', 'blocked.csv:3', 'blocked.csv:4', 'blocked.csv:5',
    'blocked.csv:7: the note has 281 characters; the limit is 280', 'odd.csv:1']
    .map((place) => `lists/${place}`);
  for (const place of [...places, 'rates.json: USD[0].rate', 'custom-fields.json: [0] (a b) `name`']) {
    assert.equal(problems.filter((problem) => problem.startsWith(place)).length, 1, place);
  }
  assert.equal(problems.filter((problem) => problem.startsWith('lists/blocked.csv:6')).length, 0);
  assert.ok(problems.some((problem) => problem.includes('did you mean "string"?')));
});

const RATES: readonly (readonly [string, string])[] = [
  ['[]', 'is not a map'], ['{"version":"1","base":"EUR"}', '`rates` is a map'],
  ['{"version":1,"base":"EUR","rates":{}}', '`version` is a text'],
  ['{"version":"1","base":"EUR","rates":{"USD":"1.1"}}', 'USD is a list of dated rates'],
  ['{"version":"1","base":"EUR","rates":{"USD":[{"from":"x","rate":"1.1"}]}}', 'USD: x is not a date'],
  ['{"version":"1","base":"EUR","rates":{"USD":[{"from":"2026-01-01","rate":"0"}]}}', 'not a positive'],
  ['{"version":"1","base":"ABC","rates":{}}', 'base ABC is not an ISO 4217 currency'],
  ['{"version":', 'is not JSON'],
];

for (const [text, expected] of RATES) {
  test(`rates of ${text} do not go live`, async () => {
    const problems = await problemsOf({ 'a.policy.yaml': POLICY, 'rates.json': text });
    assert.deepEqual(problems.map((problem) => problem.startsWith('rates.json: ')
      && problem.includes(expected)), [true], problems.join('\n'));
  });
}

test('custom fields that cannot be are refused, also where only they are read', async () => {
  const field = { name: 'n', type: 'int', history: true, description: 'd' };
  const broken: readonly (readonly [unknown, string])[] = [
    [{}, 'is not a list'], [['n'], 'is {'], [[field, field], '`name` is there twice'],
    [[{ ...field, history: 'yes' }], '`history` is true'], [[{ ...field, description: '' }], '`description`'],
    [[{ ...field, indexed: true }], 'no key `indexed`'],
    [Array.from({ length: 65 }, (_, i) => ({ ...field, name: `n${i}` })), 'the limit is 64'],
  ];
  for (const [content, expected] of broken) {
    const files = { 'custom-fields.json': JSON.stringify(content) };
    await assert.rejects(within(files, readCustom),
      (error: unknown) => error instanceof PublicationRefused && error.message.includes(expected), expected);
  }
});

test('a folder without policies is refused, and one that is not there too', async () => {
  assert.match((await problemsOf({ 'rates.json': '{}' })).join(), /there is no \*\.policy\.yaml in it/);
  await assert.rejects(readPublication('/nowhere/at/all'), PublicationRefused);
});

test('the shipped folder has the starter policies and example rates that convert', async () => {
  const { policies, rates } = await readPublication(SHIPPED_POLICIES);
  assert.deepEqual(policies.map(({ file }) => file), ['cards.policy.yaml', 'transfers.policy.yaml']);
  assert.ok('table' in parseRateTable(rates));
  assert.equal(rates.version, 'example-1');
});

test('a start says which list is empty and which one nobody reads', () => {
  const declared = [{ lists: [
    { name: 'blocked', of: { kind: 'string' }, validity: 'none' } as const,
    { name: 'trusted', of: { kind: 'string' }, validity: 'none' } as const,
    { name: 'inline', of: { kind: 'string' }, validity: 'none', values: ['a'] } as const,
  ] }];
  const published = [{ name: 'blokced', entries: [] }, { name: 'trusted', entries: [{ value: 'c1' }] }];
  assert.deepEqual(listNotes(published, declared), [
    'lists: no policy reads the list blokced; policies read blocked, trusted',
    'lists: blocked is empty: nothing of it was published',
    'lists: trusted has 1 entries',
  ]);
});
