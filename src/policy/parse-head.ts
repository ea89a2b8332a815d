/**
 * Everything of the document that is not an expression: who it is, what it decides, when, and under which
 * name.
 */
import { KINDS, type EventSchema } from '#domain/field.ts';
import { parseDate, parseInstant } from '#domain/instant.ts';
import { LIMITS } from '#domain/limits.ts';
import { currencyExponent } from '#domain/money.ts';
import { OUTCOMES, type Outcome } from '#domain/outcome.ts';
import type {
  Approval, CompiledPolicy, Reference, TimeTolerance, UnknownEffect,
} from './compiled-policy.ts';
import type { Place } from './diagnostic.ts';
import type { DocumentNode, MapEntry, MapNode } from './document.ts';
import { parseBrake } from './parse-brake.ts';
import { parseGate } from './parse-gate.ts';
import { parseSpan } from './parse-value.ts';
import { didYouMean, type Shape } from './shape.ts';

export const POLICY_KEYS = [
  'policy', 'title', 'version', 'owner', 'reviewers', 'effective', 'gate', 'brake', 'approvals', 'references',
    'event', 'kinds', 'currency',
  'time', 'params', 'lists', 'define', 'features', 'rules', 'scoring', 'fallback', 'degraded', 'tests',
] as const;

export const VERSION_MAX = 1_000_000;

export type Head = Pick<CompiledPolicy,
  | 'name' | 'title' | 'version' | 'owner' | 'reviewers' | 'approvals' | 'effective' | 'gate' | 'brake'
  | 'kinds' | 'currency'
  | 'time'
  | 'fallback' | 'degradedUnknown' | 'references'>;

/** What `unknown` and `degraded` may say. */
export const UNKNOWN_WORDS: readonly UnknownEffect[] =
  ['miss', 'hit', ...OUTCOMES.filter((outcome) => outcome !== 'approve')];

type Entries = ReadonlyMap<string, MapEntry>;
const DEFAULT_TIME: TimeTolerance = {
  aheadMs: LIMITS.occurredAheadMsMax, behindMs: LIMITS.occurredBehindMsMax, outside: 'clamp',
};
export const KEBAB = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

export function parseHead(root: MapNode, entries: Entries, schema: EventSchema, shape: Shape): Head {
  const value = (key: string): DocumentNode | undefined => entries.get(key)?.value;
  const text = (key: string): string | undefined => {
    const node = value(key);
    return node === undefined ? undefined : shape.text(node, `\`${key}\``);
  };
  for (const key of ['policy', 'version', 'event', 'rules']) {
    if (!entries.has(key)) shape.missing(root, key, 'the policy', HELP[key]);
  }
  const name = text('policy') ?? '';
  checkKebab(name, value('policy'), shape);
  checkEvent(text('event'), value('event'), schema, shape);
  const version = value('version');
  const currency = text('currency');
  if (currency !== undefined && currencyExponent(currency) === undefined) {
    shape.findings.report('P106', placeOf(value('currency')), `\`${currency}\` is not an ISO 4217 currency`);
  }
  return {
    name,
    title: text('title') ?? name,
    version: version === undefined ? 0 : (shape.integer(version, 1, VERSION_MAX, 'the version') ?? 0),
    owner: text('owner'),
    reviewers: parseReviewers(value('reviewers'), shape),
    approvals: parseApprovals(value('approvals'), shape),
    effective: parseEffective(value('effective'), shape),
    gate: parseGate(value('gate'), shape),
    brake: parseBrake(value('brake'), schema, shape),
    kinds: parseKinds(value('kinds'), shape),
    currency,
    time: parseTime(value('time'), shape),
    fallback: parseFallback(value('fallback'), shape),
    degradedUnknown: parseDegraded(value('degraded'), shape),
    references: parseReferences(value('references'), shape),
  };
}

const HELP: Readonly<Record<string, string>> = {
  policy: 'Add `policy: its-name`.',
  version: 'Add `version: 1`.',
  event: 'Add `event: transaction.v1`.',
  rules: 'A policy without rules decides nothing.',
};

const placeOf = (node: DocumentNode | undefined): Place => node ?? { start: 0, end: 0 };

/** Roles of people; each once. */
export function parseReviewers(node: DocumentNode | undefined, shape: Shape): readonly string[] {
  if (node === undefined) return [];
  const roles = shape.scalars(node, 'a reviewer').map((scalar) => {
    if (!KEBAB.test(scalar.text)) {
      shape.findings.report('P105', scalar, `\`${scalar.text}\` cannot be the name of a role`,
        'Small letters and digits, parts joined by `-`: `compliance`.');
    }
    return scalar.text;
  });
  return [...new Set(roles)];
}

function checkKebab(name: string, node: DocumentNode | undefined, shape: Shape): void {
  if (node === undefined || name === '' || KEBAB.test(name)) return;
  shape.findings.report('P105', node, `\`${name}\` cannot be the name of a policy`,
    'Small letters and digits, parts joined by `-`.');
}

/**
 * A policy written for `transaction.v1` fits every installation of it, whatever custom fields that
 * declares.
 */
function checkEvent(event: string | undefined, node: DocumentNode | undefined, schema: EventSchema,
  shape: Shape): void {
  if (event === undefined || node === undefined) return;
  const base = schema.name.split('+')[0] ?? schema.name;
  if (event === base || event === schema.name) return;
  shape.findings.report('P109', node, `this engine's events are \`${base}\`, not \`${event}\``,
    `Write \`event: ${base}\`.`);
}

