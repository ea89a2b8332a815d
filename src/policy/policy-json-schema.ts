/**
 * JSON Schema of the document, for editors: structure, words and a line on each key. Expressions are texts
 * in it.
 */
import { ENTITY_KINDS, EVENT_TYPES, KINDS, type EventSchema } from '#domain/field.ts';
import { AXES, OUTCOMES } from '#domain/outcome.ts';
import { LIMITS } from '#domain/limits.ts';
import { typeName, typeOfField } from '#expression/type-rules.ts';
import { RULE_DURINGS, RULE_MODES } from './compiled-policy.ts';
import { ALERTS_PER_DAY_MAX } from './parse-gate.ts';
import { POLICY_KEYS, UNKNOWN_WORDS, VERSION_MAX } from './parse-head.ts';
import { RULE_KEYS } from './parse-rules.ts';
import { TOTAL_MAX } from './parse-scoring.ts';
import { ACTIONS, SCORE_MAX, THEN_KEYS } from './parse-then.ts';
import { EXPECTED_ANSWERS } from './policy-test.ts';
import { REPEAT_MAX } from './parse-tests.ts';

export interface JsonSchema { readonly [key: string]: JsonSchemaValue }
type JsonSchemaValue = string | number | boolean | JsonSchema | readonly (string | boolean | JsonSchema)[];

const text = (description: string): JsonSchema => ({ type: ['string', 'number', 'boolean'], description });
const expression = (description: string): JsonSchema =>
  ({ type: ['string', 'boolean', 'number'], description });
const word = (words: readonly string[], description: string): JsonSchema => ({ enum: words, description });
/** In quotes it is the same to the compiler. */
const flag = (description: string): JsonSchema => ({ enum: [true, false, 'true', 'false'], description });
const whole = (description: string, minimum: number, maximum: number): JsonSchema =>
  ({ type: ['integer', 'string'], pattern: '^-?[0-9]{1,10}$', minimum, maximum, description });
const list = (items: JsonSchema, description: string): JsonSchema => ({ type: 'array', items, description });
const oneOrMore = (items: JsonSchema, description: string): JsonSchema =>
  ({ anyOf: [items, { type: 'array', items }], description });
const closed = (properties: JsonSchema, required: readonly string[], description: string): JsonSchema =>
  ({ type: 'object', properties, required, additionalProperties: false, description });
const named = (values: JsonSchema, pattern: string, description: string): JsonSchema =>
  ({ type: 'object', patternProperties: { [pattern]: values }, additionalProperties: false, description });

const SNAKE = '^[a-z][a-z0-9_]*$';
const KEBAB = '^[a-z][a-z0-9]*(-[a-z0-9]+)*$';

