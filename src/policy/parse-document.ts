/**
 * YAML 1.2, core schema, and of it only what cannot surprise: no anchors, tags, merges, directives or
 * second keys.
 */
import { Composer, isAlias, isMap, isPair, isScalar, isSeq, Lexer, parseAllDocuments, Parser } from 'yaml';
import type { CST, Document, ParsedNode, YAMLError } from 'yaml';
import { ownText } from '#domain/flat-text.ts';
import { LIMITS } from '#domain/limits.ts';
import { Findings, type Place } from './diagnostic.ts';
import type { DocumentNode, MapEntry, MapNode } from './document.ts';
import { atOnce, type Steps } from './steps.ts';

const DOCUMENT_DEPTH_MAX = 16;
const CHARS_SHOWN_MAX = 60;
/** About a millisecond. */
const LEXEMES_A_STEP = 1_000;
const YAML_OPTIONS = {
  version: '1.2', schema: 'core', strict: true, uniqueKeys: true, merge: false, prettyErrors: false,
  logLevel: 'silent',
} as const;

/** The document's map, or undefined where it cannot be read; why is in the findings. */
export const parseDocument = (source: string, findings: Findings): MapNode | undefined =>
  atOnce(documentSteps(source, findings));

/** The same in steps. */
export function* documentSteps(source: string, findings: Findings): Steps<MapNode | undefined> {
  if (isTooLarge(source, findings)) return undefined;
  if (source.startsWith('%')) {
    findings.report('P002', { start: 0, end: 1 }, 'a policy has no YAML directives',
      'Remove the line that starts with `%`.');
    return undefined;
  }
  const tokens = yield* tokenSteps(source);
  yield;
  const [first, second] = [...new Composer(YAML_OPTIONS).compose(tokens)];
  yield;
  if (first === undefined || first.contents === null) {
    findings.report('P004', { start: 0, end: 0 }, 'the document is empty',
      'A policy starts with `policy: its-name`.');
    return undefined;
  }
  if (second !== undefined) {
    const start = Math.max(0, source.lastIndexOf('---', second.range[0]));
    findings.report('P004', { start, end: start + 3 }, 'a second document starts here',
      'One file holds one policy.');
    return undefined;
  }
  for (const error of firstOfEachLine(first.errors, source)) reportYamlError(error, source, findings);
  if (findings.hasErrors) return undefined;
  return rootMap(first, source, findings);
}

/** What `parseAllDocuments` of the library does, with a pause now and then. */
function* tokenSteps(source: string): Steps<readonly CST.Token[]> {
  const tokens: CST.Token[] = [];
  const parser = new Parser();
  let count = 0;
  for (const lexeme of new Lexer().lex(source)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (++count % LEXEMES_A_STEP === 0) yield;
  }
  for (const token of parser.end()) tokens.push(token);
  return tokens;
}

/**
 * What can be read of a document that is being typed, for an editor: YAML errors are passed over, and what
 * they hide is not there.
 */
export function parseUnfinishedDocument(source: string): MapNode | undefined {
  if (Buffer.byteLength(source) > LIMITS.policyBytesMax) return undefined;
  const documents = parseAllDocuments(source, { ...YAML_OPTIONS, strict: false, uniqueKeys: false });
  const first = 'empty' in documents ? undefined : documents[0];
  if (first === undefined) return undefined;
  const root = new Reader(source, new Findings()).node(first.contents, { start: 0, end: 0 }, 0);
  return root.kind === 'map' ? root : undefined;
}

/** What follows a mistake on its line is mostly its echo. */
function firstOfEachLine(errors: readonly YAMLError[], source: string): readonly YAMLError[] {
  const lines = new Set<number>();
  return errors.filter((error) => {
    const line = source.lastIndexOf('\n', error.pos[0] - 1);
    const fresh = !lines.has(line);
    lines.add(line);
    return fresh;
  });
}

function rootMap(document: Document.Parsed, source: string, findings: Findings): MapNode | undefined {
  const root = new Reader(source, findings).node(document.contents, { start: 0, end: 0 }, 0);
  if (findings.hasErrors) return undefined;
  if (root.kind === 'map') return root;
  findings.report('P103', { start: root.start, end: root.start + 1 },
    'a policy is a map of keys', 'A policy starts with `policy: its-name`.');
  return undefined;
}

/**
 * Bytes, and rules counted by their indentation: a document of 10,000 rules is refused without reading it
 * whole.
 */
