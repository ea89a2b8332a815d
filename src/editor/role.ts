/** What a scalar of the document is, by its path: an expression, or a name of one kind. */
import type { PathPart } from './cursor-place.ts';

export type NameKind = 'parameter' | 'list' | 'define' | 'feature' | 'rule' | 'reference';

export type Role =
  | { readonly kind: 'condition' | 'define' | 'feature' | 'lasting' | 'textual' | 'reason' | 'value' }
  | { readonly kind: 'name'; readonly of: 'rule' | 'reference' }
  /** An entity field of the event. */
  | { readonly kind: 'entity' }
  | { readonly kind: 'field'; readonly path: string }
  /** What a test expects of a rule, a feature or an outcome. */
  | { readonly kind: 'expectation'; readonly of: string }
  | { readonly kind: 'word' };

const ROLES: readonly (readonly [pattern: string, role: Role])[] = [
  ['rules.*.when', { kind: 'condition' }],
  ['rules.*.unless', { kind: 'condition' }],
  ['rules.*.then.for', { kind: 'lasting' }],
  ['rules.*.then.on', { kind: 'entity' }],
  ['rules.*.reason', { kind: 'reason' }],
  ['rules.*.because', { kind: 'name', of: 'reference' }],
  ['rules.*.because.#', { kind: 'name', of: 'reference' }],
  ['rules.*.replaces', { kind: 'name', of: 'rule' }],
  ['rules.*.replaces.#', { kind: 'name', of: 'rule' }],
  ['scoring.*.sum', { kind: 'name', of: 'rule' }],
  ['scoring.*.sum.#', { kind: 'name', of: 'rule' }],
  ['define.*', { kind: 'define' }],
  ['features.*', { kind: 'feature' }],
  ['params.*.by', { kind: 'textual' }],
  ['params.*', { kind: 'value' }],
  ['params.*.cases.*', { kind: 'value' }],
  ['params.*.otherwise', { kind: 'value' }],
  ['params.*.#.is', { kind: 'value' }],
];

export function roleAt(path: readonly PathPart[]): Role {
  const found = ROLES.find(([pattern]) => matches(path, pattern));
  if (found !== undefined) return found[1];
  const last = path.at(-1);
  if (typeof last !== 'string') return { kind: 'word' };
  if (matches(path, 'tests.#.given.#.expect.*')) return { kind: 'expectation', of: last };
  return matches(path, 'tests.#.given.#.*') ? { kind: 'field', path: last } : { kind: 'word' };
}

/** `*` is any key, `#` any index. */
export function matches(path: readonly PathPart[], pattern: string): boolean {
  const parts = pattern.split('.');
  return parts.length === path.length && parts.every((part, i) => {
    const given = path[i];
    if (part === '#') return typeof given === 'number';
    return typeof given === 'string' && (part === '*' || part === given);
  });
}

/** Keys that declare a name: `features.*` declares a feature. */
const DECLARING: readonly (readonly [section: string, kind: NameKind])[] = [
  ['params', 'parameter'], ['lists', 'list'], ['define', 'define'], ['features', 'feature'],
  ['rules', 'rule'], ['references', 'reference'],
];

export function declaredAt(path: readonly PathPart[]): NameKind | undefined {
  if (path.length !== 2 || typeof path[1] !== 'string') return undefined;
  return DECLARING.find(([section]) => section === path[0])?.[1];
}
