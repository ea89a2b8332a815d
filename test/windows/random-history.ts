/**
 * Payments and what becomes of them, with every disorder that an acquirer sends: late, equal times, gaps,
 * changes.
 */
import { eventSchema, type EventType } from '#domain/field.ts';
import { parseRateTable } from '#domain/rates.ts';
import type { Happening } from '#features/naive-feature.ts';
import { makeEvent } from '../contracts/window-store.ts';
import type { Seeded } from './seeded.ts';

export const SCHEMA = eventSchema([
  { name: 'points', type: 'int', history: true, description: 'loyalty points' },
  { name: 'vip', type: 'bool', history: true, description: 'a valued customer' },
  { name: 'huge', type: 'int', history: true, description: 'beyond what doubles add' },
  { name: 'region', type: 'string', history: false, description: 'not kept' },
]);

const parsed = parseRateTable({
  version: 'test', base: 'EUR',
  rates: {
    USD: [{ from: '2026-01-01', rate: '1.0812' }, { from: '2026-03-10', rate: '1.10' }],
    JPY: [{ from: '2026-01-01', rate: '161.37' }],
    BHD: [{ from: '2026-03-05', rate: '0.41' }],
  },
});
if ('problems' in parsed) throw new Error(parsed.problems.join('; '));
export const RATES = parsed.table;

/** Around the day on which New York puts its clocks forward: 2026-03-08. */
const BEGIN = Date.UTC(2026, 2, 4);
const STEP = 30 * 60_000;
const MANY = 9_007_199_254_740_991;

export interface HistoryShape {
  /** Share of events whose time lies before that of events that have arrived. */
  readonly late: number;
  /** Most ms by which time goes on between two arrivals. */
  readonly paceMs: number;
  readonly entities: number;
}

/** An endless history. Times are whole half hours more often than not, so that edges of windows are hit. */
export function* randomHistory(random: Seeded, shape: HistoryShape): Generator<Happening> {
  let now = BEGIN;
  const ids: string[] = [];
  for (let position = 1; ; position++) {
    now += random.chance(0.3) ? 0 : random.below(Math.ceil(shape.paceMs / STEP) + 1) * STEP;
    if (random.chance(0.1)) now += random.below(1_000);
    if (ids.length > 0 && random.chance(0.15)) {
      const early = random.chance(0.1);
      yield {
        kind: 'change', tenant: random.chance(0.95) ? 'main' : 'other',
        transactionId: early ? `tx_${position + 1 + random.below(5)}` : random.pick(ids),
        ...random.pick([
          { what: 'status' as const, value: random.pick(['approved', 'declined', 'settled', 'reversed']) },
          { what: 'label' as const, value: random.pick(['chargeback', 'genuine']) },
        ]),
        knownAtMs: now - random.below(10) * STEP + random.below(4) * STEP,
      };
      continue;
    }
    const at = random.chance(shape.late) ? now - random.below(100) * STEP : now;
    const type: EventType = random.chance(0.85) ? 'transaction'
      : random.pick(['login', 'refund', 'payee_added']);
    const id = `tx_${position}`;
    if (type === 'transaction') ids.push(id);
    yield {
      kind: 'event',
      event: makeEvent(SCHEMA, {
        id, type, at, received: now, position, tenant: random.chance(0.95) ? 'main' : 'other',
        fields: randomFields(random, shape.entities),
      }),
    };
  }
}

function randomFields(random: Seeded,
  entities: number): NonNullable<Parameters<typeof makeEvent>[1]['fields']> {
  const one = (prefix: string, count = entities): string | undefined =>
    (random.chance(0.85) ? `${prefix}${random.below(count)}` : undefined);
  return {
    'card.id': one('k'), 'debtor.account_id': one('a'), 'creditor.account_id': one('a'),
      'device.ip': one('ip'),
    'merchant.id': one('m', 30), 'merchant.mcc': one('57', 3), 'debtor.country': one('C', 3),
      'custom.region': one('C', 3),
    amount: random.chance(0.85) ? [random.below(5) * 1_000 + random.below(100),
      random.pick(['EUR', 'USD', 'JPY', 'BHD', 'XAF'])] : undefined,
    status: random.chance(0.9) ? random.pick(['attempted', 'approved', 'declined']) : undefined,
    kind: random.pick(['card', 'transfer', 'cash']),
    direction: random.chance(0.9) ? random.pick(['debit', 'credit']) : undefined,
    'debtor.opened_at': random.chance(0.8) ? BEGIN - random.below(100) * 86_400_000 : undefined,
    location: random.chance(0.7) ? [random.below(50), random.below(50)] : undefined,
    'custom.points': random.chance(0.8) ? random.below(20) - 10 : undefined,
    'custom.vip': random.chance(0.8) ? random.below(2) : undefined,
    'custom.huge': random.chance(0.8) ? random.pick([MANY, -MANY, MANY - 1, 5, -3, 2 ** 52]) : undefined,
  };
}
