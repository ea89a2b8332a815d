import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '../../test/simulation/seeded-random.ts';
import { scaled } from '../../test/test-scale.ts';
import { Breaker, type BreakerTerms, type Entered } from './breaker.ts';

const TERMS: BreakerTerms = {
  rowMax: 3, lastCalls: 10, lastFailuresMax: 5, openMs: 100, openMsMax: 350, probeMsMax: 1_000,
};

/** A breaker at a time that the test sets; without jitter. */
function steady(): { breaker: Breaker; at: (ms: number) => void } {
  let nowMs = 0;
  return {
    breaker: new Breaker({ terms: TERMS, now: () => nowMs, random: () => 0 }),
    at: (ms) => { nowMs = ms; },
  };
}

function open(breaker: Breaker): void {
  for (let i = 0; i < TERMS.rowMax; i++) breaker.failed('go');
  equal(breaker.state, 'open');
}

test('three failures in a row open it, two and a success do not', () => {
  const { breaker } = steady();
  for (const end of ['failed', 'failed', 'succeeded', 'failed', 'failed'] as const) breaker[end]('go');
  deepEqual([breaker.enter(), breaker.state], ['go', 'closed']);
  breaker.failed('go');
  deepEqual([breaker.enter(), breaker.state], ['open', 'open']);
});

test('every second call fails: five failures of the last ten open it, although no three are in a row', () => {
  const { breaker } = steady();
  for (let i = 0; i < 8; i++) breaker[i % 2 === 0 ? 'failed' : 'succeeded']('go');
  equal(breaker.enter(), 'go');
  breaker.failed('go');
  equal(breaker.enter(), 'open');
});

test('of all who come after the open time one probes; the others wait for what it says', () => {
  const { breaker, at } = steady();
  open(breaker);
  at(99);
  equal(breaker.enter(), 'open');
  at(100);
  deepEqual([breaker.enter(), breaker.enter(), breaker.enter()], ['probe', 'open', 'open']);
  breaker.succeeded('probe');
  deepEqual([breaker.enter(), breaker.state], ['go', 'closed']);
});

test('each probe that fails doubles the open time up to the maximum; a success starts anew', () => {
  const { breaker, at } = steady();
  open(breaker);
  let nowMs = 0;
  for (const openMs of [100, 200, 350, 350]) {
    at(nowMs + openMs - 1);
    equal(breaker.enter(), 'open', `${openMs}`);
    at(nowMs += openMs);
    equal(breaker.enter(), 'probe', `${openMs}`);
    breaker.failed('probe');
  }
  at(nowMs += 350);
  equal(breaker.enter(), 'probe');
  breaker.succeeded('probe');
  open(breaker);
  at(nowMs + 100);
  equal(breaker.enter(), 'probe');
});

test('what went before it opened says nothing when it ends later, well or badly', () => {
  const { breaker, at } = steady();
  open(breaker);
  breaker.succeeded('go');
  equal(breaker.enter(), 'open');
  at(100);
  equal(breaker.enter(), 'probe');
  breaker.failed('go');
  breaker.succeeded('go');
  deepEqual([breaker.enter(), breaker.state], ['open', 'half_open']);
});

test('a probe that says nothing lets the next one go, at once or when it is taken for lost', () => {
  const { breaker, at } = steady();
  open(breaker);
  at(100);
  equal(breaker.enter(), 'probe');
  breaker.undecided('probe');
  equal(breaker.enter(), 'probe');
  at(1_099);
  equal(breaker.enter(), 'open');
  at(1_100);
  equal(breaker.enter(), 'probe');
});

test('a clock that goes back does not keep it open', () => {
  const { breaker, at } = steady();
  at(1_000_000);
  open(breaker);
  at(500);
  equal(breaker.enter(), 'probe');
});

