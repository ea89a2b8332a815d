import { currencyExponent } from '#domain/money.ts';
import type { Expr } from './ast.ts';
import { benfordChiSquare } from './benford.ts';
import { eventOf, missingAmong, timeOf, type Interpretation } from './world.ts';
import { sampleHash } from './sample-hash.ts';
import { EARTH_RADIUS_M } from './sphere.ts';
import { typeOf } from './tree.ts';
import { bool, missing, number, text, type Known, type Value } from './value.ts';
import { isZone } from '#domain/zone.ts';
import type { Geo } from './type.ts';

type Call = Extract<Expr, { kind: 'call' }>;

export function interpretCall(expr: Call, context: Interpretation): Value {
  const [first] = expr.args;
  if (first === undefined) throw new TypeError(`${expr.name} has no argument`);
  switch (expr.name) {
    case 'missing': return bool(context.value(first).kind === 'missing');
    case 'known': return bool(context.value(first).kind !== 'missing');
    case 'blank': {
      const value = context.value(first);
      return bool(value.kind === 'missing' || /^\s*$/.test(textIn(value)));
    }
    case 'fact': return fact(expr, context);
    case 'is_round': return roundness(first, numberIn(known(expr, 1, context)), context);
    case 'chi_square': return chiSquare(context.value(first));
    default:
  }
  const args: Known[] = [];
  for (const arg of expr.args) {
    const value = context.value(arg);
    if (value.kind === 'missing') return missingAmong(expr.args.map(context.value), context) ?? value;
    args.push(value);
  }
  return pure(expr, args, context);
}

function known(expr: Call, index: number, context: Interpretation): Known {
  const arg = expr.args[index];
  const value = arg && context.value(arg);
  if (value === undefined ||
    value.kind === 'missing') throw new TypeError('the checker takes only a literal here');
  return value;
}

function pure(expr: Call, args: readonly Known[], context: Interpretation): Value {
  const [a, b] = args;
  const { world } = context;
  if (a === undefined) throw new TypeError('no argument');
  const two = b ?? a;
  switch (expr.name) {
    case 'age': return whole(numberIn(two) - numberIn(a));
    case 'local_time': case 'local_date': case 'weekday': case 'hour': return local(expr.name, numberIn(a),
      textIn(two));
    case 'abs': return number(Math.abs(numberIn(a)));
    case 'min': return number(args.map(numberIn).toSorted((x, y) => x - y)[0] ?? Number.NaN);
    case 'max': return number(args.map(numberIn).toSorted((x, y) => y - x)[0] ?? Number.NaN);
    case 'distance': return number(greatCircle(geoIn(a), geoIn(two)));
    case 'lower': return text(textIn(a).toLowerCase().normalize('NFC'));
    case 'length': return number(Array.from(textIn(a)).length);
    case 'starts_with': return bool(textIn(a).slice(0, textIn(two).length) === textIn(two));
    case 'ends_with': return bool(textIn(two) === '' || textIn(a).slice(-textIn(two).length) === textIn(two));
    case 'contains': return bool(textIn(a).split(textIn(two)).length > 1 || textIn(two) === '');
    case 'matches': return bool(globPattern(textIn(two)).test(textIn(a)));
    case 'first_digit': return number(Number(BigInt(Math.abs(numberIn(a))).toString().charAt(0)));
    case 'sample': return bool(sampleHash(world.salt, textIn(two)) < numberIn(a));
    case 'has_label': {
      if (world.isDegraded === true) return missing('degraded', textIn(two));
      const tMs = timeOf('current', world);
      const mark = world.mark(pathOf(expr.args[0]), textIn(a), textIn(two), tMs, true);
      return bool(mark !== undefined && mark.fromMs <= tMs && tMs < mark.untilMs);
    }
    default: throw new TypeError(`no meaning for ${expr.name}`);
  }
}

const whole = (value: number): Value =>
  (Number.isSafeInteger(value) ? number(value) : missing('overflow', 'age'));

