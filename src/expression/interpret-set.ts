import type { Expr } from './ast.ts';
import { missingAmong, missingOf, timeOf, type Interpretation } from './world.ts';
import { typeOf } from './tree.ts';
import { bool, type Value } from './value.ts';

export function interpretSet({ value, set }: Extract<Expr, { kind: 'in' }>, context: Interpretation): Value {
  const sought = context.value(value);
  if (set.kind === 'interval') return inInterval(sought, typeOf(value).kind === 'clock', set, context);
  if (sought.kind === 'missing') return sought;
  if (set.kind === 'list') {
    if (sought.kind !== 'text' &&
      sought.kind !== 'number') throw new TypeError('lists hold texts and numbers');
    return bool(context.world.inList(set.index ?? -1, sought.value, timeOf('current', context.world)));
  }
  const items = set.values.map((item) => context.value(item));
  if (items.some((item) => item.kind !== 'missing' && item.value === sought.value)) return bool(true);
  return missingAmong(items, context) ?? bool(false);
}

type Interval = Extract<Extract<Expr, { kind: 'in' }>['set'], { kind: 'interval' }>;

function inInterval(sought: Value, clock: boolean, set: Interval, context: Interpretation): Value {
  const low = context.value(set.low);
  const high = context.value(set.high);
  const above = compare(sought, low, context, (a, b) => a > b || (set.lowClosed && a === b));
  const below = compare(sought, high, context, (a, b) => a < b || (set.highClosed && a === b));
  if (clock) {
    const absent = missingAmong([sought, low, high], context);
    if (absent !== undefined) return absent;
    const overMidnight = low.kind === 'number' && high.kind === 'number' && low.value > high.value;
    if (overMidnight) return [above, below].find((side) => side.kind === 'bool' && side.value) ?? bool(false);
  }
  const no = [above, below].find((side) => side.kind === 'bool' && !side.value);
  return no ?? missingAmong([above, below], context) ?? bool(true);
}

function compare(
  a: Value, b: Value, context: Interpretation, test: (a: number, b: number) => boolean,
): Value {
  if (a.kind === 'missing') return missingOf(a, b, context);
  if (b.kind === 'missing') return b;
  if (a.kind !== 'number' || b.kind !== 'number') throw new TypeError('an interval is of numbers');
  return bool(test(a.value, b.value));
}
