/** A payment decided without windows: by its request and by what is in force alone, and for ever the same. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { logHistory } from '#backtest/history.ts';
import { makeReport } from '#backtest/make-report.ts';
import { placeInLog } from '#decisioning/decision-id.ts';
import { windowsCause } from '#decisioning/decision-of.ts';
import { HitWatch } from '#decisioning/hit-watch.ts';
import { publicationRecord } from '#decisioning/publication.ts';
import { decisionRecord, readDecision, readMarks, recordKey } from '#decisioning/record.ts';
import { replay } from '#decisioning/replay.ts';
import { EngineState, type Admitted } from '#decisioning/state.ts';
import { WINDOWS_CAUSES, type WindowsCause } from '#domain/decision.ts';
import { eventSchema } from '#domain/field.ts';
import { isRefusal, parseTransactionCall } from '#domain/parse-event.ts';
import { derive } from '#explain/derive.ts';
import { explain } from '#explain/explain.ts';
import { LiveAt } from '#explain/live-at.ts';
import { sentences } from '#explain/sentences.ts';
import type { LogReader, LogRecord } from '#ports/decision-log.ts';
import type { PersistentWindowStore } from '#ports/window-store.ts';
import { orderOf, runOf } from '../backtest/recorded-world.ts';
import { SeededRandom } from '../simulation/seeded-random.ts';
import { scaled } from '../test-scale.ts';
import { POLICY, payment, publicationOf } from './engine-world.ts';

const SCHEMA = eventSchema();
const NOW = Date.UTC(2026, 0, 15, 12);
/** Without windows: amounts stop, what asks for many is passed over, what is watched for is reviewed. */
const LADDER = POLICY
  .replace('unknown: miss\n    reason: "{card', 'unknown: review\n    degraded: miss\n    reason: "{card')
  .replace('unknown: miss\n    reason: "the', 'unknown: miss\n    degraded: challenge\n    reason: "the')
  .replace('scoring:', `  unseen:
    during: degraded
    when: amount as EUR > 100 EUR
    then: { action: review, score: 5 }
    unknown: review
    reason: "{amount} while nothing is known of the card's past"
scoring:
  fraud: { bands: [{ else: approve }] }`);

function stateOf(source = LADDER, store: PersistentWindowStore = new LocalWindowStore(SCHEMA)): EngineState {
  const state = new EngineState(SCHEMA, store);
  state.publish(publicationOf(source), 1);
  return state;
}

function admitted(state: EngineState, change: object, bytes = payment(NOW, change)): Admitted {
  const parsed = parseTransactionCall(bytes, SCHEMA, NOW, 'acme');
  const found = isRefusal(parsed) ? parsed : state.admit(parsed.event);
  if (isRefusal(found)) throw new Error(found.detail);
  return found;
}

/** A store that nobody may ask, from when it is closed. */
class ClosedStore extends LocalWindowStore {
  isClosed = false;
  override append(...parts: Parameters<LocalWindowStore['append']>): number {
    if (this.isClosed) throw new Error('the windows were asked');
    return super.append(...parts);
  }

  override marks(...parts: Parameters<LocalWindowStore['marks']>): ReturnType<LocalWindowStore['marks']> {
    if (this.isClosed) throw new Error('the marks were asked');
    return super.marks(...parts);
  }
}

const WITH_ALL = { amount: { value: '100.01', currency: 'EUR' }, debtor: { account_id: 'a1' } };
const PLACE = { id: 'dec_x', logPosition: { windows: {} } };

test('F50 a decision without windows says so, and does what the policy says for that time', () => {
  const state = stateOf();
  const { decision, marks, facts } = state.judgeDegraded(admitted(state, WITH_ALL), PLACE, 'late');
  deepEqual([decision.id, decision.log_position], ['dec_x', { windows: {} }]);
  deepEqual(decision.degraded, [{ part: 'windows', cause: 'late', fallback: 'rules_without_windows' }]);
  deepEqual(decision.unknown, [
    { rule: 'many', axis: 'fraud', because: { name: 'card_count_1h', reason: 'degraded' }, effect: 'miss' },
    { rule: 'watched', axis: 'aml', because: { name: 'pay_ins_1d', reason: 'degraded' },
      effect: 'challenge' },
  ]);
  deepEqual(decision.reasons.map(({ rule, effect, text }) => [rule, effect, text]),
    [['unseen', 'review', "100.01 EUR while nothing is known of the card's past"]]);
  deepEqual([decision.fraud.outcome, decision.fraud.score, decision.aml.outcome, decision.outcome],
    ['review', 5, 'challenge', 'review']);
  deepEqual(Object.entries(decision.features), Object.keys(decision.features).map((name) => [name, null]));
  equal(Object.keys(decision.features).length, 6);
  deepEqual([marks, new Set(Object.values(facts.missing))], [[], new Set(['degraded'])]);
});

