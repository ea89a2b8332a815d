import type { Refusal } from '#domain/refusal.ts';
import { refusal } from './problem.ts';
import type { Parameter } from './routes.ts';

const CHARS_SHOWN_MAX = 40;

/** Why a query is none of this address: a misspelt question gets no half answer. */
export function queryFault(
  parameters: readonly Parameter[], query: Readonly<Record<string, unknown>>,
): Refusal | undefined {
  for (const [name, value] of Object.entries(query)) {
    const fault = faultOf(name, value, parameters);
    if (fault !== undefined) return refusal('bad_request', fault);
  }
  const missing = parameters.find((one) => one.required && query[one.name] === undefined);
  return missing && refusal('bad_request', `\`${missing.name}\` is missing: add ?${missing.name}=..., `
    + missing.description);
}

function faultOf(name: string, value: unknown, parameters: readonly Parameter[]): string | undefined {
  const parameter = parameters.find((one) => one.name === name);
  if (parameter === undefined) {
    const known = parameters.map((one) => `\`${one.name}\``).join(', ');
    return `the query's \`${shown(name)}\` is not asked for here; there ${known === '' ? 'are none'
      : `is ${known}`}`;
  }
  if (typeof value !== 'string') return `the query has \`${name}\` more than once; send it once`;
  const { schema, description } = parameter;
  const said = `the query's \`${name}\` is \`${shown(value)}\`; it`;
  if ('type' in schema && schema.type === 'integer' && !/^\d{1,15}$/.test(value)) {
    return `${said} is a whole number: ${description}`;
  }
  if ('enum' in schema && Array.isArray(schema.enum) && !schema.enum.includes(value)) {
    return `${said} is one of ${schema.enum.join(', ')}`;
  }
  return value === '' ? `${said} says something, or is left out: ${description}` : undefined;
}

const shown = (text: string): string =>
  (text.length > CHARS_SHOWN_MAX ? `${text.slice(0, CHARS_SHOWN_MAX)}...` : text);
