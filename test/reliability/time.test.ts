// Time and order, alone and in a fleet: the same expectations for both.
import { deepEqual, equal, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DecideAnswer, RecordAnswer } from '#decisioning/call.ts';
import type { Decision } from '#domain/decision.ts';
import { seededRandom } from '../../bench/random.ts';
import { decided, EngineWorld, POLICY, publicationOf } from '../engine/engine-world.ts';
import { fleetOf } from '../fleet/fleet-world.ts';
import { scaled } from '../test-scale.ts';

/** Whoever decides, with a clock that a test moves. */
interface Decider {
  decide(change: object): Promise<DecideAnswer>;
  tell(event: object): Promise<RecordAnswer>;
  nowMs: number;
  close(): Promise<void>;
}

const MORE = `  card_reversed_1h: count(by card over 1h where status == "reversed")
  refunded_30d: sum(amount as EUR by card over 30d of event == "refund")
rules:`;
const publication = publicationOf(POLICY.replace('rules:', MORE));

async function alone(): Promise<Decider> {
  const world = new EngineWorld();
  world.publication = publication;
  await world.open();
  return {
    decide: (change) => world.decide(change), tell: (event) => world.tell(event),
    get nowMs() { return world.nowMs; }, set nowMs(ms) { world.nowMs = ms; },
    close: () => world.running.close(),
  };
}

