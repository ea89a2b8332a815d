/**
 * The two parts of a judgement by themselves: one thread, no HTTP, no log, a state like that of the engine
 * rows.
 */
import process from 'node:process';
import type { ParsedEvent } from '#domain/event.ts';
import { eventSchema } from '#domain/field.ts';
import { isRefusal, parseTransactionCall } from '#domain/parse-event.ts';
import { emptyRateTable, rateConverter } from '#domain/rates.ts';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { makeRuntime } from '#expression/emit-runtime.ts';
import { compileFeatures } from '#features/compile-features.ts';
import type { FeatureValues } from '#features/definition.ts';
import { bindPolicy } from '#policy/bind-policy.ts';
import { compilePolicy } from '#policy/compile-policy.ts';
import { renderDiagnostics } from '#policy/render-diagnostic.ts';
import type { BenchArguments } from './bench-arguments.ts';
import { Latency } from './latency.ts';
import { percentiles } from './row.ts';
import type { Row } from './row.ts';
import { Traffic, USUAL_TRAFFIC } from './traffic.ts';

const FILE = 'bench.policy.yaml';
const JUDGED = 20_000;
const WARM_UP = 5_000;
const FILL_MS = 30 * 86_400_000;

/** Rows `features alone` (append included) and `policy alone`; their policy may use no lists and no rates. */
export function microRows(source: string, { prefill, seed, cards }: BenchArguments): readonly Row[] {
  const world = worldOf(source);
  const traffic = new Traffic(seed, 'micro', { ...USUAL_TRAFFIC, cards, duplicateShare: 0 });
  const total = prefill + WARM_UP + JUDGED;
  const startMs = Date.UTC(2026, 0, 1);
  const [features, policy] = [new Stopwatch(), new Stopwatch()];
  for (let i = 0; i < total; i++) {
    const event = world.parse(traffic.next(startMs + (FILL_MS * i) / total).body, i + 1);
    if (i < prefill) {
      world.store.append(event);
      continue;
    }
    const measured = i >= prefill + WARM_UP;
    const params = world.bound.params(event);
    const values = features.time(measured, () => world.measure(event));
    policy.time(measured, () => {
      const results = world.bound.judge(event, values.cells, params);
      return world.bound.decide(results, event, values);
    });
  }
  return [
    features.row(`${world.featureCount} features alone`),
    policy.row(`policy alone, ${world.ruleCount} rules`),
  ];
}

function worldOf(source: string) {
  const schema = eventSchema();
  const compiled = compilePolicy(source, FILE, schema);
  if (!('policy' in compiled)) throw new Error(renderDiagnostics(compiled.diagnostics, source, FILE));
  const { policy } = compiled;
  const store = new LocalWindowStore(schema);
  const rates = emptyRateTable('EUR');
  const runtime = makeRuntime({
    convert: rateConverter(rates),
    inList: () => 0,
    statusAt: (row, tMs) => store.statusAt(row, tMs),
    labelAt: (row, tMs) => store.labelAt(row, tMs),
    mark: () => undefined,
  });
  const program = compileFeatures(policy.features, schema);
  store.registerTiles(program.tilePlans(store, runtime));
  const measure = program.bind(store, runtime);
  const bound = bindPolicy(policy, { runtime, rates });
  return {
    store, bound, featureCount: policy.features.length, ruleCount: policy.rules.length,
    parse(body: string, position: number): ParsedEvent {
      const parsed = parseTransactionCall(Buffer.from(body), schema, Date.UTC(2026, 1, 1), 'bench');
      if (isRefusal(parsed)) throw new Error(parsed.detail);
      parsed.event.position = position;
      return parsed.event;
    },
    measure: (event: ParsedEvent): FeatureValues => measure(event, store.append(event), bound.params(event)),
  };
}

class Stopwatch {
  readonly #latency = new Latency();
  #totalMs = 0;

  time<Result>(measured: boolean, work: () => Result): Result {
    const from = process.hrtime.bigint();
    const result = work();
    const ms = Number(process.hrtime.bigint() - from) / 1e6;
    if (measured) {
      this.#totalMs += ms;
      this.#latency.record(ms);
    }
    return result;
  }

  row(name: string): Row {
    const perSecond = Math.round((1_000 * this.#latency.count) / this.#totalMs);
    const cpuMicrosPerDecision = Number(((1_000 * this.#totalMs) / this.#latency.count).toFixed(2));
    return {
      name, offeredPerSecond: perSecond, achievedPerSecond: perSecond, ...percentiles(this.#latency),
      errors: 0, degraded: 0, cpuMicrosPerDecision,
    };
  }
}
