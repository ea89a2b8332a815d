import type { MissingReason } from '#domain/missing.ts';
import type { Cell, Geo, Type } from './type.ts';

/**
 * A value with its reason where it is missing. An unknown condition is missing too; `because` names what
 * caused it.
 */
export type Value = Missing | Known;
export type Missing = { readonly kind: 'missing'; readonly reason: MissingReason; readonly because: string };
export type Known =
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'geo'; readonly value: Geo }
  | { readonly kind: 'histogram'; readonly value: readonly number[] };

export const missing = (reason: MissingReason, because: string): Missing =>
  ({ kind: 'missing', reason, because });
export const bool = (value: boolean): Known => ({ kind: 'bool', value });
export const text = (value: string): Known => ({ kind: 'text', value });
export const number = (value: number): Known => ({ kind: 'number', value });

/** A value of generated code as a Value; where it is missing, for that reason. */
export function valueOfCell(cell: Cell, type: Type, reason: MissingReason, because: string): Value {
  if (cell === undefined || cell !== cell) return missing(reason, because);
  if (type.kind === 'bool') return cell === 1 ? missing(reason, because) : bool(cell === 2);
  if (typeof cell === 'number') return number(cell);
  if (typeof cell === 'string') return text(cell);
  return 'lat' in cell ? { kind: 'geo', value: cell } : { kind: 'histogram', value: cell };
}

/** And back: what generated code would hold. */
export function cellOfValue(value: Value, type: Type): Cell {
  if (value.kind === 'bool') return value.value ? 2 : 0;
  if (value.kind !== 'missing') return value.value;
  if (type.kind === 'bool') return 1;
  const object = type.kind === 'geo' || type.kind === 'histogram' || type.kind === 'list';
  return object || type.kind === 'string' || type.kind === 'enum' || type.kind === 'entity' ? undefined
    : Number.NaN;
}
