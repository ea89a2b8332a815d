/** Reads shapes out of the document: a map with known keys, a list, a word of a closed list, a number. */
import { nearestName } from '#domain/nearest-name.ts';
import type { Findings, Place } from './diagnostic.ts';
import type { DocumentNode, ListNode, MapEntry, MapNode, ScalarNode } from './document.ts';

const NOUN = { scalar: 'a text', map: 'a map of keys', list: 'a list' } as const;

/** `a`, `b` or `c`. */
function wordList(words: readonly string[], joint = 'or'): string {
  const quoted = words.map((word) => `\`${word}\``);
  if (quoted.length < 2) return quoted.join('');
  return `${quoted.slice(0, -1).join(', ')} ${joint} ${quoted.at(-1)}`;
}

/** What other engines call our outcomes. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ['block', 'decline'], ['deny', 'decline'], ['reject', 'decline'], ['allow', 'approve'],
  ['accept', 'approve'], ['pass', 'approve'], ['step_up', 'challenge'], ['3ds', 'challenge'],
  ['manual_review', 'review'],
]);

/** "Did you mean `b`?", or what could stand there. */
export function didYouMean(word: string, known: readonly string[], otherwise?: string): string | undefined {
  const other = ELSEWHERE.get(word);
  const near = other !== undefined && known.includes(other) ? other : nearestName(word, known);
  if (near !== undefined) return `Did you mean \`${near}\`?`;
  return otherwise;
}

export class Shape {
  readonly findings: Findings;

  constructor(findings: Findings) {
    this.findings = findings;
  }

  /** The entries of a map by key; keys that are not known are reported and left out. */
  map(node: DocumentNode, known: readonly string[], what: string): ReadonlyMap<string, MapEntry> | undefined {
    const map = this.anyMap(node, what);
    if (map === undefined) return undefined;
    const entries = new Map<string, MapEntry>();
    for (const entry of map.entries) {
      if (known.includes(entry.key)) entries.set(entry.key, entry);
      else this.unknownKey(entry, known, what);
    }
    return entries;
  }

  unknownKey(entry: MapEntry, known: readonly string[], what: string): void {
    this.findings.report('P101', entry.keyPlace, `${what} has no key \`${entry.key}\``,
      didYouMean(entry.key, known, `The keys are ${wordList(known, 'and')}.`));
  }

  anyMap(node: DocumentNode, what: string): MapNode | undefined {
    if (node.kind === 'map') return node;
    return this.#wrongShape(node, what, 'map');
  }

  list(node: DocumentNode, what: string): ListNode | undefined {
    if (node.kind === 'list') return node;
    return this.#wrongShape(node, what, 'list');
  }

  scalar(node: DocumentNode, what: string): ScalarNode | undefined {
    if (node.kind !== 'scalar') return this.#wrongShape(node, what, 'scalar');
    if (node.text !== '' || node.style === 'quoted') return node;
    this.findings.report('P103', { start: node.start, end: node.start + 1 }, `${what} is empty`,
      'Write a value, or remove the key.');
    return undefined;
  }

  /** A text, or a list of texts. */
  scalars(node: DocumentNode, what: string): readonly ScalarNode[] {
    const items = node.kind === 'list' ? node.items : [node];
    return items.flatMap((item) => this.scalar(item, what) ?? []);
  }

  text(node: DocumentNode, what: string): string | undefined {
    return this.scalar(node, what)?.text;
  }

  word<Word extends string>(node: DocumentNode, words: readonly Word[], what: string): Word | undefined {
    const scalar = this.scalar(node, what);
    if (scalar === undefined) return undefined;
    const word = words.find((one) => one === scalar.text);
    if (word === undefined) {
      this.findings.report('P104', scalar, `${what} is ${wordList(words)}, not \`${scalar.text}\``,
        didYouMean(scalar.text, words));
    }
    return word;
  }

  integer(node: DocumentNode, low: number, high: number, what: string): number | undefined {
    const scalar = this.scalar(node, what);
    if (scalar === undefined) return undefined;
    const value = /^-?\d{1,10}$/.test(scalar.text) ? Number(scalar.text) : Number.NaN;
    if (value >= low && value <= high) return value;
    this.findings.report('P106', scalar,
      `${what} is a whole number from ${low} to ${high}, not \`${scalar.text}\``);
    return undefined;
  }

  flag(node: DocumentNode, what: string): boolean {
    return this.word(node, ['true', 'false'], what) === 'true';
  }

  missing(place: Place, key: string, what: string, help?: string): void {
    this.findings.report('P102', { start: place.start, end: Math.min(place.end, place.start + 40) },
      `${what} has no \`${key}\``, help ?? `Add \`${key}:\`.`);
  }

  #wrongShape(node: DocumentNode, what: string, wanted: keyof typeof NOUN): undefined {
    this.findings.report('P103', { start: node.start, end: Math.min(node.end, node.start + 40) },
      `${what} is ${NOUN[wanted]}, not ${NOUN[node.kind]}`);
    return undefined;
  }
}
