/** The difference of two versions for people: what came, what went, and what was and is now. */
import {
  DIFFERENCE_SECTIONS, type DifferenceSection, type PartChange, type PolicyChange, type PolicyDifference,
  type PolicyVersion,
} from './policy-difference.ts';

const TITLES: Readonly<Record<DifferenceSection, string>> = {
  policy: 'Policy', rule: 'Rules', parameter: 'Parameters', list: 'Lists', define: 'Defines',
  feature: 'Features', scoring: 'Scoring', reference: 'References', test: 'Tests',
};

/** Markdown; ends with a line break. */
export function englishDifference({ before, after, changes }: PolicyDifference): string {
  const head = `# ${say(before)} and ${say(after)}`;
  if (changes.length === 0) return `${head}\n\nThey say the same.\n`;
  const sections = DIFFERENCE_SECTIONS.flatMap((section) => {
    const found = changes.filter((change) => change.section === section);
    return found.length === 0 ? [] : [`## ${TITLES[section]}\n${found.map(sayChange).join('\n')}`];
  });
  return `${[head, ...sections].join('\n\n')}\n`;
}

const say = ({ name, version, hash }: PolicyVersion): string =>
  `${name} version ${version} (${hash.slice(0, 'sha256:'.length + 12)})`;

function sayChange({ section, name, kind, text, parts, through }: PolicyChange): string {
  const told = text === undefined ? '' : section === 'rule' ? `: ${text.replace(/^\*\*[^*]*\*\* - /, '')}`
    : `: ${text}`;
  if (kind !== 'changed') return `- **${name}** is ${kind === 'added' ? 'new' : 'gone'}${told}`;
  const lines = parts.flatMap(sayPart);
  if (through.length > 0) lines.push(`  - through ${through.join(', ')}, changed below`);
  return [...(section === 'policy' ? [] : [`- **${name}** is changed`]), ...lines].join('\n');
}

const LONG_CHARS = 60;

function sayPart({ part, before, after }: PartChange): readonly string[] {
  if (before === undefined) return [`  - ${part} is new: ${after}`];
  if (after === undefined) return [`  - ${part} is gone; it was: ${before}`];
  if (before.length + after.length <= LONG_CHARS) return [`  - ${part} was ${before}, is ${after}`];
  return [`  - ${part} was: ${before}`, `    now: ${after}`];
}