/** Each call at the next of two nodes. */
async function inAFleet(): Promise<Decider> {
  const { world, nodes } = await fleetOf(2, publication);
  let calls = 0;
  const next = () => nodes[calls++ % nodes.length]!;
  return {
    decide: (change) => world.decide(next(), change), tell: (event) => world.tell(next(), event),
    get nowMs() { return world.nowMs; }, set nowMs(ms) { world.nowMs = ms; },
    close: () => world.close(),
  };
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const iso = (ms: number): string => new Date(ms).toISOString();
const card = (id: string) => ({ card: { id } });
const countOf = ({ features }: Decision): unknown => features['card_count_1h'];

for (const [where, open] of [['alone', alone], ['in a fleet', inAFleet]] as const) {
  describe(where, () => {
    test('F36 late by 1 ms, by W - 1 ms, by W, by more than may be', async () => {
      const it = await open();
      const cases = [
        { lateMs: 1, sees: 1, next: 3 }, { lateMs: HOUR_MS - 1, sees: 1, next: 3 },
        { lateMs: HOUR_MS, sees: 1, next: 2 }, { lateMs: 7 * DAY_MS, sees: 1, next: 2 },
        { lateMs: 7 * DAY_MS + 1, sees: 1, next: 2, adjustedTo: it.nowMs - 7 * DAY_MS },
      ];
      for (const [at, { lateMs, sees, next, adjustedTo }] of cases.entries()) {
        const one = card(`late-${at}`);
        await it.decide(one);
        const sent = iso(it.nowMs - lateMs);
        const late = decided(await it.decide({ ...one, occurred_at: sent }));
        equal(countOf(late), sees, `${lateMs}: it does not see what is later than itself`);
        deepEqual(late.adjusted, adjustedTo === undefined ? undefined
          : { occurred_at: { from: sent, to: iso(adjustedTo) } });
        equal(countOf(decided(await it.decide(one))), next, `${lateMs}: later ones see it there`);
      }
      await it.close();
    });

    test('F37 from the future: within the tolerance it stands there, beyond it is clamped', async () => {
      const it = await open();
      for (const [at, aheadMs] of [1, 5 * 60_000, 5 * 60_000 + 1, 365 * DAY_MS].entries()) {
        const one = card(`ahead-${at}`);
        await it.decide(one);
        const sent = it.nowMs + aheadMs;
        const early = decided(await it.decide({ ...one, occurred_at: iso(sent) }));
        const stands = Math.min(sent, it.nowMs + 5 * 60_000);
        equal(countOf(early), 2);
        deepEqual(early.adjusted, stands === sent ? undefined
          : { occurred_at: { from: iso(sent), to: iso(stands) } });
        equal(countOf(decided(await it.decide(one))), 2, 'who is before it does not see it');
        it.nowMs = stands;
        equal(countOf(decided(await it.decide(one))), 4, 'at its own time it is seen');
      }
      await it.close();
    });

    test('F38 the clock steps back: what is answered says where it stands, and counts there', async () => {
      const it = await open();
      const startMs = it.nowMs;
      await it.decide({});
      it.nowMs = startMs - 60_000;
      const little = decided(await it.decide({ occurred_at: iso(startMs + 1) }));
      deepEqual([countOf(little), little.adjusted], [2, undefined], 'a minute is within the tolerance');
      it.nowMs = startMs - HOUR_MS;
      const sent = iso(startMs + 2);
      const much = decided(await it.decide({ occurred_at: sent }));
      const to = iso(startMs - HOUR_MS + 5 * 60_000);
      deepEqual([countOf(much), much.adjusted], [1, { occurred_at: { from: sent, to } }]);
      it.nowMs = startMs + 3;
      equal(countOf(decided(await it.decide({}))), 4, 'nothing is lost, nothing counts twice');
      await it.close();
    });

    for (let seed = 1; seed <= scaled(2); seed++) {
      test(`F39 F40 any order, equal times: counts are those of the definition, seed ${seed}`, async () => {
        const it = await open();
        const random = seededRandom(seed);
        const arrived: { readonly id: string; readonly t: number }[] = [];
        let most = 0;
        for (let i = 0; i < 150; i++) {
          it.nowMs += Math.floor(random() * 3) * 60_000;
          const id = `c${Math.floor(random() * 3)}`;
          // Whole minutes, so that many are equal and many lie on the edge of a window.
          const t = it.nowMs - (random() < 0.5 ? 0 : Math.floor(random() * 150) * 60_000);
          arrived.push({ id, t });
          const expected = arrived.filter((one) => one.id === id && one.t > t - HOUR_MS && one.t <= t).length;
          equal(countOf(decided(await it.decide({ ...card(id), occurred_at: iso(t) }))), expected, `${i}`);
          most = Math.max(most, expected);
        }
        ok(most > 5, `no window had more than ${most}`);
        await it.close();
      });
    }

    test('F41 reversal before its original, and twice; refunds in part, again, and too large', async () => {
      const it = await open();
      const sums = async (): Promise<readonly unknown[]> => {
        const { features } = decided(await it.decide({ amount: { value: '1.00', currency: 'EUR' } }));
        return [features['card_reversed_1h'], features['refunds_30d'], features['refunded_30d']];
      };
      const reversal = { type: 'status', transaction_id: 'original', status: 'reversed' };
      await it.tell({ id: 'r1', ...reversal });
      deepEqual(await sums(), [0, 0, '0.00 EUR'], 'it waits');
      await it.decide({ id: 'original' });
      it.nowMs += 1_000;
      deepEqual(await sums(), [1, 0, '0.00 EUR']);
      await it.tell({ id: 'r2', ...reversal });
      await it.tell({ id: 'r1', ...reversal });
      deepEqual(await sums(), [1, 0, '0.00 EUR'], 'one payment was reversed, however often that is told');
      const refund = (id: string, value: string) =>
        ({ id, type: 'refund', transaction_id: 'original', amount: { value, currency: 'EUR' } });
      await it.tell(refund('part', '4.00'));
      deepEqual(await sums(), [1, 1, '4.00 EUR']);
      await it.tell(refund('part', '4.00'));
      deepEqual(await sums(), [1, 1, '4.00 EUR'], 'the same refund again is the same refund');
      await it.tell(refund('rest', '6.00'));
      await it.tell(refund('more', '25.00'));
      deepEqual(await sums(), [1, 3, '35.00 EUR'], 'more than was paid: as it was told');
      await it.close();
    });
  });
}
