/**
 * The definition of a window feature, written down as filters over a list: obviously right, and slow. The
 * scan is compared with it event by event; it shares no code with the scan.
 */
import { T_SLOT, type ParsedEvent } from '#domain/event.ts';
import type { EventSchema, FieldDefinition } from '#domain/field.ts';
import type { MissingReason } from '#domain/missing.ts';
import type { Expr, WindowExpr } from '#expression/ast.ts';
import { interpret, type World } from '#expression/interpret.ts';
import { cellOfValue, type Value } from '#expression/value.ts';
import type { Cell } from '#expression/type.ts';
import { naiveAggregate } from './naive-aggregate.ts';
import type { FeatureDefinition } from './definition.ts';

/** What happened, in arrival order; the event being judged among it. */
export type Happening =
  | { readonly kind: 'event'; readonly event: ParsedEvent }
  | {
    readonly kind: 'change'; readonly tenant: string; readonly transactionId: string;
    readonly what: 'status' | 'label'; readonly value: string; readonly knownAtMs: number;
  };

/** What expressions see beside the events. */
export type Surroundings = Omit<World, 'current' | 'past'> & { readonly schema: EventSchema };

export interface NaiveResult { readonly cell: Cell; readonly reason: MissingReason | undefined }

const timeOf = (event: ParsedEvent): number => event.numbers[T_SLOT]!;

export function naiveFeature(
  definition: FeatureDefinition, happened: readonly Happening[], current: ParsedEvent, around: Surroundings,
  retentionMs: number,
): NaiveResult {
  const see = (event: ParsedEvent): World => worldOf(event, happened, current, around);
  const holds = (expr: Expr, event: ParsedEvent): boolean => {
    const value = interpret(expr, see(event));
    return value.kind === 'bool' && value.value;
  };
  const keys = [definition.key, ...definition.alsoEqual];
  const now = (field: FieldDefinition): Cell =>
    cellOfValue(fieldValue(field, 'current', see(current)), fieldType(field));
  const then = (field: FieldDefinition, event: ParsedEvent): Cell =>
    cellOfValue(fieldValue(field, 'past', see(event)), fieldType(field));
  if (keys.some((key) => isMissing(now(key.current)))) return missing(definition, 'absent');

  const t = timeOf(current);
  const stream = happened
    .flatMap((one) => (one.kind === 'event' ? [one.event] : []))
    .filter((event) => event.type !== 'status' && event.type !== 'label' && event.tenant === current.tenant)
    .filter((event) => timeOf(event) <= t && timeOf(event) > t - retentionMs)
    .filter((event) => keys.every((key) => then(key.past, event) === now(key.current)))
    .filter((event) => (definition.of === undefined ? event.type === 'transaction'
      : holds(definition.of, event)))
    // Stable: those with the same t stay in arrival order.
    .toSorted((a, b) => timeOf(a) - timeOf(b));

  const { since, window } = definition;
  const closing = since === undefined ? -1
    : stream.findLastIndex((event) => event !== current && holds(since, event));
  const candidates = stream.filter((event) => definition.includesCurrent || event !== current);
  const inside = candidates
    .slice(window.kind === 'last' ? -window.count : 0)
    .filter((event) => stream.indexOf(event) > closing)
    .filter((event) => isInside(window, timeOf(event), t))
    .filter((event) => definition.where === undefined || holds(definition.where, event));

  const { value } = definition;
  if (value === undefined) return naiveAggregate(definition, t, inside.map(timeOf), []);
  const values = inside.map((event) => ({ event, value: interpret(value, see(event)) }));
  const own = values.find(({ event }) => event === current)?.value;
  if (own?.kind === 'missing') {
    return missing(definition, own.reason === 'no_rate' || own.reason === 'overflow' ? 'no_rate' : 'absent');
  }
  const known = values.filter((one) => one.value.kind !== 'missing');
  const type = value.type ?? definition.type;
  return naiveAggregate(definition, t, known.map(({ event }) => timeOf(event)),
    known.map((one) => cellOfValue(one.value, type)));
}

const isMissing = (cell: Cell): boolean => cell === undefined || cell !== cell;

const missing = ({ type }: FeatureDefinition, reason: MissingReason): NaiveResult =>
  ({ cell: cellOfValue({ kind: 'missing', reason, because: '' }, type), reason });

/** Keys compare cells of one kind; a missing bool would be 1, so bools are read as numbers. */
const fieldType = ({ type }: FieldDefinition): NonNullable<Expr['type']> =>
  (type.kind === 'money' ? { kind: 'money', currency: null } : type.kind === 'bool' ? { kind: 'int' } : type);

export function fieldValue(field: FieldDefinition, row: 'past' | 'current', world: World): Value {
  const value = interpret({ kind: 'field', field, row, span: { start: 0, end: 0 }, type: fieldType(field) },
    world);
  return value.kind === 'bool' ? { kind: 'number', value: value.value ? 1 : 0 } : value;
}

function isInside(window: WindowExpr, at: number, t: number): boolean {
  switch (window.kind) {
    case 'sliding': return t - at < window.fromMs && t - at >= window.toMs;
    case 'tumbling': return Math.floor(at / window.spanMs) === Math.floor(t / window.spanMs);
    case 'calendar': {
      const local = (ms: number): Temporal.PlainDate =>
        Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(window.zone).toPlainDate();
      const [past, now] = [local(at), local(t)];
      if (window.unit === 'day') return past.equals(now);
      if (window.unit === 'week') return past.weekOfYear === now.weekOfYear
        && past.yearOfWeek === now.yearOfWeek;
      return past.month === now.month && past.year === now.year;
    }
    case 'last': case 'ever': return true;
  }
}

function worldOf(
  event: ParsedEvent, happened: readonly Happening[], current: ParsedEvent, around: Surroundings,
): World {
  const known = (what: 'status' | 'label', tMs: number): string | undefined => {
    const changes = happened.flatMap((one) =>
      (one.kind === 'change' && one.what === what && one.tenant === event.tenant
        && one.transactionId === event.id
        && event.type === 'transaction' && one.knownAtMs <= tMs ? [one] : []));
    // Stable: of two known from the same moment the later arrival is last.
    return changes.toSorted((a, b) => a.knownAtMs - b.knownAtMs).at(-1)?.value;
  };
  const own = (path: string): string | undefined =>
    event.texts[around.schema.byPath.get(path)?.textSlot ?? -1];
  return {
    ...around, current,
    past: {
      event, isCurrent: event === current,
      statusAt: (tMs) => known('status', tMs) ?? own('status'),
      labelAt: (tMs) => known('label', tMs) ?? own('label'),
    },
  };
}
