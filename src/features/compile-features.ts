/** From definitions to one function of an event: for each key one scan of one entity's log. */
import type { ParsedEvent } from '#domain/event.ts';
import type { EventSchema, FieldDefinition } from '#domain/field.ts';
import type { Columns } from '#domain/history.ts';
import type { TilePlan, WindowStore } from '#ports/window-store.ts';
import type { EmitRuntime } from '#expression/emit-runtime.ts';
import type { Cell } from '#expression/type.ts';
import type { FeatureDefinition, FeatureValues } from './definition.ts';
import { DistinctUnion } from './distinct-union.ts';
import { keyScan, type ScanWorld } from './key-scan.ts';
import { missingCell, ScanResults } from './scan-results.ts';
import type { Placed } from './scan-source.ts';
import { tilePlan, tilingOf } from './tile-plan.ts';
import { windowStart } from './window-span.ts';

/**
 * Past events whose `past` field has the value of the current event's `current` field: one log to look up.
 */
export interface FeatureKey { readonly past: FieldDefinition; readonly current: FieldDefinition }

/**
 * The values of all features for an event that is in the store, in this row. `params` are the cells of the
 * policy's parameters for the event, read by conditions that name them.
 */
export type FeatureFunction = (event: ParsedEvent, row: number, params?: readonly Cell[]) => FeatureValues;

export interface FeatureProgram {
  readonly definitions: readonly FeatureDefinition[];
  readonly keys: readonly FeatureKey[];
  bind(store: WindowStore, runtime: EmitRuntime, world?: string): FeatureFunction;
  /**
   * How events that leave the exact tier of an entity are summed up: for `store.registerTiles`. `world` names
   * what else decides the values, such as the version of the exchange rates; `bind` takes the same.
   */
  tilePlans(store: WindowStore, runtime: EmitRuntime, world?: string): readonly TilePlan[];
}

interface KeyPlan extends FeatureKey { readonly features: Placed[] }

/**
 * Definitions are checked: every field of a condition on past events has history, every key's past field is
 * indexed.
 */
export function compileFeatures(
  definitions: readonly FeatureDefinition[], schema: EventSchema,
): FeatureProgram {
  const keys = new Map<string, KeyPlan>();
  definitions.forEach((definition, index) => {
    const { past, current } = definition.key;
    const name = `${past.path}\0${current.path}`;
    const plan = keys.get(name) ?? { past, current, features: [] };
    keys.set(name, plan);
    plan.features.push({ index, definition });
  });
  return {
    definitions,
    keys: [...keys.values()].map(({ past, current }) => ({ past, current })),
    bind: (store, runtime, world = '') =>
      bind(definitions, [...keys.values()], schema, store, runtime, world),
    tilePlans: (store, runtime, world = '') => definitions.map((definition) => tilePlan(
      definition, schema, store.columns, runtime,
      { retentionMs: store.retentionMs, transaction: transactionCode(store.columns), world },
    )),
  };
}

function bind(
  definitions: readonly FeatureDefinition[], keys: readonly KeyPlan[], schema: EventSchema,
  store: WindowStore, runtime: EmitRuntime, version: string,
): FeatureFunction {
  const { columns, retentionMs } = store;
  const starts = definitions.map(({ window }) => windowStart(window, retentionMs));
  const blueprint = {
    definitions,
    tilings: definitions.map((definition) => tilingOf(definition, retentionMs, version)),
    missing: definitions.map(missingCell),
    union: new DistinctUnion(columns.texts),
  };
  const changedAtMs = (row: number): number => store.changedAtMs(row);
  const world: ScanWorld =
    { schema, columns, runtime, starts, transaction: transactionCode(columns), changedAtMs };
  const scans = keys.map(({ past, current, features }) => ({
    past, slot: current.textSlot, isSame: past === current, indices: features.map(({ index }) => index),
    scan: keyScan(features, world),
  }));
  return (event, row, params = NO_PARAMS) => {
    const out = new ScanResults(blueprint);
    for (const { past, slot, isSame, indices, scan } of scans) {
      const value = event.texts[slot];
      if (value === undefined) {
        for (const index of indices) out.miss(index, 'absent');
        continue;
      }
      // By row no text has to be looked up; the event is in the store, so its entity is too.
      const log = isSame ? store.logAt(past, row) : store.log(event.tenant, past, value);
      scan(event, row, params, out, log);
    }
    return out;
  };
}

const NO_PARAMS: readonly Cell[] = [];

/** Types of events keep their codes for ever. */
function transactionCode(columns: Columns): number {
  const code = columns.texts.indexOf('transaction');
  if (code < 0) throw new RangeError('the window store has no code for the event type `transaction`');
  return code;
}
