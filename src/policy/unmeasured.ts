import { cellOfValue, missing } from '#expression/value.ts';
import type { FeatureValues } from '#features/definition.ts';
import type { CompiledPolicy } from './compiled-policy.ts';

/** The features of a policy where windows cannot be asked. */
export const unmeasuredOf = ({ features }: Pick<CompiledPolicy, 'features'>): FeatureValues => ({
  cells: features.map(({ name, type }) => cellOfValue(missing('degraded', name), type)),
  reasons: features.map(() => 'degraded'),
  bounds: features.map(() => undefined),
});
