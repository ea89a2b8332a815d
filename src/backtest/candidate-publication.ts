/** What would be live if policies took the place of those of their names. */
import type { Publication } from '#decisioning/publication.ts';
import { Findings } from '#policy/diagnostic.ts';
import { valueAt, type DocumentNode } from '#policy/document.ts';
import { parseDocument } from '#policy/parse-document.ts';

type PolicySource = Publication['policies'][number];

/** `policy:` of a document, as far as it can be read. */
export function policyNameIn(root: DocumentNode | undefined): string | undefined {
  const node = valueAt(root, 'policy');
  return node?.kind === 'scalar' ? node.text : undefined;
}

/** Lists, rates and the other policies stay. */
export function withPolicies(publication: Publication, policies: readonly PolicySource[]): Publication {
  const nameOf = ({ source }: PolicySource): string | undefined =>
    policyNameIn(parseDocument(source, new Findings()));
  const names = new Set(policies.map(nameOf));
  const others = publication.policies.filter((policy) => !names.has(nameOf(policy)));
  const { format, lists, rates, custom } = publication;
  return { format, policies: [...others, ...policies], lists, rates, custom };
}
