/** A publication's worth of policies, compiled and with their lists: what a candidate is made of. */
import type { EventSchema } from '#domain/field.ts';
import { parseRateTable, type RateTable } from '#domain/rates.ts';
import { kindsTwice } from '#decisioning/prepare-policies.ts';
import type { Publication } from '#decisioning/publication.ts';
import { PublicationRefused } from '#decisioning/publication-refused.ts';
import { compilePolicy } from '#policy/compile-policy.ts';
import type { CompiledPolicy } from '#policy/compiled-policy.ts';
import { bindLists, type BoundLists } from '#policy/lists.ts';
import { renderDiagnostics } from '#policy/render-diagnostic.ts';

export interface BoundPublication {
  readonly policies: readonly { readonly policy: CompiledPolicy; readonly lists: BoundLists }[];
  readonly rates: RateTable;
}

/** Throws PublicationRefused with every problem. */
export function bindPublication(publication: Publication, schema: EventSchema): BoundPublication {
  const problems: string[] = [];
  const rates = parseRateTable(publication.rates);
  if ('problems' in rates) throw new PublicationRefused(rates.problems.map((one) => `rates: ${one}`));
  const published = new Map(publication.lists.map((list) => [list.name, list]));
  const policies = publication.policies.flatMap(({ file, source }) => {
    const compiled = compilePolicy(source, file, schema);
    if (!('policy' in compiled)) {
      problems.push(renderDiagnostics(compiled.diagnostics, source, file));
      return [];
    }
    const { policy } = compiled;
    const lists = bindLists(policy.lists, published);
    if (!('problems' in lists)) return [{ policy, lists }];
    problems.push(...lists.problems.map((one) => `${policy.name}: ${one}`));
    return [];
  });
  problems.push(...kindsTwice(policies.map(({ policy }) => policy)));
  if (problems.length > 0) throw new PublicationRefused(problems);
  return { policies, rates: rates.table };
}
