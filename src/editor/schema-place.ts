/** What the JSON Schema of a policy says of a place in the document: keys, words, and a line on each. */
import type { JsonSchema } from '#policy/policy-json-schema.ts';
import type { PathPart } from './cursor-place.ts';

export interface SchemaPlace {
  readonly keys: ReadonlyMap<string, { readonly description: string; readonly isNested: boolean }>;
  readonly words: readonly string[];
  readonly description: string | undefined;
}

export function schemaPlace(schema: JsonSchema, path: readonly PathPart[]): SchemaPlace {
  let at = alternatives(schema);
  for (const part of path) at = at.flatMap((one) => inside(one, part)).flatMap(alternatives);
  const keys = new Map(at.flatMap((one) => Object.entries(mapIn(one['properties']))).map(([key, value]) =>
    [key, { description: textOf(value['description']) ?? '', isNested: isNested(value) }]));
  return {
    keys, words: at.flatMap(wordsIn),
    description: at.map((one) => textOf(one['description'])).find((text) => text !== undefined),
  };
}

const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function mapIn(value: unknown): Readonly<Record<string, JsonSchema>> {
  if (!isSchema(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) => (isSchema(one) ? [[key, one]] : [])));
}

/** A schema is each of its `anyOf`, with its own description where they have none. */
function alternatives(schema: JsonSchema): readonly JsonSchema[] {
  const { anyOf } = schema;
  if (!Array.isArray(anyOf)) return [schema];
  const own = schema['description'];
  return [...(own === undefined ? [] : [{ description: own }]),
    ...anyOf.flatMap((one: unknown) => (isSchema(one) ? alternatives(one) : []))];
}

function inside(schema: JsonSchema, part: PathPart): readonly JsonSchema[] {
  if (typeof part === 'number') return isSchema(schema['items']) ? [schema['items']] : [];
  const known = mapIn(schema['properties'])[part];
  if (known !== undefined) return [known];
  const patterned = Object.values(mapIn(schema['patternProperties']));
  const others = schema['additionalProperties'];
  return [...patterned, ...(isSchema(others) ? [others] : [])];
}

function wordsIn(schema: JsonSchema): readonly string[] {
  const words: unknown = schema['enum'] ?? [schema['const']];
  const found = Array.isArray(words) ? words.filter((one) => one !== undefined).map(String) : [];
  return found.length === 0 && schema['type'] === 'boolean' ? ['true', 'false'] : found;
}

/** Does a map or a list follow on lines of its own? */
const isNested = (schema: JsonSchema): boolean =>
  alternatives(schema).some((one) => one['type'] === 'object' || one['type'] === 'array');
