/**
 * Reads the tests of a policy; what they say about the policy is checked here, so that a test cannot be
 * idle.
 */
import { EVENT_TYPES, fieldNamed, type EventSchema, type FieldDefinition } from '#domain/field.ts';
import { T_SLOT, type ParsedEvent } from '#domain/event.ts';
import { parseInstant } from '#domain/instant.ts';
import { OUTCOMES } from '#domain/outcome.ts';
import { typeOfField } from '#expression/type-rules.ts';
import type { FeatureDefinition } from '#features/definition.ts';
import type { Rule } from './compiled-policy.ts';
import type { DocumentNode, MapEntry, MapNode } from './document.ts';
import type { ListDeclaration, ListEntry } from './lists.ts';
import { EXPECTATION_WORDS } from './parse-rules.ts';
import { parseSpan, readValue } from './parse-value.ts';
import {
  EXPECTED_ANSWERS, type Expectation, type PolicyTest, type TestLine, type TestStep,
} from './policy-test.ts';
import { didYouMean, type Shape } from './shape.ts';

/** A Thursday, noon in London: far from a day's, week's and month's end. */
const DEFAULT_START_MS = Date.UTC(2026, 0, 15, 12);
export const REPEAT_MAX = 10_000;
const LINE_KEYS = ['at', 'x', 'id', 'event', 'transaction', 'degraded', 'expect'];

export interface Tested {
  readonly schema: EventSchema;
  readonly rules: readonly Rule[];
  readonly lists: readonly ListDeclaration[];
  /** The declared ones. */
  readonly features: readonly FeatureDefinition[];
}

export function parseTests(node: DocumentNode | undefined, tested: Tested,
  shape: Shape): readonly PolicyTest[] {
  const items = node === undefined ? [] : (shape.list(node, '`tests`')?.items ?? []);
  return items.flatMap((item) => parseTest(item, tested, shape) ?? []);
}

function parseTest(node: DocumentNode, tested: Tested, shape: Shape): PolicyTest | undefined {
  const entries = shape.map(node, ['name', 'start', 'lists', 'given'], 'a test');
  if (entries === undefined) return undefined;
  const [nameEntry, start, lists, given] = ['name', 'start', 'lists', 'given'].map((key) => entries.get(key));
  if (nameEntry === undefined) shape.missing(node, 'name', 'a test');
  if (given === undefined) shape.missing(node, 'given', 'a test', 'Add `given:` with a line for each event.');
  const name = (nameEntry && shape.text(nameEntry.value, 'the name of a test')) ?? '';
  const startMs = (start && parseStart(start.value, shape)) ?? DEFAULT_START_MS;
  const reader = new LineReader(tested, startMs, shape);
  const items = given === undefined ? [] : (shape.list(given.value, '`given`')?.items ?? []);
  const lines = items.flatMap((item, i) => reader.line(item, i) ?? []);
  if (lines.length > 0 && lines.every((line) => line.expect.length === 0) && !shape.findings.hasErrors) {
    shape.findings.report('P501', nameEntry?.value ?? node, `test "${name}" expects nothing`,
      'Add `expect: { outcome: approve }` to a line.');
  }
  const place = { start: node.start, end: Math.min(node.end, node.start + 40) };
  return { name, place, startMs, lines, lists: parseTestLists(lists?.value, tested.lists, shape) };
}

function parseStart(node: DocumentNode, shape: Shape): number | undefined {
  const scalar = shape.scalar(node, '`start`');
  const start = scalar && parseInstant(scalar.text);
  if (scalar !== undefined && start === undefined) {
    shape.findings.report('P501', scalar, '`start` is an instant such as 2026-03-29T00:30:00Z');
  }
  return start;
}

function parseTestLists(
  node: DocumentNode | undefined, declared: readonly ListDeclaration[], shape: Shape,
): ReadonlyMap<string, readonly ListEntry[]> {
  const map = node === undefined ? undefined : shape.anyMap(node, '`lists` of a test');
  const managed = declared.filter((list) => list.values === undefined).map((list) => list.name);
  const lists = new Map<string, readonly ListEntry[]>();
  for (const entry of map?.entries ?? []) {
    if (!managed.includes(entry.key)) {
      shape.findings.report('P502', entry.keyPlace, `there is no managed list \`${entry.key}\``,
        didYouMean(entry.key, managed));
    }
    const items = shape.list(entry.value, `the entries of ${entry.key}`)?.items ?? [];
    lists.set(entry.key, items.flatMap((item) => parseListEntry(item, shape) ?? []));
  }
  return lists;
}

