/** What a decision pays for its windows: 30 features over 5 entities, by how many events each entity has. */
import { availableParallelism, cpus } from 'node:os';
import process from 'node:process';
import type { ParsedEvent } from '#domain/event.ts';
import { eventSchema } from '#domain/field.ts';
import { emptyRateTable, rateConverter } from '#domain/rates.ts';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { checkExpression } from '#expression/check.ts';
import { makeRuntime } from '#expression/emit-runtime.ts';
import { parseExpression } from '#expression/parse.ts';
import { fieldScope } from '#expression/scope.ts';
import { compileFeatures } from '#features/compile-features.ts';
import type { FeatureDefinition } from '#features/definition.ts';
import { featureDefinition } from '#policy/feature-definition.ts';
import { seededRandom } from './random.ts';

const schema = eventSchema();
const EVENTS = 200_000;
const JUDGED = 4_000;
const BATCH = 50;
const DAY_MS = 86_400_000;

const ENTITIES = ['card', 'debtor', 'merchant', 'device', 'ip'];
const featuresOf = (by: string): readonly string[] => [
  `count(by ${by} over 1h)`,
  `count(by ${by} over 24h where status == "declined")`,
  `sum(amount as EUR by ${by} over 24h)`,
  `distinct(${by === 'card' ? 'merchant' : 'card'} by ${by} over 7d)`,
  `prior_avg(amount as EUR by ${by} over 30d where status == "approved")`,
  `prior_max(amount as EUR by ${by} over 30d)`,
];

function definitionOf(text: string): FeatureDefinition {
  const parsed = parseExpression(text);
  const made: FeatureDefinition[] = [];
  const checked = 'errors' in parsed ? parsed : checkExpression(parsed.expr, {
    ...fieldScope(schema),
    onAggregate: (aggregate, type) =>
      ({ name: text, index: made.push(featureDefinition(text, aggregate, type)) - 1 }),
  });
  const [definition] = made;
  if ('errors' in checked || definition === undefined) throw new Error(`${text} is no feature`);
  return definition;
}

const slotOf = (path: string): { number: number; text: number } => {
  const field = schema.byPath.get(path);
  if (field === undefined) throw new Error(path);
  return { number: field.numberSlot, text: field.textSlot };
};

const [CARD, DEBTOR, MERCHANT, DEVICE, IP, STATUS, AMOUNT, MCC, COUNTRY] = [
  'card.id', 'debtor.account_id', 'merchant.id', 'device.id', 'device.ip', 'status', 'amount', 'merchant.mcc',
  'debtor.country',
].map(slotOf);

/** A payment at `at` of entities drawn from pools of one size. */
function payment(random: () => number, position: number, at: number, pool: number): ParsedEvent {
  const event: ParsedEvent = {
    type: 'transaction', tenant: 'bench', id: `tx_${position}`, position, receivedAtMs: at,
    numbers: Array.from({ length: schema.numberSlotCount }, () => Number.NaN),
    texts: Array.from({ length: schema.textSlotCount }, () => undefined),
  };
  const draw = (prefix: string, count = pool): string => `${prefix}_${Math.floor(random() * count)}`;
  const texts: readonly (readonly [{ text: number } | undefined, string])[] = [
    [CARD, draw('card')], [DEBTOR, draw('account')], [MERCHANT, draw('merchant')], [DEVICE, draw('device')],
    [IP, draw('ip')], [STATUS, random() < 0.1 ? 'declined' : 'approved'], [AMOUNT, 'EUR'],
    [MCC, draw('mcc', 20)], [COUNTRY, draw('country', 10)],
  ];
  for (const [slot, text] of texts) event.texts[slot?.text ?? 0] = text;
  event.numbers[0] = at;
  event.numbers[AMOUNT?.number ?? 0] = Math.floor(random() * 20_000);
  return event;
}

const microsOf = (work: () => void): number => {
  const from = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - from) / 1_000;
};

/** The lowest tenth: what the work costs where the neighbours of a shared machine are quiet. */
const quiet = (micros: readonly number[]): number =>
  micros.toSorted((a, b) => a - b)[Math.floor(micros.length / 10)] ?? Number.NaN;

function measure(perEntity: number): Readonly<Record<string, number>> {
  const random = seededRandom(perEntity);
  const store = new LocalWindowStore(schema);
  const rates = emptyRateTable('EUR');
  const runtime = makeRuntime({
    convert: rateConverter(rates), inList: () => 0, mark: () => undefined,
    statusAt: (row, tMs) => store.statusAt(row, tMs), labelAt: (row, tMs) => store.labelAt(row, tMs),
  });
  const definitions = ENTITIES.flatMap(featuresOf).map(definitionOf);
  const program = compileFeatures(definitions, schema);
  const judge = program.bind(store, runtime);
  const start = Date.UTC(2026, 0, 1);
  const make = (position: number): ParsedEvent =>
    payment(random, position, start + (30 * DAY_MS * position) / EVENTS, Math.ceil(EVENTS / perEntity));
  for (let i = 0; i < EVENTS; i++) store.append(make(i));
  // What is judged arrives at the end, so that each entity has its whole history; the first half warms up.
  const events = Array.from({ length: JUDGED * 2 }, (_, i) => make(EVENTS + i));
  const rows = new Int32Array(BATCH);
  const appends: number[] = [];
  const judgements: number[] = [];
  for (let first = 0; first < events.length; first += BATCH) {
    const batch = events.slice(first, first + BATCH);
    const append = microsOf(() => batch.forEach((event, i) => { rows[i] = store.append(event); }));
    const judgement = microsOf(() => batch.forEach((event, i) => { judge(event, rows[i] ?? -1); }));
    if (first < JUDGED) continue;
    appends.push(append / BATCH);
    judgements.push(judgement / BATCH);
  }
  const { bytes, entities, events: retained } = store.size;
  return {
    perEntity,
    'append us': quiet(appends),
    '30 features us': quiet(judgements),
    'bytes/event': bytes / retained,
    'entities/event': entities / retained,
  };
}

const model = cpus()[0]?.model ?? 'unknown';
const machine = `${model}, ${availableParallelism()} cores`;
process.stdout.write(`${EVENTS} events, 30 features over 5 entities; ${machine}\n`);
for (const perEntity of [10, 50, 200, 1_000, 4_096]) {
  const cells = Object.entries(measure(perEntity))
    .map(([name, value]) => `${name} ${value.toFixed(2).padStart(8)}`);
  process.stdout.write(`${cells.join('   ')}\n`);
}
