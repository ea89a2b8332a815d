import type { ParsedEvent } from '#domain/event.ts';
import type { FieldDefinition } from '#domain/field.ts';
import type { MissingReason } from '#domain/missing.ts';
import { cellOfValue, missing } from '#expression/value.ts';
import type { FeatureValues } from '#features/definition.ts';
import type { CompiledPolicy } from './compiled-policy.ts';

/**
 * The features of a policy where windows cannot be asked. One whose entity the payment does not name would be
 * absent with windows too, and that is what it is then.
 */
export function unmeasuredOf(
  { features }: Pick<CompiledPolicy, 'features'>,
): (event: ParsedEvent) => FeatureValues {
  const keys = features.map(({ key, alsoEqual }) => [key, ...alsoEqual].map(({ current }) => current));
  const cells = features.map(({ name, type }) => cellOfValue(missing('degraded', name), type));
  const bounds = features.map(() => undefined);
  const reasonOf = (fields: readonly FieldDefinition[], event: ParsedEvent): MissingReason =>
    (fields.some((field) => lacks(event, field)) ? 'absent' : 'degraded');
  return (event) => ({ cells, bounds, reasons: keys.map((fields) => reasonOf(fields, event)) });
}

const lacks = ({ texts, numbers }: ParsedEvent, { textSlot, numberSlot }: FieldDefinition): boolean =>
  (textSlot >= 0 ? texts[textSlot] === undefined : Number.isNaN(numbers[numberSlot] ?? Number.NaN));
