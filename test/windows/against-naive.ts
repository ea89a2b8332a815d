/** The scan beside its definition, event by event: they give the same, or the test says where they part. */
import { deepStrictEqual } from 'node:assert/strict';
import type { PersistentWindowStore } from '#ports/window-store.ts';
import type { ParsedEvent } from '#domain/event.ts';
import { compileFeatures } from '#features/compile-features.ts';
import { naiveFeature, type Happening } from '#features/naive-feature.ts';
import { featureOf } from './random-feature.ts';
import { SCHEMA } from './random-history.ts';
import { PARAMS, runtimeOf, SURROUNDINGS } from './test-world.ts';

export interface Course {
  /** Texts of the features. */
  readonly texts: readonly string[];
  /** Empty at first. */
  readonly store: PersistentWindowStore;
  /** That of the store. */
  readonly retentionMs: number;
  /** Of which so many happen. */
  readonly history: Iterable<Happening>;
  readonly count: number;
  /** Where it came from: the seed. */
  readonly told: string;
}

const tell = (event: ParsedEvent): string => JSON.stringify({
  t: event.numbers[0], id: event.id, type: event.type,
  numbers: event.numbers.map((x, i) => `${i}:${x}`).filter((x) => !x.endsWith('NaN')).join(' '),
  texts: event.texts.map((x, i) => `${i}:${x}`).filter((x) => !x.endsWith('undefined')).join(' '),
});

export function compareWithNaive({ texts, store, retentionMs, history, count, told }: Course): void {
  const definitions = texts.map(featureOf);
  const judge = compileFeatures(definitions, SCHEMA).bind(store, runtimeOf(store));
  const happened: Happening[] = [];
  for (const one of history) {
    if (happened.push(one) > count) break;
    if (one.kind === 'change') {
      store.change(one.tenant, one.transactionId, one.what, one.value, one.knownAtMs);
      continue;
    }
    const values = judge(one.event, store.append(one.event), PARAMS);
    definitions.forEach((definition, index) => {
      const truth = naiveFeature(definition, happened, one.event, SURROUNDINGS, retentionMs);
      deepStrictEqual({ cell: values.cells[index], reason: values.reasons[index] }, truth,
        `${told}: ${texts[index]} at event ${happened.length}: ${tell(one.event)}\n`
        + `scan ${JSON.stringify(values.cells[index])} ${values.reasons[index]}, `
        + `naive ${JSON.stringify(truth.cell)} ${truth.reason}`);
    });
  }
}
