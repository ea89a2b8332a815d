import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seededRandom } from '../../bench/random.ts';
import { scaled } from '../../test/test-scale.ts';
import { Brake, type Finding, type Watched, type WatchedRule } from './brake.ts';
import { HitCounts } from './hit-counts.ts';

interface Traffic {
  readonly perSecond: number;
  readonly segment?: string;
  readonly shares: readonly number[];
}

/** One policy; its rules hit a share of the payments, spread evenly, or by chance. */
class World {
  readonly brake = new Brake();
  readonly held = new Set<string>();
  readonly counts: HitCounts;
  readonly watched: Watched;
  nowMs = 1_000_000;

  constructor(rules: readonly Partial<WatchedRule>[], more: Partial<Watched> = {}) {
    this.counts = new HitCounts(rules.length);
    this.watched = {
      key: 'p', counts: this.counts, hitsMax: undefined, forecast: () => undefined,
      isHeld: (rule, segment) => this.held.has(`${rule}`) || this.held.has(`${rule} ${segment}`),
      rules: rules.map((rule, i) =>
        ({ id: `r${i}`, acts: 'action', final: false, hitsMax: undefined, ...rule })), ...more,
    };
    this.brake.follow([this.watched]);
  }

  second(traffic: readonly Traffic[], random?: () => number): readonly Finding[] {
    for (const { perSecond, segment, shares } of traffic) {
      for (let i = 0; i < perSecond; i++) {
        const at = this.counts.payment(segment);
        shares.forEach((share, rule) => {
          const hits = random === undefined
            ? Math.floor((i + 1) * share) > Math.floor(i * share) : random() < share;
          if (hits) this.counts.hit(at, rule, true);
        });
      }
    }
    this.nowMs += 1_000;
    return this.brake.look(this.nowMs);
  }

  /** Seconds until something is found, at most so many. */
  until(traffic: readonly Traffic[], max: number): { seconds: number; found: readonly Finding[] } {
    for (let seconds = 1; seconds <= max; seconds++) {
      const found = this.second(traffic);
      if (found.length > 0) return { seconds, found };
    }
    return { seconds: Infinity, found: [] };
  }
}

/** The brake looks once a second. */
const DAY_SECONDS = 86_400;

const ecom = (perSecond: number, ...shares: number[]): Traffic => ({ perSecond, segment: 'ecom', shares });

describe('a rule that acts too often', () => {
  test('on every payment is found in two seconds, at 200 payments a second', () => {
    const { seconds, found } = new World([{}]).until([ecom(200, 1)], 60);
    ok(seconds <= 2, `${seconds} s`);
    deepEqual(found.map(({ kind, rule, segment }) => [kind, rule, segment]), [['above', 'r0', 'ecom']]);
    match(found[0]?.because ?? '', /^acts on 100 % of 200 payments in a minute \(ecom\); default 20 %$/);
  });

  test('after an hour in which it did not is found within a minute, and in that segment alone', () => {
    const world = new World([{}, {}]);
    const pos = { perSecond: 100, segment: 'pos', shares: [0.01, 0.01] };
    for (let i = 0; i < 3_600; i++) deepEqual(world.second([ecom(100, 0.02, 0.02), pos]), []);
    const { seconds, found } = world.until([ecom(100, 1, 0.02), pos], 60);
    ok(seconds < 20, `${seconds} s`);
    deepEqual(found.map(({ rule, segment }) => [rule, segment]), [['r0', 'ecom']]);
    match(found[0]?.because ?? '', /default 20 %$/);
  });

  test('is held to the policy\'s own limit, whatever it did until then', () => {
    const world = new World([{}], { hitsMax: 1 });
    for (let i = 0; i < DAY_SECONDS; i++) world.second([ecom(1, 0)]);
    equal(world.until([ecom(200, 0.9)], 120).seconds, Infinity);
  });

  test('has nothing usual before a day of traffic has been seen: windows fill for the first time', () => {
    const world = new World([{}]);
    for (let i = 0; i < 3_600; i++) world.second([ecom(20, 0)]);
    equal(world.until([ecom(100, 0.15)], 600).seconds, Infinity);
    match(world.until([ecom(100, 0.3)], 60).found[0]?.because ?? '', /default 20 %$/);
  });

  test('is held to what is usual after a day: a tenth at least, and never more than the default', () => {
    const after = (usual: number, then: number) => {
      const world = new World([{}]);
      for (let i = 0; i < DAY_SECONDS + 60; i++) world.second([ecom(1, i % (1 / usual) === 0 ? 1 : 0)]);
      return world.until([ecom(100, then)], 70).found[0]?.because ?? '';
    };
    equal(after(0.000_1, 0.09), '');
    match(after(0.000_1, 0.15), /usual 0.01 %, at most 10 %$/);
    match(after(0.1, 0.3), /usual 10 %, at most 20 %$/);
  });

  test('and was held meanwhile learns anew when it comes back', () => {
    const world = new World([{}]);
    world.held.add('0');
    for (let i = 0; i < DAY_SECONDS + 60; i++) world.second([ecom(1, 0)]);
    world.held.clear();
    world.brake.follow([{ ...world.watched, isHeld: () => true }]);
    world.brake.follow([{ ...world.watched, isHeld: () => false }]);
    equal(world.until([ecom(100, 0.15)], 120).seconds, Infinity);
  });

  test('is held to its own limit before a forecast, and to a forecast before the past', () => {
    const forecast: Watched['forecast'] = (_, segment) =>
      (segment === 'ecom' ? { low: 0.3, high: 0.5, from: 'backtest' } : undefined);
    equal(new World([{}], { forecast }).until([ecom(200, 0.45)], 70).seconds, Infinity);
    match(new World([{}], { forecast }).until([ecom(200, 0.7)], 70).found[0]?.because ?? '',
      /forecast 30 % to 50 % \(backtest\)/);
    match(new World([{ hitsMax: 0.05 }], { forecast }).until([ecom(200, 0.4)], 70).found[0]?.because ?? '',
      /hits_max of the rule 5 %/);
    equal(new World([{ hitsMax: 1 }]).until([ecom(200, 1)], 70).seconds, Infinity);
    equal(new World([{}], { hitsMax: 0.6 }).until([ecom(200, 0.5)], 40).seconds, Infinity);
  });

  test('in segments with little traffic is found over all of them together', () => {
    const few = ['a', 'b', undefined].map((segment) =>
      ({ perSecond: 3, shares: [1], ...(segment === undefined ? {} : { segment }) }));
    const { seconds, found } = new World([{}]).until(few, 60);
    ok(seconds >= 30 && seconds <= 40, `${seconds} s`);
    deepEqual(found.map(({ kind, segment }) => [kind, segment]), [['above', undefined]]);
  });

  test('is not found by chance at the very edge of its band, at any traffic', () => {
    const random = seededRandom(3);
    for (const perSecond of [1, 5, 20, 200]) {
      const world = new World([{}, { hitsMax: 0.02 }, { hitsMax: 0.001 }]);
      for (let i = 0; i < scaled(300); i++) {
        const found = world.second([ecom(perSecond, 0.2, 0.02, 0.001)], random);
        deepEqual(found, [], `${perSecond}/s`);
      }
    }
  });

  test('a few payments, or a few hits, are not enough', () => {
    equal(new World([{}]).until([ecom(3, 1)], 60).seconds, Infinity);
    const low: Watched['forecast'] = () => ({ low: 0, high: 0.000_1, from: 'person' });
    const world = new World([{}], { forecast: low });
    const burst = world.counts.payment('ecom');
    for (let i = 0; i < 19; i++) world.counts.hit(burst, 0, true);
    deepEqual(world.second([ecom(400, 0)]), []);
    world.counts.hit(burst, 0, true);
    equal(world.second([ecom(0)]).length, 1);
  });
});

