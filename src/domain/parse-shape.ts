/**
 * A compiled JSON Schema that answers with a typed value, or with every fault, its pointer and what would be
 * right.
 */
import { Ajv } from 'ajv';
import type { ErrorObject } from 'ajv';
import type { Static, TSchema } from 'typebox';
import { pointerStep } from './json-fault.ts';
import { nearestName } from './nearest-name.ts';
import type { Refusal } from './refusal.ts';

export type ParseShape<T> = (value: unknown) => { readonly value: T } | Refusal;
export type Fault = Refusal['errors'][number];

/** More would help nobody and cost the caller's patience and our time. */
const FAULT_COUNT_MAX = 16;

// INVARIANT: nothing is coerced, removed or filled in: what passes is what was sent.
const ajv = new Ajv({
  allErrors: true,
  verbose: true,
  allowUnionTypes: true,
  validateFormats: false,
  strictRequired: false,
  coerceTypes: false,
  removeAdditional: false,
  useDefaults: false,
});

/** Compiling takes some 10 ms: once for each schema, never for each call. */
export function compileShape<S extends TSchema>(schema: S): ParseShape<Static<S>> {
  const validate = ajv.compile(schema);
  const parse = (value: unknown) =>
    validate(value) ? { value: value as Static<S> } : invalid((validate.errors ?? []).map(faultOf));
  return parse;
}

/** One refusal for a list of faults that has at least one. */
export function invalid(faults: readonly Fault[]): Refusal {
  const [first] = faults;
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  const detail =
    first === undefined ? 'not what the schema says' : `${first.pointer}: ${first.detail}${more}`;
  return { code: 'invalid', detail, errors: faults.slice(0, FAULT_COUNT_MAX) };
}

function faultOf(error: ErrorObject): Fault {
  const at = error.instancePath;
  const params: Readonly<Record<string, unknown>> = error.params;
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownField(
        at,
        String(params['additionalProperty']),
        Object.keys(fieldsOf(error.parentSchema)),
      );
    case 'required': {
      const missing = String(params['missingProperty']);
      return { pointer: at + pointerStep(missing), detail: 'is required' };
    }
    case 'enum':
      return { pointer: at, detail: `must be ${list(error.schema)}${meant(error.data, error.schema)}` };
    case 'type':
      return { pointer: at, detail: `must be ${article(error.schema)}${about(error)}` };
    case 'maxLength':
      return { pointer: at, detail: `is longer than ${String(error.schema)} characters` };
    case 'minLength':
      return { pointer: at, detail: `is shorter than ${String(error.schema)} characters${about(error)}` };
    case 'pattern':
      return { pointer: at, detail: `must look like ${String(error.schema)}${about(error)}` };
    default:
      return { pointer: at, detail: error.message ?? `breaks ${error.keyword}` };
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
const fieldsOf = (schema: unknown): object => {
  const fields = isRecord(schema) ? schema['properties'] : undefined;
  return isRecord(fields) ? fields : {};
};

const NAME_CHARS_SHOWN_MAX = 40;

function unknownField(at: string, name: string, known: readonly string[]): Fault {
  const near = nearestName(name, known);
  const hint =
    near === undefined
      ? known.length === 0
        ? 'no field is declared here'
        : `known here: ${known.join(', ')}`
      : `did you mean ${near}?`;
  return { pointer: at + pointerStep(name.slice(0, NAME_CHARS_SHOWN_MAX)), detail: `unknown field; ${hint}` };
}

const strings = (values: unknown): string[] =>
  Array.isArray(values) ? values.filter((value): value is string => typeof value === 'string') : [];
const list = (values: unknown): string => `one of ${strings(values).join(', ')}`;

function meant(data: unknown, values: unknown): string {
  const near = typeof data === 'string' ? nearestName(data, strings(values)) : undefined;
  return near === undefined ? '' : `; did you mean ${near}?`;
}

function article(type: unknown): string {
  const name = Array.isArray(type) ? String(type[0]) : String(type);
  return /^[aio]/.test(name) ? `an ${name}` : `a ${name}`;
}

function about(error: ErrorObject): string {
  const description: unknown = error.parentSchema?.['description'];
  return typeof description === 'string' ? `: ${description}` : '';
}
