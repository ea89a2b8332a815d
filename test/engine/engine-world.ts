/** An engine on a disk in memory, with a clock that stands still until a test moves it. */
import { MemoryDisk } from '#adapters/memory/memory-disk.ts';
import type { DecideAnswer, RecordAnswer } from '#decisioning/call.ts';
import type { Engine, EngineNews } from '#decisioning/engine.ts';
import type { Publication } from '#decisioning/publication.ts';
import type { Decision } from '#domain/decision.ts';
import { seededRandom } from '../../bench/random.ts';
import { openEmbedded } from '../../src/main/open-embedded.ts';

export const POLICY = `
policy: small
title: A policy for tests
version: 1
event: transaction.v1
kinds: [card, transfer]
currency: EUR
time: { ahead: 5m, behind: 7d, outside: clamp }
params:
  large: 1_000 EUR
features:
  card_count_1h: count(by card over 1h)
  card_sum_1h: sum(amount as EUR by card over 1h)
  card_declines_1h: count(by card over 1h where status == "declined")
  card_frauds_30d: count(by card over 30d where label == "confirmed_fraud")
  refunds_30d: count(by card over 30d of event == "refund")
  pay_ins_1d: count(match creditor == this.debtor over 1d)
rules:
  many:
    title: Many payments on one card
    when: card_count_1h > 3
    then: { action: review, reason_code: VEL-01 }
    unknown: miss
    reason: "{card_count_1h} payments in an hour"
  large:
    title: A large payment
    axis: aml
    when: amount as EUR > large
    then: { action: hold, reason_code: AML-01, label: watched, on: debtor, for: 1d }
    unknown: review
    reason: "{amount} is more than {large}"
  watched:
    title: The payer is being watched
    axis: aml
    when: pay_ins_1d >= 0 and has_label(debtor, "watched")
    then: { score: 10, reason_code: AML-02 }
    unknown: miss
    reason: "the payer is being watched"
scoring:
  aml:
    sum: [watched]
    floor: 0
    cap: 100
    bands: [ { below: 50, action: approve, name: low }, { else: review, name: high } ]
tests:
  - name: four payments in an hour
    given:
      - { at: 0s, x: 4, kind: card, card.id: c, amount: 1 EUR, expect: { many: hit } }
  - name: large
    given:
      - { at: 0s, kind: transfer, debtor.account_id: a, amount: 2_000 EUR, expect: { large: hit } }
      - { at: 1h, kind: transfer, debtor.account_id: a, amount: 1 EUR, expect: { watched: hit } }
`;

export const publicationOf = (source: string): Publication => ({
  format: 1, policies: [{ file: 'small.policy.yaml', source }], lists: [],
  rates: { version: 'test-1', base: 'EUR', rates: { USD: [{ from: '2020-01-01', rate: '1.25' }] } },
  custom: [],
});

export class EngineWorld {
  readonly disk = new MemoryDisk(seededRandom(7));
  /** The disk as the running program has it. */
  shared = this.disk.boot();
  readonly news: EngineNews[] = [];
  nowMs = Date.UTC(2026, 0, 15, 12);
  engine: Engine | undefined;
  publication = publicationOf(POLICY);

  async open(): Promise<Engine> {
    this.engine = await openEmbedded({
      disk: this.shared = this.disk.boot(), folder: 'data', publication: this.publication, commitGapMs: 0,
      clock: { now: () => this.nowMs, sleep: () => new Promise((resolve) => { setImmediate(resolve); }) },
      tell: (news) => { this.news.push(news); },
    });
    return this.engine;
  }

  get running(): Engine {
    if (this.engine === undefined) throw new Error('not open');
    return this.engine;
  }

  decide(
    change: object = {}, more: { tenant?: string; idempotencyKey?: string } = {},
  ): Promise<DecideAnswer> {
    return this.running.decide({ bytes: payment(this.nowMs, change), tenant: 'acme', ...more });
  }

  tell(event: object, tenant = 'acme'): Promise<RecordAnswer> {
    const occurredAt = new Date(this.nowMs).toISOString();
    const bytes = Buffer.from(JSON.stringify({ event: { occurred_at: occurredAt, ...event } }));
    return this.running.record({ bytes, tenant });
  }
}

let serial = 0;

export const payment = (nowMs: number, change: object): Buffer => Buffer.from(JSON.stringify({ transaction: {
  id: `tx-${++serial}`, occurred_at: new Date(nowMs).toISOString(), kind: 'card',
  amount: { value: '10.00', currency: 'EUR' }, card: { id: 'c1' }, ...change,
} }));

export function decided(answer: DecideAnswer): Decision {
  if (answer.kind !== 'decided') throw new Error(`refused: ${answer.refusal.detail}`);
  return answer.decision;
}

export async function opened(): Promise<EngineWorld> {
  const world = new EngineWorld();
  await world.open();
  return world;
}

/** The code of a refusal, or what the answer is. */
export const code = (answer: { kind: string; refusal?: { code: string } }): string =>
  answer.refusal?.code ?? answer.kind;
