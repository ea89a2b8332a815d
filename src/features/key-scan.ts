/** The scan of one key's logs: short ones event by event, long ones by blocks where the features allow it. */
import type { ParsedEvent } from '#domain/event.ts';
import type { EventSchema } from '#domain/field.ts';
import type { Columns, EntityLog, LogBlocks } from '#domain/history.ts';
import { LIMITS } from '#domain/limits.ts';
import type { EmitRuntime } from '#expression/emit-runtime.ts';
import type { Cell } from '#expression/type.ts';
import { BlockBanks, type BlockBank } from './block-bank.ts';
import { isBlockKept, paramsOf } from './block-kept.ts';
import { blockSource } from './block-source.ts';
import { DistinctCodes } from './distinct-codes.ts';
import { averageOf, deviationOf, sumOf, wholeAverageOf, wholeDeviationOf } from './exact-stats.ts';
import { generatedFunction } from './generated-function.ts';
import type { ScanResults } from './scan-results.ts';
import { ScanSource, type Placed } from './scan-source.ts';

/** What generated scans read beside the log. */
export interface ScanWorld {
  readonly schema: EventSchema;
  readonly columns: Columns;
  readonly runtime: EmitRuntime;
  /** Where the window of each feature starts, by index. */
  readonly starts: readonly ((tMs: number) => number)[];
  /** Code of the event type `transaction`. */
  readonly transaction: number;
  readonly changedAtMs: (row: number) => number;
}

export type Scan = (
  event: ParsedEvent, row: number, params: readonly Cell[], out: ScanResults, log: EntityLog | undefined,
) => void;

type BlockScan = (
  event: ParsedEvent, row: number, params: readonly Cell[], out: ScanResults, log: EntityLog,
  bank: BlockBank,
) => void;

type Maker<Made> = (
  N: Columns['numbers'], C: Columns['codes'], D: Columns['texts'], $: EmitRuntime, H: typeof SCAN_RUNTIME,
  starts: ScanWorld['starts'], TX: number, K: ScanWorld['changedAtMs'],
) => Made;

function made<Made>(source: string, world: ScanWorld): Made {
  const { columns, runtime, starts, transaction, changedAtMs } = world;
  const make = generatedFunction<Maker<Made>>(['N', 'C', 'D', '$', 'H', 'starts', 'TX', 'K'],
    `return ${source};`);
  return make(columns.numbers, columns.codes, columns.texts, runtime, SCAN_RUNTIME, starts, transaction,
    changedAtMs);
}

export function keyScan(features: readonly Placed[], world: ScanWorld): Scan {
  const scan = made<Scan>(new ScanSource(world.schema, features).text, world);
  if (!features.some(({ definition }) => isBlockKept(definition))) return scan;
  let long: LongScan | undefined;
  return (event, row, params, out, log) => {
    // Most entities never have a long log: what reads one is made when the first comes.
    const done = log?.blocks !== undefined
      && (long ??= longScan(features, world))(event, row, params, out, log, log.blocks);
    if (!done) scan(event, row, params, out, log);
  };
}

/** Returns false, having done nothing, where nothing is kept for these parameters. */
type LongScan = (
  event: ParsedEvent, row: number, params: readonly Cell[], out: ScanResults, log: EntityLog,
  blocks: LogBlocks,
) => boolean;

function longScan(features: readonly Placed[], world: ScanWorld): LongScan {
  const kept = features.filter(({ definition }) => isBlockKept(definition));
  const others = features.filter(({ definition }) => !isBlockKept(definition));
  const { text, shape } = blockSource(new ScanSource(world.schema, kept));
  const scan = made<BlockScan>(text, world);
  const rest = others.length === 0 ? undefined : made<Scan>(new ScanSource(world.schema, others).text, world);
  const read = paramsOf(kept.map(({ definition }) => definition));
  const variants = new Map<string, BlockBanks>();
  return (event, row, params, out, log, blocks) => {
    const variant = read.length === 0 ? '' : read.map((index) => textOf(params[index])).join('\n');
    let banks = variants.get(variant);
    if (banks === undefined) {
      if (variants.size === LIMITS.blockParameterVariantsMax) return false;
      variants.set(variant, (banks = new BlockBanks(shape)));
    }
    scan(event, row, params, out, log, banks.of(blocks));
    rest?.(event, row, params, out, log);
    return true;
  };
}

/** Cells that are the same have the same text, and others another: a missing number is none of JSON's. */
const textOf = (cell: Cell): string =>
  (cell === undefined || cell !== cell ? 'missing' : JSON.stringify(cell));

/** The index after the newest time of at most t, in sorted times; what generated scans call `H.newestAt`. */
export function newestAt(times: Float64Array, from: number, to: number, t: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! > t) high = middle;
    else low = middle + 1;
  }
  return low;
}

const SCAN_RUNTIME = {
  DistinctCodes, averageOf, deviationOf, newestAt, sumOf, wholeAverageOf, wholeDeviationOf,
} as const;