test('what the data lack is the data\'s fault, with windows or without', () => {
  const state = stateOf();
  const { decision } = state.judgeDegraded(admitted(state, {}), PLACE, 'late');
  deepEqual(decision.unknown.find(({ rule }) => rule === 'watched'), {
    rule: 'watched', axis: 'aml', because: { name: 'pay_ins_1d', reason: 'absent' }, effect: 'miss',
  });
  equal(decision.outcome, 'approve');
});

test('it asks no store and marks no entity, so any node gives the same answer', () => {
  const store = new ClosedStore(SCHEMA);
  const [full, empty] = [stateOf(LADDER, store), stateOf()];
  const large = { ...WITH_ALL, amount: { value: '2000.00', currency: 'EUR' } };
  for (let position = 2; position < 9; position++) full.judge(admitted(full, large), position);
  const bytes = payment(NOW, large);
  store.isClosed = true;
  for (const cause of WINDOWS_CAUSES) {
    const [one, other] = [full, empty].map((state) => state.judgeDegraded(
      admitted(state, {}, bytes), PLACE, cause));
    equal(JSON.stringify(one?.decision), JSON.stringify(other?.decision));
    deepEqual([one?.marks, other?.marks, one?.decision.aml.outcome], [[], [], 'hold']);
  }
});

test('with windows, a rule for the time without is nowhere', () => {
  const state = stateOf();
  const { decision } = state.judge(admitted(state, WITH_ALL), 2);
  ok(!JSON.stringify(decision).includes('unseen'));
  deepEqual([decision.outcome, decision.degraded], ['approve', []]);
});

test('a policy that fails without windows is answered with its fallback, and both are told', () => {
  const state = stateOf(LADDER.replace('then: { action: review, score: 5 }',
    'then: { action: hold, for: 99999999d }'));
  const { decision } = state.judgeDegraded(admitted(state, WITH_ALL), PLACE, 'unreachable');
  deepEqual(decision.degraded.map(({ part }) => part), ['windows', 'policy']);
  match(decision.degraded[1]?.cause ?? '', /^the policy failed: /);
  equal(decision.outcome, 'review');
});

/** A log of payments of few cards, of which every third or so is decided without windows. */
function mixedLog(count: number): readonly LogRecord[] {
  const state = stateOf();
  const random = new SeededRandom(5);
  const content = Buffer.from(JSON.stringify(publicationOf(LADDER)));
  const records: LogRecord[] = [publicationRecord(content, 1, NOW)];
  for (let position = 2; position < count + 2; position++) {
    const bytes = payment(NOW + random.between(0, 600_000), {
      amount: { value: random.pick(['5.00', '100.01', '1500.00']), currency: random.pick(['EUR', 'USD']) },
      card: { id: random.pick(['c1', 'c2']) }, kind: random.pick(['card', 'transfer', 'crypto']),
      ...(random.chance(0.8) ? { debtor: { account_id: random.pick(['a1', 'a2']) } } : {}),
    });
    const cause: WindowsCause | undefined = random.chance(0.35) ? random.pick(WINDOWS_CAUSES) : undefined;
    const judged = state.judgeAs(admitted(state, {}, bytes), position, cause);
    const key = recordKey('acme', 'tx', judged.decision.transaction_id);
    records.push(decisionRecord(key, position, NOW, bytes, judged));
  }
  return records;
}

const LOG = mixedLog(scaled(300));
const isWithout = (record: LogRecord): boolean =>
  record.kind === 'decision' && windowsCause(readDecision(record)) !== undefined;
const withoutWindows = LOG.filter(isWithout);
const get = (position: number): Promise<LogRecord | undefined> => Promise.resolve(LOG[position - 1]);
const liveAt = new LiveAt({ get, newStore: (schema) => new LocalWindowStore(schema) });
const NEVER = () => Promise.reject(new Error('its record suffices'));

