/**
 * A test world on the definitions alone: lists of events filtered by hand, trees interpreted. Slow, and the
 * judge.
 */
import type { ParsedEvent } from '#domain/event.ts';
import type { FieldDefinition } from '#domain/field.ts';
import type { RateTable } from '#domain/rates.ts';
import { LIMITS } from '#domain/limits.ts';
import { cellOfValue, missing, valueOfCell } from '#expression/value.ts';
import type { Mark, World } from '#expression/world.ts';
import type { FeatureValues } from '#features/definition.ts';
import { fieldValue, naiveFeature, type Happening } from '#features/naive-feature.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { interpretPolicy, paramValue } from './interpret-policy.ts';
import type { BoundLists } from './lists.ts';
import type { Judged, OpenTestWorld, TestWorld } from './test-world.ts';

const TENANT = 'test';
interface SetMark extends Mark { readonly path: string; readonly entity: string; readonly name: string }

export const naiveWorld: OpenTestWorld = (policy, lists, rates) => new NaiveWorld(policy, lists, rates);

class NaiveWorld implements TestWorld {
  readonly #policy: CompiledPolicy;
  readonly #lists: BoundLists;
  readonly #rates: RateTable;
  readonly #happened: Happening[] = [];
  readonly #marks: SetMark[] = [];

  constructor(policy: CompiledPolicy, lists: BoundLists, rates: RateTable) {
    this.#policy = policy;
    this.#lists = lists;
    this.#rates = rates;
  }

  tell(event: ParsedEvent): void {
    event.position = this.#happened.length + 1;
    this.#happened.push({ kind: 'event', event });
  }

  change(transactionId: string, what: 'status' | 'label', value: string, knownAtMs: number): void {
    this.#happened.push({ kind: 'change', tenant: TENANT, transactionId, what, value, knownAtMs });
  }

  decide(event: ParsedEvent): Judged {
    this.tell(event);
    const { judged, marks } = this.#judge(event, this.#features(event), false);
    this.#marks.push(...marks);
    return judged;
  }

  decideDegraded(event: ParsedEvent): Judged {
    this.tell(event);
    const world = { ...this.#base(event, true), feature: noFeature, salt: '' };
    const isAbsent = (field: FieldDefinition): boolean =>
      fieldValue(field, 'current', world).kind === 'missing';
    const values: FeatureValues = {
      cells: this.#policy.features.map(({ type }) => cellOfValue(missing('degraded', ''), type)),
      reasons: this.#policy.features.map(({ key, alsoEqual }) =>
        ([key, ...alsoEqual].some(({ current }) => isAbsent(current)) ? 'absent' : 'degraded')),
      bounds: this.#policy.features.map(() => undefined),
    };
    return this.#judge(event, values, true).judged;
  }

  #judge(event: ParsedEvent, values: FeatureValues, isDegraded: boolean): {
    readonly judged: Judged; readonly marks: readonly SetMark[];
  } {
    const feature: World['feature'] = (index, name) => {
      const type = this.#policy.features[index]?.type ?? { kind: 'int' };
      return valueOfCell(values.cells[index], type, values.reasons[index] ?? 'absent', name);
    };
    const base = this.#base(event, isDegraded);
    const { answers, result } = interpretPolicy(this.#policy, event, {
      ...base, feature: (index) => feature(index, this.#policy.features[index]?.name ?? ''),
    });
    const marks = result.effects.flatMap((effect): readonly SetMark[] => {
      if (effect.kind !== 'label') return [];
      const { field, value, name, fromMs, untilMs } = effect;
      return [{ path: field.path, entity: value, name, value: 1, fromMs, untilMs }];
    });
    return { judged: { answers, values, result, world: { ...base, feature } }, marks };
  }

  #base(event: ParsedEvent, isDegraded: boolean): Omit<World, 'salt' | 'feature'> {
    const base = {
      isDegraded,
      current: event,
      rates: this.#rates,
      inList: (list: number, value: string | number, tMs: number) =>
        this.#lists.inList(list, value, tMs) === 2,
      mark: (path: string, entity: string, name: string, tMs: number, holding = false) =>
        this.#marks.filter((mark) => mark.path === path && mark.entity === entity && mark.name === name)
          .filter((mark) => mark.fromMs <= tMs && (!holding || tMs < mark.untilMs))
          .toSorted((a, b) => a.fromMs - b.fromMs).at(-1),
    };
    const none = { ...base, salt: '', feature: noFeature, param: noFeature };
    return {
      ...base,
      param: (index, name) => {
        const param = this.#policy.params[index];
        return param === undefined ? noFeature(index, name) : paramValue(param, event, none);
      },
    };
  }

  #features(event: ParsedEvent): FeatureValues {
    const around = { ...this.#base(event, false), feature: noFeature, salt: '', schema: this.#policy.schema };
    const results = this.#policy.features.map((definition) =>
      naiveFeature(definition, this.#happened, event, around, LIMITS.windowMsMax));
    return {
      cells: results.map((result) => result.cell),
      reasons: results.map((result) => result.reason),
      bounds: results.map(() => undefined),
    };
  }
}

/** Windows see no features, and parameters no parameters: the checker has made sure of it. */
const noFeature: World['feature'] = (index, name) => {
  throw new Error(`${name} (${index}) is read where it cannot be`);
};
