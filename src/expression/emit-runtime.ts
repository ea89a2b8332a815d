import type { Geo } from './type.ts';

/** All that generated code may call, as `$`. Missing numbers are NaN, missing texts undefined, bools 0, 1 or 2. */
export interface EmitRuntime extends WorldRuntime {
  hasLabel(field: number, value: string | undefined, name: string, tMs: number): 0 | 1 | 2;
  fact(field: number, value: string | undefined, name: string, maxAgeMs: number, tMs: number): number;
  distance(a: Geo | undefined, b: Geo | undefined): number;
}

/** The parts that know the world; `makeRuntime` adds the pure ones. */
export interface WorldRuntime {
  /** Minor units of `target`, half-even; NaN where the amount, the currency or the rate is missing. */
  convert(minor: number, currency: string | undefined, target: string, tMs: number): number;
  /** Is a known value on the list at tMs? 0 or 2. */
  inList(list: number, value: string | number, tMs: number): 0 | 2;
  /** Status of the past event in a row, as known at tMs. */
  statusAt(row: number, tMs: number): string | undefined;
  labelAt(row: number, tMs: number): string | undefined;
  /** The mark `name` of the entity `value` in `schema.fields[field]`, latest known at tMs, or undefined. */
  mark(field: number, value: string, name: string, tMs: number): RuntimeMark | undefined;
}

export interface RuntimeMark { readonly value: number; readonly fromMs: number; readonly untilMs: number }

export function makeRuntime(world: WorldRuntime): EmitRuntime {
  throw new Error(`not written yet: ${typeof world.convert}`);
}