function parseListEntry(node: DocumentNode, shape: Shape): ListEntry | undefined {
  if (node.kind === 'scalar') return { value: node.text };
  const entries = shape.map(node, ['value', 'from', 'until'], 'a list entry');
  const text = (key: string): string | undefined => {
    const entry = entries?.get(key);
    return entry === undefined ? undefined : shape.text(entry.value, `\`${key}\``);
  };
  const [value, from, until] = [text('value'), text('from'), text('until')];
  if (value === undefined) return undefined;
  return { value, ...(from === undefined ? {} : { from }), ...(until === undefined ? {} : { until }) };
}

class LineReader {
  readonly #tested: Tested;
  readonly #startMs: number;
  readonly #shape: Shape;

  constructor(tested: Tested, startMs: number, shape: Shape) {
    this.#tested = tested;
    this.#startMs = startMs;
    this.#shape = shape;
  }

  line(node: DocumentNode, index: number): TestLine | undefined {
    const shape = this.#shape;
    const map = shape.anyMap(node, 'a line of a test');
    if (map === undefined) return undefined;
    const own = new Map(map.entries.filter((entry) => LINE_KEYS.includes(entry.key)).map(
      (entry) => [entry.key, entry]));
    const [at, x, degraded, expect] = ['at', 'x', 'degraded', 'expect'].map((key) => own.get(key));
    if (at === undefined) {
      shape.missing(node, 'at', 'a line of a test', 'Say when: `at: 0s`, or an instant.');
      return undefined;
    }
    const scalar = shape.scalar(at.value, '`at`');
    const atMs = scalar && this.#moment(scalar.text);
    if (scalar === undefined) return undefined;
    if (atMs === undefined) {
      shape.findings.report('P501', scalar, `\`${scalar.text}\` is not a time`,
        'Write `59m59s` after the start of the test, or an instant.');
      return undefined;
    }
    const step = this.#step(map, own, atMs, index);
    if (step === undefined) return undefined;
    return {
      place: { start: node.start, end: Math.min(node.end, node.start + 40) },
      at: scalar.text, atMs, step,
      times: (x && shape.integer(x.value, 1, REPEAT_MAX, '`x`')) ?? 1,
      isDegraded: this.#degraded(degraded, step),
      expect: expect === undefined ? [] : this.#expectations(expect.value, step, atMs),
    };
  }