function numberIn(value: Known): number {
  if (value.kind !== 'number') throw new TypeError(`${value.kind} where the checker promised a number`);
  return value.value;
}

function textIn(value: Known): string {
  if (value.kind !== 'text') throw new TypeError(`${value.kind} where the checker promised a text`);
  return value.value;
}

function geoIn(value: Known): Geo {
  if (value.kind !== 'geo') throw new TypeError(`${value.kind} where the checker promised a place`);
  return value.value;
}

function pathOf(arg: Expr | undefined): string {
  if (arg?.kind !== 'field') throw new TypeError('the checker takes only fields here');
  return arg.field.path;
}

function fact(expr: Call, context: Interpretation): Value {
  const [, entity] = expr.args;
  const { world } = context;
  const value = entity && context.value(entity);
  if (value === undefined || value.kind === 'missing') return value ?? missing('absent', 'fact');
  const name = textIn(known(expr, 0, context));
  if (world.isDegraded === true) return missing('degraded', name);
  const tMs = timeOf('current', world);
  const mark = world.mark(pathOf(entity), textIn(value), name, tMs);
  if (mark === undefined || mark.fromMs > tMs || mark.untilMs <= tMs) return missing('stale', name);
  return tMs - mark.fromMs > numberIn(known(expr, 2, context)) ? missing('stale', name) : number(mark.value);
}

function roundness(amount: Expr, units: number, { world, value }: Interpretation): Value {
  const minor = value(amount);
  if (minor.kind !== 'number') return minor;
  const type = typeOf(amount);
  const fixed = type.kind === 'money' ? type.currency : null;
  const sent = amount.kind === 'field' ? eventOf(amount.row, world).texts[amount.field.textSlot] : undefined;
  const exponent = currencyExponent(fixed ?? sent ?? '');
  if (exponent === undefined) return missing('absent', amount.kind === 'field' ? amount.field.path
    : 'is_round');
  return bool(minor.value !== 0 && BigInt(minor.value) % (BigInt(units) * 10n ** BigInt(exponent)) === 0n);
}

function chiSquare(value: Value): Value {
  if (value.kind !== 'histogram') return value;
  const result = benfordChiSquare(value.value);
  return Number.isNaN(result) ? missing('no_history', 'chi_square') : number(result);
}

function local(name: string, tMs: number, zone: string): Value {
  if (!isZone(zone)) return missing('absent', `zone ${zone}`);
  const at = Temporal.Instant.fromEpochMilliseconds(tMs).toZonedDateTimeISO(zone);
  const midnight = at.toPlainDate();
  switch (name) {
    case 'hour': return number(at.hour);
    case 'weekday': return text(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'][at.dayOfWeek - 1] ?? '');
    case 'local_date': return number(
      Temporal.PlainDate.from('1970-01-01').until(midnight, { largestUnit: 'days' }).days);
    default: return number(at.hour * 3_600_000 + at.minute * 60_000 + at.second * 1_000 + at.millisecond);
  }
}

/** The spherical law by way of vectors: nothing in common with the haversine formula but the answer. */
function greatCircle(a: Geo, b: Geo): number {
  const [p, q] = [a, b].map(({ lat, lon }) => {
    const [phi, lambda] = [(lat * Math.PI) / 180, (lon * Math.PI) / 180];
    return [Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)] as const;
  });
  if (p === undefined || q === undefined) return Number.NaN;
  const cross = Math.hypot(p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]);
  return Math.round(EARTH_RADIUS_M * Math.atan2(cross, p[0] * q[0] + p[1] * q[1] + p[2] * q[2]));
}

function globPattern(glob: string): RegExp {
  const source = Array.from(glob)
    .map((c) => (c === '*' ? '.*' : c === '?' ? '.' : c.replace(/[\\^$.+()|[\]{}/-]/g, '\\$&')));
  return new RegExp(`^${source.join('')}$`, 's');
}
