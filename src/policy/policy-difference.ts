/**
 * What changed between two versions of a policy, by name and part. It compares what the document means:
 * blanks, comments, quotes and defaults written out are no change. INVARIANT: equal documents up to those
 * have no difference, and a difference turned round has `before` and `after` changed places.
 */
import { parseExpression } from '#expression/parse.ts';
import { printExpression } from '#expression/print.ts';
import type { Expr } from '#expression/ast.ts';
import { AXES } from '#domain/outcome.ts';
import { expressionsOf } from './aml-features.ts';
import { asksWindows } from './asks-windows.ts';
import { englishParam, englishRule } from './english-policy.ts';
import type { CompiledPolicy, Lasting, Rule } from './compiled-policy.ts';
import { Findings } from './diagnostic.ts';
import { valueAt, type DocumentNode, type MapNode } from './document.ts';
import { formatSpan } from './format-cell.ts';
import { parseDocument } from './parse-document.ts';
import { namesIn, nodesOf } from './walk.ts';

export const DIFFERENCE_SECTIONS = [
  'policy', 'rule', 'parameter', 'list', 'define', 'feature', 'scoring', 'reference', 'test',
] as const;
export type DifferenceSection = (typeof DIFFERENCE_SECTIONS)[number];

export interface PolicyDifference {
  readonly before: PolicyVersion;
  readonly after: PolicyVersion;
  readonly changes: readonly PolicyChange[];
}
export interface PolicyVersion { readonly name: string; readonly version: number; readonly hash: string }

export interface PolicyChange {
  readonly section: DifferenceSection;
  readonly name: string;
  readonly kind: 'added' | 'removed' | 'changed';
  /** What it says, in a sentence, of what was added or removed. */
  readonly text?: string;
  /** Of what was changed. */
  readonly parts: readonly PartChange[];
  /** Names that a rule uses, itself or through others, and that were changed. */
  readonly through: readonly string[];
}
/** Undefined where the part is not there. */
export interface PartChange {
  readonly part: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

export function policyDifference(before: CompiledPolicy, after: CompiledPolicy): PolicyDifference {
  const [old, now] = [new Described(before), new Described(after)];
  const changes = DIFFERENCE_SECTIONS.flatMap((section) =>
    sectionChanges(section, old.section(section), now.section(section), section === 'policy'
      ? orderChange(before, after) : []));
  const changed = new Set(changes.filter(({ section }) => NAMED.has(section))
    .map(({ section, name }) => (section === 'list' ? `list:${name}` : name)));
  const through = after.rules.filter(({ id }) => old.section('rule').has(id)).flatMap((rule) => {
    const names = [...now.usedBy(rule)].filter((name) => changed.has(name));
    return names.length === 0 ? [] : [[rule.id, names.map((name) => name.replace(/^list:/, ''))] as const];
  });
  return {
    before: versionOf(before), after: versionOf(after), changes: withThrough(changes, new Map(through)),
  };
}

const NAMED: ReadonlySet<DifferenceSection> = new Set(['parameter', 'list', 'define', 'feature']);

const versionOf = ({ name, version, hash }: CompiledPolicy): PolicyVersion => ({ name, version, hash });

/** Rules that are as they were stand in the difference too, where what they use is not. */
function withThrough(changes: readonly PolicyChange[],
  through: ReadonlyMap<string, readonly string[]>): readonly PolicyChange[] {
  const known = new Set(changes.filter(({ section }) => section === 'rule').map(({ name }) => name));
  const marked = changes.map((change) => (
    change.section === 'rule' && change.kind === 'changed'
      ? { ...change, through: through.get(change.name) ?? [] } : change));
  const others = [...through].filter(([id]) => !known.has(id)).map(([name, names]): PolicyChange =>
    ({ section: 'rule', name, kind: 'changed', parts: [], through: names }));
  const head = marked.filter(({ section }) => section === 'policy' || section === 'rule');
  return [...head, ...others, ...marked.filter((change) => !head.includes(change))];
}

/** Of the rules that are in both: their order is the order in which they take effect. */
function orderChange(before: CompiledPolicy, after: CompiledPolicy): readonly PartChange[] {
  const both = (one: CompiledPolicy, other: CompiledPolicy): string => one.rules.map(({ id }) => id)
    .filter((id) => other.rules.some((rule) => rule.id === id)).join(', ');
  const [old, now] = [both(before, after), both(after, before)];
  return old === now ? [] : [{ part: 'order of rules', before: old, after: now }];
}

type Parts = ReadonlyMap<string, string>;
interface Entry { readonly parts: Parts; readonly text?: string | undefined }
type Section = ReadonlyMap<string, Entry>;

function sectionChanges(section: DifferenceSection, before: Section, after: Section,
  more: readonly PartChange[]): readonly PolicyChange[] {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names.flatMap((name): readonly PolicyChange[] => {
    const [old, now] = [before.get(name), after.get(name)];
    const one = old ?? now;
    if (old === undefined || now === undefined) {
      const text = one?.text === undefined ? {} : { text: one.text };
      const kind = old === undefined ? 'added' : 'removed';
      return [{ section, name, kind, parts: [], through: [], ...text }];
    }
    const parts = [...new Set([...old.parts.keys(), ...now.parts.keys()])].flatMap((part) => {
      const change = { part, before: old.parts.get(part), after: now.parts.get(part) };
      return change.before === change.after ? [] : [change];
    });
    const all = [...parts, ...more];
    return all.length === 0 ? [] : [{ section, name, kind: 'changed', parts: all, through: [] }];
  });
}

const present = (parts: Readonly<Record<string, string | number | boolean | undefined>>): Parts =>
  new Map(Object.entries(parts).flatMap(([part, value]) =>
    (value === undefined || value === '' ? [] : [[part, String(value)] as const])));

/** A policy as names and parts of plain text. */
class Described {
  readonly #policy: CompiledPolicy;
  readonly #root: MapNode | undefined;
  readonly #defines: ReadonlyMap<string, Expr>;
  readonly #features: ReadonlyMap<string, Expr>;
  readonly #sections = new Map<DifferenceSection, Section>();

