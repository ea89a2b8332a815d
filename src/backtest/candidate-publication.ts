/** What would be live if policies took the place of those of their names. */
import type { Publication } from '#decisioning/publication.ts';
import { Findings } from '#policy/diagnostic.ts';
import { valueAt } from '#policy/document.ts';
import { parseDocument } from '#policy/parse-document.ts';

type PolicySource = Publication['policies'][number];

/** `policy:` of a document, as far as it can be read. */
export function policyNameIn(source: string): string | undefined {
  const root = parseDocument(source, new Findings());
  const node = valueAt(root, 'policy');
  return node?.kind === 'scalar' ? node.text : undefined;
}

/** Lists, rates and the other policies stay. */
export function withPolicies(publication: Publication, policies: readonly PolicySource[]): Publication {
  const names = new Set(policies.map(({ source }) => policyNameIn(source)));
  const others = publication.policies.filter(({ source }) => !names.has(policyNameIn(source)));
  const { format, lists, rates, custom } = publication;
  return { format, policies: [...others, ...policies], lists, rates, custom };
}
