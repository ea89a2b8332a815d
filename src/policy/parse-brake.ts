/** `brake`: in which segments hits are counted, and how often a rule may act without a forecast. */
import { fieldNamed, type EventSchema, type FieldDefinition } from '#domain/field.ts';
import type { BrakeSettings } from './compiled-policy.ts';
import type { DocumentNode } from './document.ts';
import { readShare } from './parse-gate.ts';
import { didYouMean, type Shape } from './shape.ts';

const SEGMENT = 'channel';

export function parseBrake(
  node: DocumentNode | undefined, schema: EventSchema, shape: Shape,
): BrakeSettings {
  const entries = node === undefined ? undefined : shape.map(node, ['segment', 'hits_max'], '`brake`');
  const segment = entries?.get('segment');
  const most = entries?.get('hits_max');
  return {
    segment: (segment && segmentOf(segment.value, schema, shape)) ?? schema.byPath.get(SEGMENT),
    hitsMax: most && readShare(most.value, 'hits_max', shape),
  };
}

/** Few values and no person: each is counted apart, and is named in what an operator reads. */
const isSegment = ({ type, history, path }: FieldDefinition): boolean =>
  history && path !== 'event' && (type.kind === 'enum' || type.kind === 'string');

function segmentOf(node: DocumentNode, schema: EventSchema, shape: Shape): FieldDefinition | undefined {
  const scalar = shape.scalar(node, 'the segment');
  if (scalar === undefined) return undefined;
  const field = fieldNamed(schema, scalar.text);
  if (field !== undefined && isSegment(field)) return field;
  const known = schema.fields.filter(isSegment).map(({ path }) => path);
  shape.findings.report('P104', scalar,
    `the segment is a field with few values, such as \`${SEGMENT}\`, not \`${scalar.text}\``,
    didYouMean(scalar.text, known));
  return undefined;
}