  constructor(policy: CompiledPolicy) {
    this.#policy = policy;
    this.#root = parseDocument(policy.source, new Findings());
    this.#defines = this.#expressions('define');
    this.#features = this.#expressions('features');
  }

  section(section: DifferenceSection): Section {
    const known = this.#sections.get(section) ?? this.#describe(section);
    this.#sections.set(section, known);
    return known;
  }

  /** Names a rule depends on: parameters, defines, features, and lists as `list:name`. */
  usedBy(rule: Rule): ReadonlySet<string> {
    const names = new Set<string>();
    const visit = (expr: Expr | undefined): void => {
      for (const name of expr === undefined ? [] : namesIn(expr, this.#defines)) {
        if (names.has(name)) continue;
        names.add(name);
        visit(this.#features.get(name));
      }
    };
    for (const expr of [this.#written(rule, 'when'), this.#written(rule, 'unless')]) visit(expr);
    for (const node of expressionsOf(rule).flatMap((expr) => [...nodesOf(expr)])) {
      if (node.kind !== 'feature' && node.kind !== 'param') continue;
      names.add(node.name);
      visit(this.#features.get(node.name));
    }
    return names;
  }

  #describe(section: DifferenceSection): Section {
    const { rules, params, lists, references } = this.#policy;
    switch (section) {
      case 'policy': return this.#head();
      case 'rule':
        return new Map(rules.map((rule) => [rule.id,
          { parts: this.#rule(rule), text: englishRule(rule, this.#policy) }]));
      case 'parameter':
        return new Map(params.map((param) => {
          const value = englishParam(param);
          return [param.name, { parts: present({ value }), text: value }];
        }));
      case 'list':
        return new Map(lists.map((list) => {
          const values = list.values?.map(String).toSorted().join(', ');
          const of = list.of.kind === 'entity' ? list.of.entity : list.of.kind;
          const parts = present({ of, values: values ?? 'published apart', validity: list.validity });
          return [list.name, { parts: new Map([...parts, ...this.#others('lists', list.name)]),
            text: values ?? 'published apart' }];
        }));
      case 'define': return written(this.#defines);
      case 'feature': return written(this.#features);
      case 'scoring': return this.#scoring();
      case 'reference':
        return new Map([...references].map(([key, { text, url }]) =>
          [key, { parts: present({ text, url }), text }]));
      case 'test': return this.#tests();
    }
  }

  /** Parts of a list that the compiled policy has no use for, or that others add. */
  #others(section: string, name: string): Parts {
    const node = valueAt(valueAt(this.#root, section), name);
    const told = new Set(['of', 'values', 'validity', 'managed']);
    return node?.kind !== 'map' ? new Map() : new Map(node.entries
      .filter(({ key }) => !told.has(key)).map(({ key, value }) => [key, plain(value)]));
  }

  #head(): Section {
    const { title, version, owner, reviewers, effective, kinds, currency, time, fallback } = this.#policy;
    const { degradedUnknown } = this.#policy;
    const gate = valueAt(this.#root, 'gate');
    const brake = valueAt(this.#root, 'brake');
    const parts = present({
      title, version, owner, reviewers: reviewers.join(', '), 'effective from': effective.from,
      'effective until': effective.until, kinds: kinds.join(', '), currency, fallback,
      'unknown without windows': degradedUnknown,
      time: `${formatSpan(time.aheadMs)} ahead, ${formatSpan(time.behindMs)} behind, else ${time.outside}`,
      gate: gate && plain(gate), brake: brake && plain(brake),
    });
    return new Map([['policy', { parts }]]);
  }

  #rule(rule: Rule): Parts {
    const { does, reason } = rule;
    const node = valueAt(valueAt(this.#root, 'rules'), rule.id);
    const other = new Map(node?.kind !== 'map' ? [] : node.entries
      .filter(({ key }) => !RULE_PARTS.has(key)).map(({ key, value }) => [key, plain(value)] as const));
    const replaces = rule.replaces.map(
      (index) => this.#policy.rules.find((one) => one.index === index)?.id ?? '').toSorted();
    return new Map([...present({
      title: rule.title, axis: rule.axis, because: rule.because.join(', '),
      when: this.#text(rule, 'when'), unless: this.#text(rule, 'unless'), action: does.action ?? 'none',
      score: does.score, 'reason code': does.reasonCode, report: does.report, queue: does.queue,
      label: does.label && `${does.label.name} on ${does.label.on.path}`, for: lastingText(does.lasts),
      unknown: rule.unknown, during: rule.during,
      'unknown without windows': withoutWindows(rule),
      final: rule.final, mode: rule.mode, replaces: replaces.join(', '),
      owner: rule.owner,
      reason: reason.map((part) => (part.kind === 'text' ? part.text
        : `{${printExpression(part.expr)}}`)).join(''),
    }), ...other]);
  }

  #written(rule: Rule, clause: 'when' | 'unless'): Expr | undefined {
    const node = valueAt(valueAt(valueAt(this.#root, 'rules'), rule.id), clause);
    return node && expressionOf(node);
  }

  #text(rule: Rule, clause: 'when' | 'unless'): string | undefined {
    const expr = this.#written(rule, clause);
    return expr && printExpression(expr);
  }

  #scoring(): Section {
    const { scoring, rules } = this.#policy;
    return new Map(AXES.map((axis) => {
      const { floor, cap, bands, counts } = scoring[axis];
      const sum = rules.filter(({ index }) => counts[index] === true).map(({ id }) => id).toSorted();
      const named = bands.map(({ below, action, name, holdMs }) =>
        `${below === Infinity ? 'above' : `below ${below}`} ${action} (${name})`
        + (holdMs === undefined ? '' : ` for ${formatSpan(holdMs)}`));
      return [axis, { parts: present({ floor, cap, sum: sum.join(', '), bands: named.join('; ') }) }];
    }));
  }

  /** By name; the second of a name is `name (2)`. */
  #tests(): Section {
    const node = valueAt(this.#root, 'tests');
    const tests = new Map<string, Entry>();
    for (const test of node?.kind === 'list' ? node.items : []) {
      const title = plain(valueAt(test, 'name'));
      let name = title;
      for (let i = 2; tests.has(name); i++) name = `${title} (${i})`;
      const given = valueAt(test, 'given');
      const events = (given?.kind === 'list' ? given.items : []).map(
        (line, i) => [`event ${i + 1}`, plain(line)] as const);
      tests.set(name, { parts: new Map([
        ...present({ start: plain(valueAt(test, 'start')), lists: plain(valueAt(test, 'lists')) }),
        ...events]) });
    }
    return tests;
  }

  #expressions(section: string): ReadonlyMap<string, Expr> {
    const node = valueAt(this.#root, section);
    return new Map((node?.kind === 'map' ? node.entries : []).flatMap(({ key, value }) => {
      const expr = expressionOf(value);
      return expr === undefined ? [] : [[key, expr] as const];
    }));
  }
}

const RULE_PARTS: ReadonlySet<string> = new Set([
  'title', 'axis', 'because', 'during', 'when', 'unless', 'then', 'unknown', 'degraded', 'reason', 'final',
  'mode', 'replaces', 'owner',
]);

const written = (expressions: ReadonlyMap<string, Expr>): Section =>
  new Map([...expressions].map(([name, expr]) => {
    const is = printExpression(expr);
    return [name, { parts: present({ is }), text: is }];
  }));

function expressionOf(node: DocumentNode): Expr | undefined {
  const parsed = node.kind === 'scalar' ? parseExpression(node.text) : undefined;
  return parsed !== undefined && 'expr' in parsed ? parsed.expr : undefined;
}

/** What it does then, where that is something else. */
const withoutWindows = ({ when, unknown, unknownDegraded }: Rule): string | undefined =>
  (unknownDegraded !== unknown && asksWindows(when) ? unknownDegraded : undefined);

function lastingText(lasts: Lasting | undefined): string | undefined {
  if (lasts === undefined) return undefined;
  return lasts.kind === 'for' ? printExpression(lasts.duration) : `until ${printExpression(lasts.instant)}`;
}

/** A node in one line, keys of a map in order of name: quotes, folding and the order of keys say nothing. */
function plain(node: DocumentNode | undefined): string {
  if (node === undefined) return '';
  switch (node.kind) {
    case 'scalar': return node.text.replaceAll(/\s+/g, ' ').trim();
    case 'list': return `[${node.items.map(plain).join(', ')}]`;
    case 'map': {
      const entries = node.entries.map(({ key, value }) => `${key}: ${plain(value)}`);
      return `{ ${entries.toSorted().join(', ')} }`;
    }
  }
}
