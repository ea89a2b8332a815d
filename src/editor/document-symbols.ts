/** The document as a tree of its parts: sections, and in them what they declare. */
import { declaredAt, type NameKind } from './role.ts';
import type { Outline } from './outline.ts';
import { SYMBOL, type DocumentSymbol } from './protocol.ts';
import type { TextDocument } from './text-document.ts';
import { valueAt, type DocumentNode, type MapEntry } from '#policy/document.ts';

const KINDS: Readonly<Record<NameKind, number>> = {
  parameter: SYMBOL.constant, list: SYMBOL.array, define: SYMBOL.boolean, feature: SYMBOL.variable,
  rule: SYMBOL.function, reference: SYMBOL.property,
};

export function documentSymbols(document: TextDocument, { root, rules }: Outline): readonly DocumentSymbol[] {
  const titles = new Map(rules.map(({ id, title }) => [id, title]));
  const symbol = (entry: MapEntry, kind: number, detail: string | undefined,
    children: readonly DocumentSymbol[]): DocumentSymbol => ({
    name: entry.key === '' ? '?' : entry.key, kind,
    range: document.rangeOf(
      { start: entry.keyPlace.start, end: Math.max(entry.keyPlace.end, entry.value.end) }),
    selectionRange: document.rangeOf(entry.keyPlace),
    ...(detail === undefined ? {} : { detail }), ...(children.length === 0 ? {} : { children }),
  });
  return (root?.entries ?? []).map((section) => {
    const { key, value } = section;
    const parts = value.kind !== 'map' ? [] : value.entries.map((entry) => {
      const kind = declaredAt([key, entry.key]);
      return symbol(entry, kind === undefined ? SYMBOL.property : KINDS[kind], titles.get(entry.key), []);
    });
    const tests = key === 'tests' && value.kind === 'list' ? value.items.flatMap(
      (item) => testSymbol(document, item)) : [];
    return symbol(section, SYMBOL.module, value.kind === 'scalar' ? value.text : undefined,
      [...parts, ...tests]);
  });
}

function testSymbol(document: TextDocument, item: DocumentNode): readonly DocumentSymbol[] {
  const name = valueAt(item, 'name');
  if (name?.kind !== 'scalar' || name.text === '') return [];
  return [{ name: name.text, kind: SYMBOL.event, range: document.rangeOf(item),
    selectionRange: document.rangeOf(name) }];
}
