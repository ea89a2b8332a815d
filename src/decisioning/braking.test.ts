import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '#domain/limits.ts';
import { eventSchema } from '#domain/field.ts';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { POLICY, publicationOf } from '../../test/engine/engine-world.ts';
import { braking } from './braking.ts';
import type { RuleFinding } from './hit-watch.ts';
import type { RuleModeOverride } from './publication.ts';
import { EngineState } from './state.ts';

const schema = eventSchema();
const state = new EngineState(schema, new LocalWindowStore(schema));
state.publish(publicationOf(POLICY), 1);
const hash = state.live?.policies[0]?.policy.hash ?? '';

const found = (rule: string, value: string): RuleFinding => ({
  kind: 'above', policy: 'small', rule, hash, axis: 'fraud', because: 'too often',
  segment: { field: 'channel', value },
});
const held = (rule: string, value: string): RuleModeOverride => ({
  policy: 'small', rule, segment: { field: 'channel', value }, mode: 'shadow',
  since: '2026-01-01T00:00:00Z', because: 'x',
});

test('where there are too many modes for segments, a rule is held everywhere', () => {
  const modes = Array.from({ length: LIMITS.ruleModeCountMax }, (_, i) =>
    held(i % 2 === 0 ? 'many' : 'watched', `s${i}`));
  const { amending } = braking([found('many', 'new'), found('many', 'other')],
    { modes, snoozes: [], challengers: [] }, state.live, 0);
  equal(amending.modes?.length, LIMITS.ruleModeCountMax / 2 + 1);
  const segments = amending.modes?.filter(({ rule }) => rule === 'many').map(({ segment }) => segment);
  deepEqual(segments, [undefined]);
});

test('where others have all the modes, the one with the most is held everywhere too', () => {
  const modes = Array.from({ length: LIMITS.ruleModeCountMax }, (_, i) =>
    held(i % 4 === 0 ? 'few' : 'most', `s${i}`));
  const { amending } = braking([found('watched', 'new')],
    { modes, snoozes: [], challengers: [] }, state.live, 0);
  const of = (rule: string) =>
    amending.modes?.filter((one) => one.rule === rule).map(({ segment }) => segment);
  deepEqual(of('watched'), [undefined]);
  deepEqual(of('most'), [undefined]);
  equal(of('few')?.length, LIMITS.ruleModeCountMax / 4);
});

test('what is held already is neither added nor told again', () => {
  const inForce = { modes: [held('many', 'pos')], snoozes: [], challengers: [] };
  const { amending, news } = braking([found('many', 'pos'), found('many', 'ecom')], inForce, state.live, 0);
  deepEqual(amending.modes?.map(({ segment }) => segment?.value), ['pos', 'ecom']);
  deepEqual(news.map(({ segment }) => segment), ['ecom']);
});