function parseKinds(node: DocumentNode | undefined, shape: Shape): readonly string[] {
  if (node === undefined) return [];
  return shape.scalars(node, 'a kind').flatMap(
    (scalar) => shape.word(scalar, KINDS, 'a kind of payment') ?? []);
}

function parseFallback(node: DocumentNode | undefined, shape: Shape): Outcome {
  return (node === undefined ? undefined : shape.word(node, OUTCOMES, 'the fallback')) ?? 'review';
}

function parseDegraded(node: DocumentNode | undefined, shape: Shape): UnknownEffect | undefined {
  const entries = node === undefined ? undefined : shape.map(node, ['unknown'], '`degraded`');
  const unknown = entries?.get('unknown');
  if (entries !== undefined && node !== undefined && unknown === undefined) {
    shape.missing(node, 'unknown', '`degraded`', 'For example `degraded: { unknown: review }`.');
  }
  return unknown && shape.word(unknown.value, UNKNOWN_WORDS, '`unknown`');
}

function parseTime(node: DocumentNode | undefined, shape: Shape): TimeTolerance {
  const entries = node === undefined ? undefined : shape.map(node, ['ahead', 'behind', 'outside'], '`time`');
  if (entries === undefined) return DEFAULT_TIME;
  const span = (key: string, otherwise: number): number => {
    const entry = entries.get(key);
    const scalar = entry === undefined ? undefined : shape.scalar(entry.value, `\`${key}\``);
    if (scalar === undefined) return otherwise;
    const ms = parseSpan(scalar.text);
    if (ms !== undefined && ms >= 0 && ms <= LIMITS.windowMsMax) return ms;
    shape.findings.report('P106', scalar, `\`${key}\` is a duration such as 5m or 7d, at most 400d`);
    return otherwise;
  };
  const outside = entries.get('outside');
  return {
    aheadMs: span('ahead', DEFAULT_TIME.aheadMs),
    behindMs: span('behind', DEFAULT_TIME.behindMs),
    outside: (outside && shape.word(outside.value, ['clamp', 'refuse'], '`outside`')) ?? DEFAULT_TIME.outside,
  };
}

function parseEffective(node: DocumentNode | undefined, shape: Shape): Head['effective'] {
  const entries = node === undefined ? undefined : shape.map(node, ['from', 'until'], '`effective`');
  const date = (key: string): string | undefined => {
    const entry = entries?.get(key);
    const scalar = entry === undefined ? undefined : shape.scalar(entry.value, `\`${key}\``);
    if (scalar === undefined || parseDate(scalar.text) !== undefined) return scalar?.text;
    shape.findings.report('P106', scalar, `\`${scalar.text}\` is not a date such as 2026-04-01`);
    return undefined;
  };
  const [from, until] = [date('from'), date('until')];
  if (from !== undefined && until !== undefined && from >= until) {
    shape.findings.report('P205', placeOf(node), `the policy ends on ${until}, before it starts on ${from}`);
  }
  return { from, until };
}

function parseReferences(node: DocumentNode | undefined, shape: Shape): ReadonlyMap<string, Reference> {
  const references = new Map<string, Reference>();
  const map = node === undefined ? undefined : shape.anyMap(node, '`references`');
  for (const { key, keyPlace, value } of map?.entries ?? []) {
    const entries = shape.map(value, ['text', 'url'], `reference ${key}`);
    if (entries === undefined) continue;
    const text = entries.get('text');
    const url = entries.get('url');
    if (text === undefined) shape.missing(keyPlace, 'text', `reference ${key}`);
    references.set(key, {
      text: (text && shape.text(text.value, 'the text of a reference')) ?? key,
      url: url && shape.text(url.value, 'the address of a reference'),
    });
  }
  return references;
}

function parseApprovals(node: DocumentNode | undefined, shape: Shape): readonly Approval[] {
  if (node === undefined) return [];
  const keys = ['role', 'by', 'at', 'hash'] as const;
  return (shape.list(node, '`approvals`')?.items ?? []).flatMap((item) => {
    const entries = shape.map(item, keys, 'an approval');
    if (entries === undefined) return [];
    const read = (key: (typeof keys)[number]): string => {
      const entry = entries.get(key);
      if (entry === undefined) shape.missing(item, key, 'an approval');
      return (entry && shape.text(entry.value, `\`${key}\` of an approval`)) ?? '';
    };
    const approval = { role: read('role'), by: read('by'), at: read('at'), hash: read('hash') };
    if (approval.at !== '' && parseInstant(approval.at) === undefined) {
      shape.findings.report('P106', item,
        `\`${approval.at}\` is not an instant such as 2026-03-20T09:10:00Z`);
    }
    return [approval];
  });
}

/** The references a rule names under `because`. */
export function parseBecause(node: DocumentNode | undefined, references: Head['references'],
  shape: Shape): readonly string[] {
  if (node === undefined) return [];
  return shape.scalars(node, 'a reference').map((scalar) => {
    if (!references.has(scalar.text)) {
      shape.findings.report('P305', scalar, `there is no reference \`${scalar.text}\``,
        didYouMean(scalar.text, [...references.keys()], 'Add it under `references`.'));
    }
    return scalar.text;
  });
}
