/**
 * The document as written: texts, maps and lists with their places. What a text means is its reader's
 * matter.
 */
import type { Place } from './diagnostic.ts';

export type DocumentNode = ScalarNode | MapNode | ListNode;

export interface ScalarNode extends Place {
  readonly kind: 'scalar';
  /** As written, without quotes and with lines folded: `1_000 GBP`, `14`, `true`. */
  readonly text: string;
  /** `''` and `""` are texts whatever stands in them; `>` and `|` blocks are not quoted. */
  readonly style: 'plain' | 'quoted' | 'block';
}
export interface MapNode extends Place { readonly kind: 'map'; readonly entries: readonly MapEntry[] }
export interface ListNode extends Place { readonly kind: 'list'; readonly items: readonly DocumentNode[] }

export interface MapEntry {
  readonly key: string;
  readonly keyPlace: Place;
  readonly value: DocumentNode;
}

/** The value of a key; undefined where the node is no map or has no such key. */
export const valueAt = (node: DocumentNode | undefined, key: string): DocumentNode | undefined =>
  (node?.kind === 'map' ? node.entries.find((entry) => entry.key === key)?.value : undefined);

const isBlank = (char: string | undefined): boolean =>
  char === ' ' || char === '\n' || char === '\t' || char === '\r';

/** Length in the source of the escape that starts at `at` in a double-quoted text. */
function escapeLength(source: string, at: number): number {
  const kind = source[at + 1];
  return kind === 'x' ? 4 : kind === 'u' ? 6 : kind === 'U' ? 10 : 2;
}

/**
 * Where character `index` of a scalar's text stands in the source. A folded line break is one blank of the
 * text and any number of blanks of the source; an escape is one character of the text and several of the
 * source.
 */
export function offsetInScalar(source: string, node: ScalarNode, index: number): number {
  const quote = node.style === 'quoted' ? source[node.start] : undefined;
  let at = node.start;
  if (quote !== undefined) at += 1;
  if (node.style === 'block') at = source.indexOf('\n', at) + 1;
  for (let i = 0; i < index && at < node.end; i++) {
    const blank = isBlank(node.text[i]);
    if (isBlank(source[at]) && !blank) {
      while (isBlank(source[at])) at += 1;
    }
    if (quote === '"' && source[at] === '\\') at += escapeLength(source, at);
    else if (quote === "'" && source[at] === "'") at += 2;
    else if (blank && /[\r\n]/.test(blanksAt(source, at))) at += blanksAt(source, at).length;
    else at += 1;
  }
  if (!isBlank(node.text[index])) while (at < node.end && isBlank(source[at])) at += 1;
  return Math.min(at, node.end);
}

function blanksAt(source: string, at: number): string {
  let end = at;
  while (isBlank(source[end])) end += 1;
  return source.slice(at, end);
}
