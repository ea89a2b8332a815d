/** One small world for both readers of a feature: rates, a list, a parameter, marks. */
import { rateConverter } from '#domain/rates.ts';
import { makeRuntime, type EmitRuntime } from '#expression/emit-runtime.ts';
import type { Cell } from '#expression/type.ts';
import { bool, number } from '#expression/value.ts';
import type { Surroundings } from '#features/naive-feature.ts';
import type { PersistentWindowStore } from '#ports/window-store.ts';
import { RATES, SCHEMA } from './random-history.ts';

const WATCHED = new Set(['a0', 'a2']);
const HELD_FROM_MS = Date.UTC(2026, 2, 6);
const HELD_UNTIL_MS = Date.UTC(2026, 2, 9);

/** The value of the parameter `floor_points`. */
export const PARAMS: readonly Cell[] = [4];

const isListed = (value: string | number): boolean => WATCHED.has(String(value));

function markOf(path: string, value: string, name: string): { value: number; fromMs: number; untilMs: number }
  | undefined {
  const held = path === 'debtor.account_id' && value === 'a1' && name === 'hold';
  return held ? { value: 1, fromMs: HELD_FROM_MS, untilMs: HELD_UNTIL_MS } : undefined;
}

export const runtimeOf = (store: PersistentWindowStore): EmitRuntime => makeRuntime({
  convert: rateConverter(RATES),
  inList: (_list, value) => (isListed(value) ? 2 : 0),
  statusAt: (row, tMs) => store.statusAt(row, tMs),
  labelAt: (row, tMs) => store.labelAt(row, tMs),
  mark: markOf,
});

export const SURROUNDINGS: Surroundings = {
  schema: SCHEMA, rates: RATES, salt: '',
  feature: () => bool(false), param: () => number(Number(PARAMS[0])),
  inList: (_list, value) => isListed(value), mark: markOf,
};