test('nodes whose breakers open together probe at different times, none later than the open time', () => {
  const random = new SeededRandom(7);
  const firstMs = new Set<number>();
  for (let node = 0; node < 50; node++) {
    let nowMs = 0;
    const breaker = new Breaker({ terms: TERMS, now: () => nowMs, random: () => random.fraction() });
    open(breaker);
    while (breaker.enter() === 'open') nowMs += 1;
    firstMs.add(nowMs);
  }
  ok(Math.min(...firstMs) >= 50 && Math.max(...firstMs) <= 100, [...firstMs].join());
  ok(firstMs.size > 15, `${firstMs.size} different times`);
});

type Happening = { readonly atMs: number } & (
  { readonly kind: 'enter' } | { readonly kind: 'succeeded' | 'failed' | 'undecided'; readonly as: Entered }
);

/**
 * What a breaker says at the last of these happenings: all of them gone through from the first, over whole
 * lists.
 */
function naive(happenings: readonly Happening[], jitters: readonly number[]): Entered | 'open' | undefined {
  let ends: boolean[] = [];
  let opened: { untilMs: number; times: number; isProbed: boolean } | undefined;
  let jitter = 0;
  let said: Entered | 'open' | undefined;
  const openFrom = (atMs: number, times: number): void => {
    const openMs = Math.min(TERMS.openMs * 2 ** (times - 1), TERMS.openMsMax);
    opened = { untilMs: atMs + openMs - openMs / 2 * jitters[jitter++]!, times, isProbed: false };
  };
  for (const happening of happenings) {
    said = undefined;
    const { kind, atMs } = happening;
    if (kind === 'enter') {
      if (opened === undefined) said = 'go';
      else if (atMs < opened.untilMs) said = 'open';
      else {
        said = 'probe';
        opened = { ...opened, untilMs: atMs + TERMS.probeMsMax, isProbed: true };
      }
    } else if (happening.as === 'probe') {
      if (kind === 'succeeded') [opened, ends] = [undefined, []];
      else if (opened?.isProbed !== true) continue;
      else if (kind === 'failed') openFrom(atMs, opened.times + 1);
      else opened = { ...opened, untilMs: atMs };
    } else if (opened === undefined && kind !== 'undecided') {
      ends.push(kind === 'failed');
      const row = ends.slice(-TERMS.rowMax);
      const isRow = row.length === TERMS.rowMax && row.every(Boolean);
      const isShare = ends.slice(-TERMS.lastCalls).filter(Boolean).length >= TERMS.lastFailuresMax;
      if (kind === 'failed' && (isRow || isShare)) openFrom(atMs, 1);
    }
  }
  return said;
}

test('whatever comes in whatever order, it says what the naive books say', () => {
  const seen = { go: 0, probe: 0, open: 0 };
  for (let seed = 1; seed <= scaled(60); seed++) {
    const random = new SeededRandom(seed);
    const jitters = Array.from({ length: 400 }, () => random.fraction());
    let [nowMs, drawn] = [0, 0];
    const breaker = new Breaker({ terms: TERMS, now: () => nowMs, random: () => jitters[drawn++]! });
    const happenings: Happening[] = [];
    const out: Entered[] = [];
    const badness = random.pick([0.1, 0.4, 0.9]);
    for (let step = 0; step < 200; step++) {
      if (random.chance(0.3)) nowMs += random.between(0, random.chance(0.1) ? 1_200 : 80);
      const as = random.chance(0.55) ? undefined : out.splice(random.between(0, out.length - 1), 1)[0];
      if (as === undefined) {
        happenings.push({ kind: 'enter', atMs: nowMs });
        const said = breaker.enter();
        equal(said, naive(happenings, jitters), `seed ${seed}, step ${step}`);
        seen[said] += 1;
        if (said !== 'open') out.push(said);
      } else {
        const kind = random.chance(0.1) ? 'undecided' : random.chance(badness) ? 'failed' : 'succeeded';
        happenings.push({ kind, as, atMs: nowMs });
        breaker[kind](as);
      }
    }
  }
  for (const [said, count] of Object.entries(seen)) ok(count > 100, `${count} times ${said}`);
});
