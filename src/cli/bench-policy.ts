/** `assay bench-policy FILE`: what the policy costs by itself, on the payments of its own tests. */
import { readFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { T_SLOT, type ParsedEvent } from '#domain/event.ts';
import { eventSchema, type EventSchema } from '#domain/field.ts';
import { LIMITS } from '#domain/limits.ts';
import { emptyRateTable } from '#domain/rates.ts';
import { compilePolicy } from '#policy/compile-policy.ts';
import type { CompiledPolicy } from '#policy/compiled-policy.ts';
import { bindLists } from '#policy/lists.ts';
import { renderDiagnostics } from '#policy/render-diagnostic.ts';
import type { OpenTestWorld } from '#policy/test-world.ts';
import { UsageError, type ExitCode, type Shell } from './shell.ts';

export const BENCH_POLICY_USAGE = `\
assay bench-policy FILE       microseconds a decision (windows, features, rules), on the
                              payments of the policy's own tests; --seconds N (2)`;

/** Further apart than any window: each round meets the history of the tests, and not that of other rounds. */
const ROUND_MS = LIMITS.windowMsMax + 30 * 86_400_000;
const ROUND_COUNT_MAX = 100_000;
const WARM_UP_SHARE = 0.3;

export async function benchPolicy(
  shell: Shell, open: OpenTestWorld, schema: EventSchema = eventSchema(),
): Promise<ExitCode> {
  const { values, positionals: [path] } = parseArgs({
    args: [...shell.args], allowPositionals: true, options: { seconds: { type: 'string', default: '2' } },
  });
  const seconds = Number(values.seconds);
  if (path === undefined || !(seconds > 0 && seconds <= 600)) throw new UsageError(BENCH_POLICY_USAGE);
  const file = resolve(shell.folder, path);
  const source = await readFile(file, 'utf8').catch(() => {
    throw new UsageError(`${path}: there is no such file`);
  });
  const compiled = compilePolicy(source, relative(shell.folder, file), schema);
  if (!('policy' in compiled)) {
    shell.err(renderDiagnostics(compiled.diagnostics, source, path));
    return 1;
  }
  const micros = measure(compiled.policy, open, seconds * 1_000);
  if (micros.length === 0) throw new UsageError(`${path} has no tests with payments to measure on`);
  const at = (share: number): string => (micros[Math.floor(micros.length * share)] ?? 0).toFixed(1);
  const mean = micros.reduce((sum, one) => sum + one, 0) / micros.length;
  const { rules, features } = compiled.policy;
  shell.out(`${rules.length} rules, ${features.length} features, ${micros.length} decisions on this machine`);
  const tails = `p50 ${at(0.5)}, p99 ${at(0.99)}, p99.9 ${at(0.999)}`;
  shell.out(`microseconds a decision: mean ${mean.toFixed(1)}, ${tails}`);
  return 0;
}

/** Sorted microseconds of the decisions after the warm-up. Each round is later, under new ids. */
function measure(policy: CompiledPolicy, open: OpenTestWorld, forMs: number): readonly number[] {
  const lists = bindLists(policy.lists, new Map());
  if ('problems' in lists) throw new UsageError(lists.problems.join('\n'));
  const world = open(policy, lists, emptyRateTable(policy.currency ?? 'EUR'));
  const steps = policy.tests.flatMap(({ lines }) => lines.map(({ step }) => step));
  const events = steps.flatMap((step) => (step.kind === 'event' ? [step.event] : []));
  const micros: number[] = [];
  const startedAt = performance.now();
  if (!events.some(({ type }) => type === 'transaction')) return micros;
  for (let round = 0; round < ROUND_COUNT_MAX && performance.now() - startedAt < forMs; round++) {
    for (const event of events) {
      const copy = later(event, round);
      const before = performance.now();
      if (event.type === 'transaction') world.decide(copy);
      else world.tell(copy);
      const isWarm = before - startedAt > forMs * WARM_UP_SHARE;
      if (isWarm && event.type === 'transaction') micros.push((performance.now() - before) * 1_000);
    }
  }
  return micros.toSorted((a, b) => a - b);
}

function later(event: ParsedEvent, round: number): ParsedEvent {
  const shiftMs = round * ROUND_MS;
  const numbers = event.numbers.slice();
  numbers[T_SLOT] = (numbers[T_SLOT] ?? 0) + shiftMs;
  return {
    ...event, numbers, texts: event.texts.slice(), id: `${event.id}-${round}`,
    receivedAtMs: event.receivedAtMs + shiftMs,
  };
}
