import type { EntityKind } from '#domain/field.ts';

/**
 * Types of the policy language and what stands for a value in generated code:
 * - bool: 0 false, 1 unknown, 2 true (Kleene: and = min, or = max, not = 2 - x)
 * - int, decimal, ratio, money (minor units), duration (ms), instant (ms), date (days since 1970-01-01),
 *   clock (ms of
 *   the local day), distance (m), speed (m/s): number, NaN is missing
 * - string, enum, entity: string, undefined is missing
 * - geo: `{ lat, lon }` in degrees, undefined is missing
 * - histogram: number[], undefined is missing
 * - period (`3mo`, `1y`): only a literal beside an instant or date; calendar arithmetic
 * - list: a literal list of one type, only right of `in`
 */
export type Type =
  | { readonly kind: 'bool' | 'int' | 'decimal' | 'ratio' | 'string' | 'duration' | 'period' }
  | { readonly kind: 'instant' | 'date' | 'clock' | 'geo' | 'distance' | 'speed' | 'histogram' }
  /** A null currency is money as sent, its currency known only with the event. */
  | { readonly kind: 'money'; readonly currency: string | null }
  | { readonly kind: 'enum'; readonly values: readonly string[] }
  | { readonly kind: 'entity'; readonly entity: EntityKind }
  | { readonly kind: 'list'; readonly of: Type };

export interface Geo { readonly lat: number; readonly lon: number }
/** A value in generated code, see `Type`. */
export type Cell = number | string | Geo | readonly number[] | undefined;