  #degraded(entry: MapEntry | undefined, step: TestStep): boolean {
    if (entry === undefined || !this.#shape.flag(entry.value, '`degraded`')) return false;
    if (step.kind === 'event' && step.event.type === 'transaction') return true;
    this.#shape.findings.report('P501', entry.keyPlace, 'nothing is decided about this event',
      'Only a transaction can be decided without windows: remove `degraded`.');
    return false;
  }

  #moment(text: string): number | undefined {
    const span = parseSpan(text);
    if (span !== undefined) return span;
    const instant = parseInstant(text);
    return instant === undefined ? undefined : instant - this.#startMs;
  }

  #step(map: MapNode, own: ReadonlyMap<string, MapEntry>, atMs: number, index: number): TestStep | undefined {
    const shape = this.#shape;
    const [typeEntry, idEntry, about] = [own.get('event'), own.get('id'), own.get('transaction')];
    const type = (typeEntry && shape.word(typeEntry.value, EVENT_TYPES, 'the type of an event')) ??
      'transaction';
    const { schema } = this.#tested;
    const event: ParsedEvent = {
      type, tenant: 'test', position: -1, receivedAtMs: this.#startMs + atMs,
      id: (idEntry && shape.text(idEntry.value, '`id`')) ?? `line-${index + 1}`,
      numbers: Array.from({ length: schema.numberSlotCount }, () => Number.NaN),
      texts: Array.from({ length: schema.textSlotCount }, () => undefined),
    };
    event.numbers[T_SLOT] = this.#startMs + atMs;
    this.#setText(event, 'event', type);
    this.#setText(event, 'id', event.id);
    for (const entry of map.entries) if (!own.has(entry.key)) this.#field(entry, event);
    if (type === 'fact' && typeEntry !== undefined) {
      shape.findings.report('P501', typeEntry.value, 'a test cannot tell a fact',
        'A fact marks an entity and is no event of a stream: `fact(...)` is missing in tests.');
      return undefined;
    }
    if (type !== 'status' && type !== 'label') return { kind: 'event', event };
    const value = event.texts[schema.byPath.get(type)?.textSlot ?? -1];
    const transactionId = about && shape.text(about.value, '`transaction`');
    if (transactionId === undefined || value === undefined) {
      shape.missing(map, transactionId === undefined ? 'transaction' : type, `a ${type} event`,
        `Write \`{ at: 1h, event: ${type}, transaction: ID, ${type}: ... }\`.`);
      return undefined;
    }
    return { kind: 'change', transactionId, what: type, value };
  }

  #setText(event: ParsedEvent, path: string, text: string): void {
    const slot = this.#tested.schema.byPath.get(path)?.textSlot ?? -1;
    if (slot >= 0) event.texts[slot] = text;
  }

  #field(entry: MapEntry, event: ParsedEvent): void {
    const { byPath, aliases } = this.#tested.schema;
    const field = fieldNamed(this.#tested.schema, entry.key);
    const { findings } = this.#shape;
    if (field === undefined || field.path === 't') {
      const names = [...LINE_KEYS, ...byPath.keys(), ...aliases.keys()].filter(
        (name) => name !== 't' && name !== 'occurred_at');
      findings.report('P501', entry.keyPlace, `an event has no field \`${entry.key}\``,
        didYouMean(entry.key, names));
      return;
    }
    const scalar = this.#shape.scalar(entry.value, `\`${entry.key}\``);
    if (scalar === undefined) return;
    const read = readValue(scalar.text, typeOfField(field), event.numbers[T_SLOT] ?? 0);
    if ('problem' in read) findings.report(
      'P501', scalar, `\`${entry.key}\` is ${read.problem}, not \`${scalar.text}\``);
    else setField(event, field, read);
  }

  #expectations(node: DocumentNode, step: TestStep, atMs: number): readonly Expectation[] {
    const map = this.#shape.anyMap(node, '`expect`');
    if (map === undefined) return [];
    if (step.kind === 'event' && step.event.type === 'transaction') {
      return map.entries.flatMap((entry) => this.#expectation(entry, atMs) ?? []);
    }
    this.#shape.findings.report('P501', map, 'nothing is decided about this event',
      'Expect something of a transaction after it.');
    return [];
  }

  #expectation({ key, keyPlace, value }: MapEntry, atMs: number): Expectation | undefined {
    const { rules, features } = this.#tested;
    const shape = this.#shape;
    const place = { start: keyPlace.start, end: value.end };
    const rule = rules.find(({ id }) => id === key);
    if (rule !== undefined) {
      const answer = shape.word(value, EXPECTED_ANSWERS, 'the answer of a rule');
      return answer && { kind: 'rule', rule: rule.index, answer, ...place };
    }
    if (key === 'outcome' || key === 'fraud' || key === 'aml') {
      const outcome = shape.word(value, OUTCOMES, `\`${key}\``);
      return outcome && { kind: 'outcome', of: key, outcome, ...place };
    }
    if (key === 'fraud_score' || key === 'aml_score') {
      const score = shape.integer(value, -1_000_000_000, 1_000_000_000, 'a score');
      return score === undefined ? undefined
        : { kind: 'score', of: key === 'fraud_score' ? 'fraud' : 'aml', score, ...place };
    }
    const feature = features.findIndex(({ name }) => name === key);
    if (feature === -1) {
      const names = [...rules.map(({ id }) => id), ...features.map(({ name }) => name), ...EXPECTATION_WORDS];
      shape.findings.report('P502', keyPlace, `the policy has no rule or feature \`${key}\``,
        didYouMean(key, names));
      return undefined;
    }
    return this.#featureExpectation(feature, value, atMs, place);
  }

  #featureExpectation(feature: number, value: DocumentNode, atMs: number,
    place: { start: number; end: number }): Expectation | undefined {
    const scalar = this.#shape.scalar(value, 'the value of a feature');
    const type = this.#tested.features[feature]?.type;
    if (scalar === undefined || type === undefined) return undefined;
    const { text } = scalar;
    if (text === 'missing') return { kind: 'feature', feature, text, cell: undefined, ...place };
    const read = readValue(text, type, this.#startMs + atMs);
    if ('problem' in read) {
      this.#shape.findings.report('P501', scalar, `this feature is ${read.problem}, not \`${text}\``);
      return undefined;
    }
    // A truth value is 0 or 2 in a cell, and 0 or 1 in a slot.
    const cell = type.kind === 'bool' ? (read.number ?? 0) * 2 : (read.number ?? read.text);
    return { kind: 'feature', feature, text, cell, ...place };
  }
}

function setField(event: ParsedEvent, field: FieldDefinition,
  read: { number?: number; second?: number; text?: string }): void {
  if (field.numberSlot >= 0 && read.number !== undefined) event.numbers[field.numberSlot] = read.number;
  if (field.secondNumberSlot >= 0 && read.second !== undefined) event.numbers[field.secondNumberSlot] =
    read.second;
  if (field.textSlot >= 0 && read.text !== undefined) event.texts[field.textSlot] = read.text;
}