export function policyJsonSchema(schema: EventSchema): JsonSchema {
  const event = schema.name.split('+')[0] ?? schema.name;
  const properties: Record<(typeof POLICY_KEYS)[number], JsonSchema> = {
    policy: { type: 'string', pattern: KEBAB, description: 'Name of the policy; it stays for its life.' },
    title: text('What it is, for people.'),
    version: whole('Rises with every change. A decision records it, and the hash of the content.',
      1, VERSION_MAX),
    owner: text('Who answers for it.'),
    reviewers: oneOrMore({ type: 'string' }, 'Roles that must approve this very content.'),
    effective: closed({ from: text('First day.'), until: text('First day after.') }, [],
      'When it is meant to hold.'),
    gate: closed({
      unknown_rate_max: text('Share of payments on which a rule may be unable to say, such as 1%.'),
      alerts_per_day_max: whole('Payments above approve on the worst day.', 0, ALERTS_PER_DAY_MAX),
    }, [], 'What a backtest may show at most, for it to go live.'),
    brake: closed({
      segment: text('The field for whose values hits are counted apart; channel where it is left out.'),
      hits_max: text('Share of payments on which a rule may act while nothing is forecast, such as 20%.'),
    }, [], 'When a rule is put in shadow by itself.'),
    approvals: list(closed({ role: text('Role.'), by: text('Who.'), at: text('When.'),
      hash: text('Of what.') },
      ['role', 'by', 'at', 'hash'], 'One approval.'), 'Written by the tool; not part of the hash.'),
    references: named(closed({ text: text('As cited.'), url: text('Where to read it.') }, ['text'],
      'A source.'), '^.+$',
      'Laws and manuals that rules name under `because`.'),
    event: { const: event, description: 'The event schema it is checked against.' },
    kinds: oneOrMore(word(KINDS, 'A kind of payment.'), 'Kinds of payment it decides.'),
    currency: { type: 'string', pattern: '^[A-Z]{3}$',
      description: 'For reports; never an implied conversion.' },
    time: closed({
      ahead: text('How far occurred_at may be after arrival.'), behind: text('How far before.'),
      outside: word(['clamp', 'refuse'], 'What happens otherwise.'),
    }, [], 'Tolerance of event time.'),
    params: named(paramSchema(), SNAKE, 'Named values, fixed, by segment or by date.'),
    lists: named(listSchema(), SNAKE, 'Lists for `in list("name")`.'),
    define: named(expression('A named condition or value; it is inlined where it is used.'), SNAKE,
      'Named parts of expressions.'),
    features: { ...named(expression('One aggregate, such as count(by card over 1h).'), SNAKE,
      'Windows, by name.'), maxProperties: LIMITS.featureCountMax },
    rules: { ...named(ruleSchema(), KEBAB, 'Rules by id; all of them run.'),
      maxProperties: LIMITS.ruleCountMax },
    scoring: closed(Object.fromEntries(AXES.map((axis) => [axis, scoringSchema()])), [],
      'What totals mean, by axis.'),
    fallback: word(OUTCOMES, 'Outcome where the policy cannot be applied.'),
    degraded: closed({
      unknown: word(UNKNOWN_WORDS,
        'What rules do that are unknown because of it, and say nothing themselves.'),
    }, ['unknown'], 'While windows cannot be asked.'),
    tests: list(testSchema(schema), 'Events in the order they arrive, and what is expected of them.'),
  };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'Assay policy',
    ...closed(properties, ['policy', 'version', 'event', 'rules'], 'A policy document.'),
  };
}

function paramSchema(): JsonSchema {
  const value = text('A value, such as 10_000 USD.');
  return { anyOf: [
    value,
    closed({ by: text('A text field.'), cases: { type: 'object', additionalProperties: value },
      otherwise: value },
      ['by', 'cases', 'otherwise'], 'By the value of a field.'),
    list(closed({ from: text('First day, UTC.'), is: value }, ['from', 'is'], 'From a day on.'),
      'By date, oldest first.'),
  ] };
}

function listSchema(): JsonSchema {
  return closed({
    of: word(['string', 'int', ...ENTITY_KINDS], 'What it lists.'),
    values: { type: 'array', maxItems: LIMITS.inlineListEntryCountMax,
      description: 'Entries that stand here.' },
    managed: flag('Entries are published apart.'),
    validity: { enum: [true, false, 'true', 'false', 'required'],
      description: 'Whether entries may, or must, have an end.' },
    review_every: text('How often people look through it.'),
    reviewers: oneOrMore({ type: 'string' }, 'Roles that must approve every change of its entries.'),
  }, ['of'], 'A list.');
}

function ruleSchema(): JsonSchema {
  const properties: Record<(typeof RULE_KEYS)[number], JsonSchema> = {
    title: text('What it looks for.'),
    axis: word(AXES, 'Fraud (the default) or money laundering.'),
    because: oneOrMore({ type: 'string' }, 'References.'),
    during: word(RULE_DURINGS, 'degraded: it counts only while windows cannot be asked, and reads none.'),
    when: expression('The condition.'),
    unless: expression('A named exception: it takes the effect away and is reported.'),
    // oxlint-disable-next-line unicorn/no-thenable -- the key is a word of the language
    then: thenSchema(),
    unknown: word(UNKNOWN_WORDS,
      'What to do when it cannot be decided; stated by every rule that can stop a payment.'),
    degraded: word(UNKNOWN_WORDS,
      'The same where it cannot be decided because windows cannot be asked; default: `unknown`.'),
    reason: text('What people read; values in braces.'),
    final: flag('Nothing may except or replace it.'),
    mode: word(RULE_MODES, 'shadow: reported, no effect.'),
    replaces: oneOrMore({ type: 'string' }, 'Rules further down whose effect a hit of this one takes.'),
    owner: text('Who answers for it.'),
    hits_max: text('Share of payments above which it is put in shadow by itself, such as 5%.'),
  };
  return closed(properties, ['when', 'then'], 'A rule.');
}

