/** A policy in a world: what the deciding thread calls for each payment. Nothing in it waits. */
import type { ParsedEvent } from '#domain/event.ts';
import type { RateTable } from '#domain/rates.ts';
import { withoutMarks, type EmitRuntime } from '#expression/emit-runtime.ts';
import type { Cell } from '#expression/type.ts';
import { missing, valueOfCell } from '#expression/value.ts';
import type { World } from '#expression/world.ts';
import type { FeatureValues } from '#features/definition.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { Decider } from './decide.ts';
import { generatePolicy, policyCode, type PolicyCode } from './generate-policy.ts';
import type { Interventions } from './interventions.ts';
import type { PolicyResult, RuleResults } from './policy-result.ts';

export interface PolicyWorld {
  /** Made with `inList` of this policy's lists (`bindLists`) and rates of the same table as `rates`. */
  readonly runtime: EmitRuntime;
  readonly rates: RateTable;
}

/** How payments are judged: with windows, or without. */
export interface BoundRules {
  /**
   * Cells of the parameters, `p` in generated code; the array is reused. Features and rules read the same
   * ones.
   */
  params(event: ParsedEvent): Cell[];
  /** Answers of all rules; the array is reused. `params` must be those of this event. */
  judge(event: ParsedEvent, cells: readonly Cell[], params: readonly Cell[]): RuleResults;
  decide(
    results: RuleResults, event: ParsedEvent, values: FeatureValues, interventions?: Interventions,
  ): PolicyResult;
  /** What expressions saw, for `interpret` and `missingCause`. */
  explain(event: ParsedEvent, values: FeatureValues, params: readonly Cell[]): Omit<World, 'salt'>;
}

export interface BoundPolicy extends BoundRules {
  readonly policy: CompiledPolicy;
  /**
   * Where windows and marks cannot be asked: no mark is looked at, and rules `during: degraded` count too.
   * The cells of all features must be missing. Made when it is first asked for.
   */
  readonly degraded: BoundRules;
}

/** `code` is that of this policy. */
export function bindPolicy(
  policy: CompiledPolicy, world: PolicyWorld, code = policyCode(policy),
): BoundPolicy {
  let degraded: BoundRules | undefined;
  return {
    policy,
    ...boundRules(policy, world, code, false),
    get degraded() {
      degraded ??= boundRules(policy, { ...world, runtime: withoutMarks(world.runtime) }, code, true);
      return degraded;
    },
  };
}

function boundRules(
  policy: CompiledPolicy, world: PolicyWorld, code: PolicyCode, isDegraded: boolean,
): BoundRules {
  const program = generatePolicy(world.runtime, code, isDegraded);
  const params: Cell[] = policy.params.map(() => undefined);
  const answers = new Uint8Array(policy.rules.length);
  const decider = new Decider(policy, program, isDegraded);
  const explain: BoundRules['explain'] = (event, values, given) =>
    explainingWorld(policy, world, event, values, given, isDegraded);
  return {
    params(event) {
      program.params(event, params);
      return params;
    },
    judge(event, cells, given) {
      program.rules(event, cells, given, answers);
      return { answers, params: given };
    },
    decide: (results, event, values, interventions) =>
      decider.decide(results, event, values, () => explain(event, values, results.params), interventions),
    explain,
  };
}

/** The world of the judge, on the cells that generated code has worked with. */
function explainingWorld(
  policy: CompiledPolicy, world: PolicyWorld, event: ParsedEvent, values: FeatureValues,
  params: readonly Cell[], isDegraded: boolean,
): Omit<World, 'salt'> {
  const { runtime, rates } = world;
  return {
    current: event,
    isDegraded,
    feature(index, name) {
      const feature = policy.features[index];
      const reason = values.reasons[index] ?? 'absent';
      return feature === undefined ? missing(reason, name)
        : valueOfCell(values.cells[index], feature.type, reason, name);
    },
    param(index, name) {
      const param = policy.params[index];
      return param === undefined ? missing('absent', name)
        : valueOfCell(params[index], param.type, 'absent', name);
    },
    inList: (list, value, tMs) => runtime.inList(list, value, tMs) === 2,
    rates,
    mark: (path, value, name, tMs, holding) => runtime.mark(path, value, name, tMs, holding),
  };
}