function isTooLarge(source: string, findings: Findings): boolean {
  const bytes = Buffer.byteLength(source);
  if (bytes > LIMITS.policyBytesMax) {
    findings.report('P005', { start: 0, end: 0 },
      `the document has ${bytes} bytes; the limit is ${LIMITS.policyBytesMax}`,
      'Move long lists out of the document: `managed: true`.');
    return true;
  }
  const start = /^rules:[ \t]*(?:#.*)?\r?\n/m.exec(source);
  if (start === null) return false;
  const body = source.slice(start.index + start[0].length);
  const section = body.slice(0, /^[^\s#]/m.exec(body)?.index ?? body.length);
  const indent = /^( +)[^\s#]/m.exec(section)?.[1] ?? ' ';
  const ids = section.match(new RegExp(`^${indent}[A-Za-z0-9"'_-]+:(?=\\s|$)`, 'gm')) ?? [];
  if (ids.length <= LIMITS.ruleCountMax) return false;
  reportRuleCount(ids.length, { start: start.index, end: start.index + 5 }, findings);
  return true;
}

export function reportRuleCount(count: number, place: Place, findings: Findings): void {
  findings.report('P108', place, `the policy has ${count} rules; the limit is ${LIMITS.ruleCountMax}`,
    'Split it by kind of payment, or put what differs into a list or a parameter.');
}

const YAML_SENTENCES: Readonly<Record<string, string>> = {
  BLOCK_AS_IMPLICIT_KEY: 'a text without quotes holds a colon and a blank',
  MULTILINE_IMPLICIT_KEY: 'a text without quotes holds a colon and a blank',
  MISSING_CHAR: 'a quote, bracket or comma is missing',
};

const UNCLEAR = 'Put an expression that holds `: ` or ` #`, or begins with a special character, in quotes.';

const YAML_HELP: Readonly<Record<string, string>> = {
  BLOCK_AS_IMPLICIT_KEY: UNCLEAR,
  BAD_SCALAR_START: UNCLEAR,
  TAB_AS_INDENT: 'Indent with blanks.',
  MISSING_CHAR: 'Close the quote or bracket.',
  BAD_INDENT: 'Indent the keys of one map alike, and close each bracket.',
  MULTILINE_IMPLICIT_KEY: UNCLEAR,
};

function reportYamlError(error: YAMLError, source: string, findings: Findings): void {
  const [start, end] = error.pos;
  const place = { start: Math.min(start, source.length), end: Math.min(end, source.length) };
  if (error.code === 'DUPLICATE_KEY') {
    const key = /^["']?[^\s:"']+/.exec(source.slice(start))?.[0] ?? '';
    findings.report('P003', { start, end: start + key.length }, `the key \`${key}\` is there twice`,
      'Keep one of the two.');
    return;
  }
  if (error.code === 'MULTIPLE_ANCHORS' || error.code === 'BAD_ALIAS' ||
    error.code === 'TAG_RESOLVE_FAILED') {
    findings.report('P002', place, 'a policy has no anchors, aliases or tags', 'Write the value out.');
    return;
  }
  const known = YAML_SENTENCES[error.code];
  const said = error.message.replace(/\s+/g, ' ');
  const sentence = known ?? said.charAt(0).toLowerCase() + said.slice(1);
  findings.report('P001', place, `this is not YAML: ${sentence.slice(0, 120)}`, YAML_HELP[error.code] ??
    UNCLEAR);
}

type Found = ParsedNode | null;

class Reader {
  readonly #source: string;
  readonly #findings: Findings;

  constructor(source: string, findings: Findings) {
    this.#source = source;
    this.#findings = findings;
  }

  node(found: Found, after: Place, depth: number): DocumentNode {
    if (found === null) return { kind: 'scalar', text: '', style: 'plain', start: after.end, end: after.end };
    const [start, end] = found.range;
    const place = { start, end };
    if (isAlias(found)) {
      this.#forbid(place, 'an alias');
      return { kind: 'scalar', text: '', style: 'plain', ...place };
    }
    if (found.anchor !== undefined) this.#forbid(this.#before(start, '&'), 'an anchor');
    if (found.tag !== undefined) this.#forbid(this.#before(start, '!'), 'a tag');
    if (depth > DOCUMENT_DEPTH_MAX) {
      this.#findings.report('P005', { start, end: start + 1 },
        `the document is nested more than ${DOCUMENT_DEPTH_MAX} deep`,
          'A policy needs no more than six levels.');
      return { kind: 'scalar', text: '', style: 'plain', ...place };
    }
    if (isScalar(found)) return this.#scalar(found, place);
    if (isSeq(found)) {
      return { kind: 'list', items: found.items.map((item) => this.node(item, place, depth + 1)), ...place };
    }
    return { kind: 'map', entries: isMap(found) ? this.#entries(found.items, place, depth) : [], ...place };
  }

  #scalar(found: { source?: string; type?: string; value: unknown }, place: Place): DocumentNode {
    const style = found.type === 'PLAIN' ? 'plain' : found.type?.startsWith('QUOTE') === true ? 'quoted'
      : 'block';
    const text = found.source ?? (typeof found.value === 'string' ? found.value : '');
    return { kind: 'scalar', text: ownText(style === 'block' ? text.trimEnd() : text), style, ...place };
  }

  #entries(pairs: readonly unknown[], outer: Place, depth: number): MapEntry[] {
    const entries: MapEntry[] = [];
    for (const pair of pairs) {
      if (!isPair<ParsedNode, Found>(pair)) continue;
      const key = this.node(pair.key, outer, depth + 1);
      const keyPlace = { start: key.start, end: key.end };
      if (key.kind !== 'scalar') {
        this.#findings.report('P103', { start: key.start, end: key.start + 1 }, 'a key is a word',
          'Write a plain key.');
        continue;
      }
      if (key.text === '<<') this.#forbid(keyPlace, 'a merge key');
      entries.push({ key: key.text, keyPlace, value: this.node(pair.value, keyPlace, depth + 1) });
    }
    return entries;
  }

  /** The word with this sign that stands before a node. */
  #before(start: number, sign: string): Place {
    const at = this.#source.lastIndexOf(sign, start);
    const word = /^\S+/.exec(this.#source.slice(at))?.[0] ?? sign;
    const from = word.startsWith('!') ? this.#source.lastIndexOf(' ', at) + 1 : at;
    return { start: from, end: at + word.length };
  }

  #forbid(place: Place, what: string): void {
    const end = Math.min(place.end, place.start + CHARS_SHOWN_MAX);
    this.#findings.report('P002', { start: place.start, end },
      `${what}: a policy has no anchors, aliases, tags or merge keys`,
      'Write the value out; what is shared belongs under `params` or `define`.');
  }
}