describe('which rules', () => {
  test('held and harmless ones are left alone; a final one pages once, and again after it was well', () => {
    const world = new World([{ final: true, hitsMax: 0.5 }, { acts: 'none' }, {}]);
    world.held.add('2 ecom');
    const kinds = (found: readonly Finding[]) => found.map(({ kind, rule }) => `${kind} ${rule}`);
    deepEqual(kinds(world.until([ecom(200, 1, 1, 1)], 5).found), ['page r0']);
    equal(world.until([ecom(200, 1, 1, 1)], 30).seconds, Infinity);
    equal(world.until([ecom(200, 0, 0, 0)], 70).seconds, Infinity);
    deepEqual(kinds(world.until([ecom(200, 1, 1, 1)], 60).found), ['page r0']);
  });

  test('of those with only a score the worst goes first', () => {
    const world = new World([{ acts: 'score' }, { acts: 'score' }]);
    const first = world.until([ecom(200, 0.6, 1)], 5);
    deepEqual(first.found.map(({ rule }) => rule), ['r1']);
    world.held.add('1');
    deepEqual(world.until([ecom(200, 0.6, 1)], 5).found.map(({ rule }) => rule), ['r0']);
  });

  test('one that hits far less than forecast is told once', () => {
    const world = new World([{}], { forecast: () => ({ low: 0.1, high: 0.2, from: 'backtest' }) });
    deepEqual(world.until([ecom(200, 0.01)], 10).found.map(({ kind }) => kind), ['below']);
    equal(world.until([ecom(200, 0.01)], 30).seconds, Infinity);
  });

  test('one that was released is counted from then on', () => {
    const world = new World([{}]);
    world.until([ecom(200, 1)], 5);
    world.held.add('0 ecom');
    for (let i = 0; i < 60; i++) deepEqual(world.second([ecom(200, 0)]), []);
    world.brake.follow([{ ...world.watched, isHeld: () => false }]);
    const { seconds } = world.until([ecom(200, 1)], 60);
    ok(seconds <= 2, `${seconds} s`);
  });
});

test('segments beyond the limit are counted together; a clock that goes back begins a new minute', () => {
  const world = new World([{}]);
  for (let i = 0; i < 100; i++) world.counts.payment(`s${i}`);
  equal(world.counts.rowCount, 65);
  world.second([{ ...ecom(200, 0), segment: 's1' }]);
  world.nowMs -= 3_600_000;
  const { seconds, found } = world.until([{ ...ecom(200, 1), segment: 's1' }], 60);
  ok(seconds <= 2, `${seconds} s`);
  match(found[0]?.because ?? '', /of 200 payments/);
});
