/** Where in the tree of the document an offset stands, and the other way round. */
import type { Place } from '#policy/diagnostic.ts';
import { valueAt, type DocumentNode, type MapEntry, type ScalarNode } from '#policy/document.ts';
import type { PathPart } from './cursor-place.ts';

export type NodePlace =
  | { readonly kind: 'key'; readonly path: readonly PathPart[]; readonly entry: MapEntry }
  | { readonly kind: 'scalar'; readonly path: readonly PathPart[]; readonly node: ScalarNode };

const holds = ({ start, end }: Place, offset: number): boolean => start <= offset && offset <= end;

/** The key or scalar at an offset; its end counts, since there the cursor stands after typing it. */
export function nodePlace(root: DocumentNode | undefined, offset: number): NodePlace | undefined {
  const path: PathPart[] = [];
  for (let node = root; node !== undefined;) {
    if (node.kind === 'scalar') return holds(node, offset) ? { kind: 'scalar', path, node } : undefined;
    if (node.kind === 'list') {
      const index = node.items.findIndex((item) => holds(item, offset));
      node = node.items[index];
      path.push(index);
      continue;
    }
    const key = node.entries.find(({ keyPlace }) => holds(keyPlace, offset));
    if (key !== undefined) return { kind: 'key', path: [...path, key.key], entry: key };
    const inside = node.entries.findLast(({ value }) => holds(value, offset));
    node = inside?.value;
    if (inside !== undefined) path.push(inside.key);
  }
  return undefined;
}

function nodeAt(root: DocumentNode | undefined, path: readonly PathPart[]): DocumentNode | undefined {
  return path.reduce<DocumentNode | undefined>((node, part) => (
    typeof part === 'string' ? valueAt(node, part)
      : node?.kind === 'list' ? node.items[part] : undefined), root);
}

export function keysAt(root: DocumentNode | undefined, path: readonly PathPart[]): ReadonlySet<string> {
  const node = nodeAt(root, path);
  return new Set(node?.kind === 'map' ? node.entries.map(({ key }) => key) : []);
}

/** All scalars below a node. */
export function* scalarsIn(node: DocumentNode | undefined, path: readonly PathPart[] = []):
Generator<{ readonly path: readonly PathPart[]; readonly node: ScalarNode }> {
  if (node === undefined) return;
  if (node.kind === 'scalar') yield { path, node };
  else if (node.kind === 'list') {
    for (const [i, item] of node.items.entries()) yield* scalarsIn(item, [...path, i]);
  } else for (const { key, value } of node.entries) yield* scalarsIn(value, [...path, key]);
}

/** All keys below a node. */
export function* keysIn(node: DocumentNode | undefined, path: readonly PathPart[] = []):
Generator<{ readonly path: readonly PathPart[]; readonly entry: MapEntry }> {
  if (node === undefined || node.kind === 'scalar') return;
  if (node.kind === 'list') {
    for (const [i, item] of node.items.entries()) yield* keysIn(item, [...path, i]);
    return;
  }
  for (const entry of node.entries) {
    yield { path: [...path, entry.key], entry };
    yield* keysIn(entry.value, [...path, entry.key]);
  }
}
