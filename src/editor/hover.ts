/** What a name, a word or a key means: the sentence of the reading view where there is one. */
import { fieldNamed } from '#domain/field.ts';
import { AGGREGATE_NAMES } from '#expression/ast.ts';
import { BUILTINS, signatureOf } from '#expression/builtins.ts';
import { englishAggregate, englishExpression } from '#expression/english.ts';
import { typeName, typeOfField } from '#expression/type-rules.ts';
import type { Place } from '#policy/diagnostic.ts';
import { englishParam, englishRule } from '#policy/english-policy.ts';
import type { JsonSchema } from '#policy/policy-json-schema.ts';
import { CLAUSES } from './expression-cursor.ts';
import { nameAt } from './navigate.ts';
import type { NameUse } from './name-uses.ts';
import { nodePlace } from './node-place.ts';
import { checkedDefine, type Outline } from './outline.ts';
import type { PolicySession } from './policy-session.ts';
import { roleAt } from './role.ts';
import { schemaPlace } from './schema-place.ts';
import { AGGREGATE_DOCS, CLAUSE_DOCS, KEYWORD_DOCS, PRIOR_DOC } from './word-docs.ts';

export interface HoverText extends Place { readonly text: string }

export function hoverAt({ document, outline, uses }: PolicySession, offset: number,
  schema: JsonSchema): HoverText | undefined {
  const use = nameAt(uses, outline, offset);
  const named = use && sayName(use, outline);
  if (use !== undefined && named !== undefined) return { text: named, start: use.start, end: use.end };
  const place = nodePlace(outline.root, offset);
  if (place?.kind === 'scalar') return hoverWord(document.text, offset, place.path, outline);
  if (place === undefined) return undefined;
  const { description } = schemaPlace(schema, place.path);
  const { key, keyPlace } = place.entry;
  return description === undefined ? undefined : { text: `**${key}**: ${description}`, ...keyPlace };
}

function sayName({ kind, name }: NameUse, outline: Outline): string | undefined {
  const { scope } = outline;
  const type = outline.names.find((one) => one.kind === kind && one.name === name)?.type;
  const is = type === undefined ? '' : `, ${typeName(type)}`;
  switch (kind) {
    case 'rule': {
      const rule = outline.rules.find(({ id }) => id === name);
      return rule && englishRule(rule, outline);
    }
    case 'feature': {
      const aggregate = outline.aggregates.get(name);
      return aggregate && `**${name}** (feature${is}): ${englishAggregate(aggregate)}`;
    }
    case 'define': {
      const expr = checkedDefine(name, scope);
      return expr && `**${name}** (define${is}): ${englishExpression(expr)}`;
    }
    case 'parameter': {
      const param = outline.params.find((one) => one.name === name);
      return param && `**${name}** (parameter${is}): ${englishParam(param)}`;
    }
    case 'list': {
      const list = outline.lists.find((one) => one.name === name);
      if (list === undefined) return undefined;
      const entries = list.values === undefined ? 'published apart' : list.values.slice(0, 20).join(', ');
      return `**${name}** (list of ${typeName(list.of)}): ${entries}`;
    }
    case 'reference': {
      const reference = outline.references.get(name);
      return reference && `**${name}**: ${reference.text}${reference.url === undefined ? ''
        : `\n\n<${reference.url}>`}`;
    }
    case 'field': {
      const field = fieldNamed(scope.schema, name);
      return field && `**${field.path}** (${typeName(typeOfField(field))}): ${field.description}`
        + `${field.history ? '' : '. Not kept of past events.'}`;
    }
    case 'function': return sayFunction(name);
  }
}

function sayFunction(name: string): string | undefined {
  const builtin = BUILTINS.get(name);
  if (builtin !== undefined) return `\`${signatureOf(builtin)}\`\n\n${builtin.doc}`;
  const prior = name.startsWith('prior_');
  const aggregate = AGGREGATE_NAMES.find((one) => one === (prior ? name.slice(6) : name));
  if (aggregate === undefined) return undefined;
  const { form, doc } = AGGREGATE_DOCS[aggregate];
  return `\`${prior ? 'prior_' : ''}${form}\`\n\n${doc}${prior ? ` ${PRIOR_DOC}` : ''}`;
}

const EXPRESSIONS = new Set(['condition', 'define', 'feature', 'lasting', 'textual', 'reason']);

/** A word of the language, in an expression. */
function hoverWord(source: string, offset: number, path: Parameters<typeof roleAt>[0],
  outline: Outline): HoverText | undefined {
  if (!EXPRESSIONS.has(roleAt(path).kind)) return undefined;
  const before = /[\w.]*$/.exec(source.slice(Math.max(0, offset - 64), offset))?.[0] ?? '';
  const after = /^[\w.]*/.exec(source.slice(offset, offset + 64))?.[0] ?? '';
  const start = offset - before.length;
  const word = before + after;
  const clause = CLAUSES.find((one) => one === word);
  const doc = clause === undefined ? KEYWORD_DOCS.get(word)
    : `\`${CLAUSE_DOCS[clause].form}\`\n\n${CLAUSE_DOCS[clause].doc}`;
  // In an expression that cannot be read, names are known by their spelling alone.
  const kinds = ['feature', 'parameter', 'define', 'field', 'function'] as const;
  const text = doc ?? kinds.map((kind) => sayName({ kind, name: word, start, end: offset }, outline))
    .find((said) => said !== undefined);
  return text === undefined || word === '' ? undefined : { text, start, end: start + word.length };
}