function thenSchema(): JsonSchema {
  const properties: Record<(typeof THEN_KEYS)[number], JsonSchema> = {
    action: word(ACTIONS, 'The outcome it raises to.'),
    score: whole('Points on its axis.', -SCORE_MAX, SCORE_MAX),
    reason_code: text('Stable code for machines.'),
    report: text('A report that is due, such as ctr or sar.'),
    queue: text('Where people look at it.'),
    label: text('A mark that it sets.'),
    on: text('The entity that is marked.'),
    for: expression('How long a hold or label lasts: a duration, or until(instant).'),
  };
  return closed(properties, [], 'What a hit does.');
}

function scoringSchema(): JsonSchema {
  const band = closed({
    below: whole('Upper end, exclusive.', -TOTAL_MAX, TOTAL_MAX), action: word(OUTCOMES, 'Its outcome.'),
    name: text('Its name.'), for: text('How long a hold lasts.'),
    else: word(OUTCOMES, 'The outcome of the last band.'),
  }, [], 'A band of scores.');
  return closed({
    sum: oneOrMore({ type: 'string' }, 'Rules that count; all with a score if it is left out.'),
    floor: whole('Least total.', -TOTAL_MAX, TOTAL_MAX), cap: whole('Greatest total.', -TOTAL_MAX, TOTAL_MAX),
    bands: { ...list(band, 'Rising; the last is `else`.'), minItems: 1 },
  }, ['bands'], 'The score of one axis.');
}

function testSchema(schema: EventSchema): JsonSchema {
  const entry: JsonSchema = { anyOf: [text('Who is on it.'), closed({
    value: text('Who is on it.'), from: text('Since when; default ever.'),
    until: text('Until when; default for ever.'),
  }, [], 'An entry with dates.')], description: 'An entry.' };
  return closed({
    name: text('What it shows.'), start: text('What `at: 0s` is, as an instant.'),
    lists: { type: 'object', additionalProperties: list(entry, 'Entries of a managed list.'),
      description: 'Entries of managed lists; a list that is left out is empty.' },
    given: list(lineSchema(schema), 'Events in the order they arrive.'),
  }, ['name', 'given'], 'A test: a world of its own, with empty windows.');
}

/** An event of a test: its own keys, and the fields of the event by path and by short name. */
function lineSchema(schema: EventSchema): JsonSchema {
  const fields = schema.fields.filter(({ path }) => path !== 't').map((field) => {
    const type = typeOfField(field);
    const about = `${field.description}; ${typeName(type)}`;
    return [field.path, type.kind === 'enum' ? word(type.values, about) : text(about)] as const;
  });
  const byPath = new Map(fields);
  const short = [...schema.aliases].flatMap(([name, path]) => {
    const field = byPath.get(path);
    return field === undefined ? [] : [[name, field] as const];
  });
  return closed({
    at: text('When, after the start: `59m59s`; or an instant.'),
    x: whole('How many times it is sent.', 1, REPEAT_MAX),
    degraded: flag('It is decided as if windows could not be asked; later lines see it.'),
    expect: { type: 'object', additionalProperties: text('What is expected of it.'), description:
      `A rule: ${EXPECTED_ANSWERS.join(', ')}; outcome, fraud, aml; fraud_score, aml_score; `
      + 'a feature: its value, or missing.' },
    ...Object.fromEntries([...short, ...fields]),
    id: text('Its id, for status and label events that come later.'),
    event: word(EVENT_TYPES.filter((type) => type !== 'fact'), 'Its type, if it is no transaction.'),
    transaction: text('The id of the payment that a status or label is about.'),
  }, ['at'], 'An event.');
}
