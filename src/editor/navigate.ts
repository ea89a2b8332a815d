/** Go to where a name is declared, find where it is used, and rename it there. */
import { parseExpression } from '#expression/parse.ts';
import type { Place } from '#policy/diagnostic.ts';
import type { DeclaredName, Outline } from './outline.ts';
import type { NameUse, Uses } from './name-uses.ts';
import { RequestRefused } from './protocol.ts';
import type { NameKind } from './role.ts';

/** The name at an offset, declared or used. */
export function nameAt({ uses }: Uses, outline: Outline, offset: number): NameUse | undefined {
  const holds = ({ start, end }: Place): boolean => start <= offset && offset <= end;
  const declared = outline.names.find(({ keyPlace }) => holds(keyPlace));
  if (declared !== undefined) return { kind: declared.kind, name: declared.name, ...declared.keyPlace };
  return uses.find(holds);
}

export const declarationOf = (outline: Outline, { kind, name }: NameUse): DeclaredName | undefined =>
  outline.names.find((one) => one.kind === kind && one.name === name);

export function placesOf({ uses }: Uses, outline: Outline, use: NameUse,
  withDeclaration: boolean): readonly Place[] {
  const declared = declarationOf(outline, use);
  const used = uses.filter(({ kind, name }) => kind === use.kind && name === use.name);
  return declared === undefined || !withDeclaration ? used : [declared.keyPlace, ...used];
}

const RENAMED: ReadonlySet<NameUse['kind']> =
  new Set<NameKind>(['parameter', 'define', 'feature', 'list']);

/** Throws RequestRefused with what stands in the way. */
export function renameable(uses: Uses, outline: Outline, offset: number): NameUse {
  const use = nameAt(uses, outline, offset);
  if (use?.kind === 'rule') {
    throw new RequestRefused(`the id of rule ${use.name} stays for its life: decisions and labels name it. `
      + 'Change its title, or write a new rule and turn this one off.');
  }
  if (use === undefined || !RENAMED.has(use.kind) || declarationOf(outline, use) === undefined) {
    throw new RequestRefused('parameters, lists, defines and features of this policy can be renamed');
  }
  return use;
}

/** All places of a name. Nothing is renamed while an expression cannot be read: it might hold the name. */
export function renamed(uses: Uses, outline: Outline, offset: number, newName: string): readonly Place[] {
  const use = renameable(uses, outline, offset);
  if (uses.unread.length > 0) {
    throw new RequestRefused('an expression of the policy cannot be read; put it right first');
  }
  const parsed = /^[a-z][a-z0-9_]*$/.test(newName) ? parseExpression(newName) : undefined;
  if (parsed === undefined || !('expr' in parsed) || (use.kind !== 'list' && parsed.expr.kind !== 'name')) {
    throw new RequestRefused(
      `\`${newName}\` cannot be a name: small letters, digits and \`_\`, a letter first`);
  }
  if (newName !== use.name && isTaken(uses, outline, use.kind, newName)) {
    throw new RequestRefused(`\`${newName}\` is already taken; choose another name`);
  }
  return placesOf(uses, outline, use, true);
}

function isTaken({ locals }: Uses, outline: Outline, kind: NameUse['kind'], name: string): boolean {
  const { schema } = outline.scope;
  if (kind === 'list') return outline.names.some((one) => one.kind === 'list' && one.name === name);
  return schema.byPath.has(name) || schema.aliases.has(name) || locals.has(name)
    || outline.names.some((one) => one.name === name && RENAMED.has(one.kind) && one.kind !== 'list');
}
