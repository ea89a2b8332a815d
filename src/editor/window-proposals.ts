/** Windows and time zones as completion offers them. */
import type { Proposal } from './proposal.ts';
import { COMPLETION } from './protocol.ts';
import { KEYWORD_DOCS } from './word-docs.ts';

const SPANS = ['1h', '24h', '7d', '30d', '90d', '10m'];
/** The zone is a choice of the writer; UTC is the one that surprises least. */
const CALENDAR = ['day', 'week', 'month'];

export function windowProposals(): readonly Proposal[] {
  return [
    ...SPANS.map((label, i) => ({ label, kind: COMPLETION.unit, rank: i, detail: `(t - ${label}, t]` })),
    ...CALENDAR.map((label, i) => ({ label, insert: `${label}("`, kind: COMPLETION.function,
      rank: 10 + i, ...docOf(label) })),
    { label: 'ever', kind: COMPLETION.keyword, rank: 20, ...docOf('ever') },
  ];
}

function docOf(word: string): { doc?: string } {
  const doc = KEYWORD_DOCS.get(word);
  return doc === undefined ? {} : { doc };
}

/** Names of the IANA database that this Node knows; `inText`: the opening quote stands. */
export function zoneProposals(inText: boolean): readonly Proposal[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone')].map((label) => ({
    label, insert: inText ? `${label}"` : `"${label}"`, kind: COMPLETION.constant,
    rank: label === 'UTC' || label.startsWith('Europe/') ? 0 : 1,
  }));
}
