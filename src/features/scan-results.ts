import type { TiledPast } from '#domain/history.ts';
import type { MissingReason } from '#domain/missing.ts';
import { cellKind } from '#expression/type-rules.ts';
import type { Cell } from '#expression/type.ts';
import type { FeatureBound, FeatureDefinition, FeatureValues } from './definition.ts';
import type { DistinctUnion } from './distinct-union.ts';
import { tileBounds, type ExactFigures } from './tile-bounds.ts';
import type { Tiling } from './tile-plan.ts';

/** What generated scans write into; one per decision, so that it can be kept and recorded. */
export class ScanResults implements FeatureValues {
  readonly cells: Cell[];
  readonly reasons: (MissingReason | undefined)[] = [];
  readonly bounds: (FeatureBound | undefined)[] = [];
  readonly #features: FeatureBlueprint;

  constructor(features: FeatureBlueprint) {
    this.#features = features;
    this.cells = features.missing.slice();
    for (let i = 0; i < this.cells.length; i++) {
      this.reasons.push(undefined);
      this.bounds.push(undefined);
    }
  }

  set(index: number, cell: Cell): void {
    this.cells[index] = cell;
  }

  miss(index: number, reason: MissingReason): void {
    this.cells[index] = this.#features.missing[index];
    this.reasons[index] = reason;
  }

  /** A whole number, NaN where it is too large to be exact. */
  whole(index: number, value: number): void {
    if (value === value) this.cells[index] = value;
    else this.miss(index, 'overflow');
  }

  /** The current event counts, and has no value (1) or an amount without a rate (2). */
  lack(index: number, why: number): void {
    this.miss(index, why === 2 ? 'no_rate' : 'absent');
  }

  tiled(
    index: number, past: TiledPast, after: number, upTo: number, t: number, left: number, exact: ExactFigures,
  ): void {
    const definition = this.#features.definitions[index]!;
    const { fingerprint, hopMs, certain, valued } = this.#features.tilings[index]!;
    const asked = { after, upTo, t, left, certain, valued };
    const { cell, reason, low, high } =
      tileBounds(definition, exact, past.tiles(fingerprint), asked, this.#features.union);
    if (reason === undefined) this.set(index, cell);
    else this.miss(index, reason);
    if (low !== undefined && high !== undefined && (low !== high || reason !== undefined)) {
      this.bounds[index] = { precision: 'tiled', hopMs, low, high };
    }
  }
}

/** What all results of a program have in common. */
export interface FeatureBlueprint {
  readonly definitions: readonly FeatureDefinition[];
  readonly tilings: readonly Tiling[];
  /** The missing cell of each feature's type. */
  readonly missing: readonly Cell[];
  /** For `distinct` over tiles. */
  readonly union: DistinctUnion;
}

export function missingCell({ type }: FeatureDefinition): Cell {
  const kind = cellKind(type);
  return kind === 'number' ? Number.NaN : kind === 'bool' ? 1 : undefined;
}