test('F50 P5 a log in which payments were decided without windows replays to the same bytes', async () => {
  ok(withoutWindows.length > 50);
  const read = async function* (records: readonly LogRecord[]): AsyncGenerator<LogRecord> { yield* records; };
  const newStore = (): LocalWindowStore => new LocalWindowStore(SCHEMA);
  const { decisions, different } = await replay(read(LOG), SCHEMA, newStore);
  deepEqual([decisions, different], [LOG.length - 1, 0]);
  const asIfAsked = LOG.map((record) => {
    if (!isWithout(record)) return record;
    const decision = { ...readDecision(record), degraded: [] };
    return { ...record, parts: record.parts.with(3, Buffer.from(JSON.stringify(decision))) };
  });
  ok((await replay(read(asIfAsked), SCHEMA, newStore)).different >= withoutWindows.length,
    'judged with windows, each of them is another decision');
});

test('F50 P6 a decision without windows is made again from its record alone, and explained', async () => {
  for (const record of withoutWindows) {
    const { equal: same, from } = await derive(record, liveAt, NEVER);
    deepEqual([same, from], [true, 'facts']);
    deepEqual(readMarks(record), []);
  }
  const sources = { get, liveAt, replayOne: NEVER, earlier: () => Promise.resolve([]) };
  const hit = withoutWindows.find((record) =>
    readDecision(record).reasons.some(({ rule }) => rule === 'unseen'));
  if (hit === undefined) throw new Error('no such decision');
  const explanation = await explain(hit, sources, { aml: true });
  deepEqual(explanation.rules.map(({ rule, answer }) => [rule, answer]).filter(([rule]) =>
    rule === 'unseen' || rule === 'many'), [['many', 'unknown'], ['unseen', 'hit']]);
  const told = sentences(explanation, true).join('\n');
  match(told, /Left out: windows \((late|unreachable|refused|state_recovering)\); instead: rules_without/);
  match(told, /card_count_1h is missing \(degraded\), so miss/);
  match(told, /HIT unseen \(fraud, review\)/);
  const asked = LOG.find((record) => record.kind === 'decision' && readDecision(record).degraded.length === 0
    && readDecision(record).policy.name === 'small');
  if (asked === undefined) throw new Error('no such decision');
  ok(!(await explain(asked, sources, { aml: true })).rules.some(({ rule }) => rule === 'unseen'));
});

test('a backtest judges with full windows what was decided without, and shows the difference', async () => {
  const log: LogReader = {
    durable: { position: LOG.length, hash: '' }, get,
    async *read(from) { yield* LOG.slice(from - 1); },
  };
  const run = runOf(logHistory(log, 'a log'), orderOf('as_recorded'));
  equal((await run.run()).status, 'done');
  const { payments, baseline, candidates } = makeReport(run, 'a log');
  equal(payments, LOG.length - 1);
  const hitsOf = (side: typeof baseline | undefined) =>
    side?.rules.find(({ rule }) => rule === 'small/unseen')?.hits ?? 0;
  const recorded = withoutWindows.filter((record) =>
    readDecision(record).reasons.some(({ rule }) => rule === 'unseen')).length;
  deepEqual([hitsOf(baseline), hitsOf(candidates[0])], [recorded, 0]);
  ok((candidates[0]?.changed.results ?? 0) > 0);
});

test('the brake does not look at decisions without windows: what holds then shall hold', () => {
  const state = stateOf();
  const watch = new HitWatch(() => state.live);
  const watched = (cause: WindowsCause | undefined): readonly string[] => {
    for (let i = 0; i < 400; i++) {
      const amount = { value: '2000.00', currency: 'EUR' };
      const found = admitted(state, { ...WITH_ALL, channel: 'ecom', amount });
      const { decision } = cause === undefined ? state.judge(found, state.position + 1)
        : state.judgeDegraded(found, placeInLog(2), cause);
      watch.decided(found.live, found.event, decision);
    }
    return watch.look(NOW + 60_000).map(({ rule }) => rule);
  };
  deepEqual(watched('late'), []);
  const hits = new Map(watch.hits().map(({ rule, hits: count }) => [rule, count]));
  deepEqual([hits.get('unseen'), hits.get('large'), hits.get('many')], [400, 400, 0]);
  ok(watched(undefined).includes('large'), 'with windows the same hits are too many');
});
