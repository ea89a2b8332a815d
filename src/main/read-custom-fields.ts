/** What an installation declares under `custom`: `custom-fields.json`, with its mistakes by place. */
import type { CustomField } from '#domain/field.ts';
import { LIMITS } from '#domain/limits.ts';
import { nearestName } from '#domain/nearest-name.ts';

type Fields = Readonly<Record<string, unknown>>;
const isMap = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const TYPES = ['bool', 'int', 'decimal', 'string', 'money', 'instant', 'date'] as const;
const KEYS = ['name', 'type', 'history', 'description'];
const NAME = /^[a-z][a-z0-9_]{0,63}$/;
const FORM = '[{ "name": "items", "type": "int", "history": true, "description": "items in the basket" }]';

/** The declarations; what is wrong goes to `problems`, and then they are not to be used. */
export function readCustomFields(content: unknown, file: string, problems: string[]): readonly CustomField[] {
  if (!Array.isArray(content)) {
    problems.push(`${file}: is not a list; write ${FORM}`);
    return [];
  }
  if (content.length > LIMITS.customFieldCountMax) {
    problems.push(`${file}: ${content.length} custom fields; the limit is ${LIMITS.customFieldCountMax}`);
  }
  const seen = new Set<unknown>();
  content.forEach((one: unknown, i) => {
    const faults = isMap(one) ? faultsOf(one, seen) : [`is { "name", "type", "history", "description" }`];
    const name = isMap(one) && typeof one['name'] === 'string' ? ` (${one['name']})` : '';
    problems.push(...faults.map((fault) => `${file}: [${i}]${name} ${fault}`));
  });
  return content as readonly CustomField[];
}

function faultsOf(field: Fields, seen: Set<unknown>): readonly string[] {
  const { name, type, history, description } = field;
  const faults = Object.keys(field).filter((key) => !KEYS.includes(key))
    .map((key) => `has no key \`${key}\`; the keys are ${KEYS.join(', ')}`);
  if (typeof name !== 'string' || !NAME.test(name)) {
    faults.push('`name` is at most 64 small letters, digits and `_`, a letter first');
  } else if (seen.has(name)) faults.push('`name` is there twice');
  seen.add(name);
  if (!TYPES.some((known) => known === type)) {
    const near = typeof type === 'string' ? nearestName(type === 'text' ? 'string' : type, TYPES) : undefined;
    const hint = near === undefined ? '' : `; did you mean "${near}"?`;
    faults.push(`\`type\` is one of ${TYPES.join(', ')}, not ${JSON.stringify(type)}${hint}`);
  }
  if (typeof history !== 'boolean') {
    faults.push('`history` is true where windows may read it, false where it is not kept (personal data)');
  }
  if (typeof description !== 'string' || description === '') {
    faults.push('`description` is a text: it stands in the API contract');
  }
  return faults;
}
