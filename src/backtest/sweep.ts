/**
 * A sweep: one policy with one parameter at several values, each a document of its own with its own hash,
 * all judged in one pass.
 */
import { LIMITS } from '#domain/limits.ts';
import { nearestName } from '#domain/nearest-name.ts';
import type { Publication } from '#decisioning/publication.ts';
import { someNode } from '#expression/tree.ts';
import type { Expr } from '#expression/ast.ts';
import { conditionsIn } from '#features/definition.ts';
import { expressionsOf } from '#policy/aml-features.ts';
import type { CompiledPolicy } from '#policy/compiled-policy.ts';
import { Findings } from '#policy/diagnostic.ts';
import { valueAt, type DocumentNode } from '#policy/document.ts';
import { parseDocument } from '#policy/parse-document.ts';
import { policyNameIn } from './candidate-publication.ts';
import { OrderRefused, type Candidate } from './order.ts';

export interface SweepText {
  /** Undefined where one policy alone has the parameter. */
  readonly policy: string | undefined;
  readonly param: string;
  readonly values: readonly string[];
}

/**
 * `new_payee_limit=100,200,500 EUR` (the unit of the last stands for those without one), or
 * `ratio=2..4/9`: nine values from 2 to 4; `cards/ratio=...` where two policies have it. Throws OrderRefused.
 */
export function parseSweep(text: string): SweepText {
  const match = /^\s*(?:([a-z][a-z0-9_-]*)\/)?([a-z][a-z0-9_]*)\s*=\s*(.+)$/.exec(text);
  const [, policy, param = '', right = ''] = match ?? [];
  const values = right.includes('..') ? steps(right) : listed(right);
  if (match === null || values.length === 0) {
    throw new OrderRefused(`a sweep is PARAM=100,200,500 EUR or PARAM=2..4/9, not ${text}`);
  }
  if (values.length > LIMITS.backtestCandidateCountMax - 1) {
    throw new OrderRefused(`${values.length} values; at most ${LIMITS.backtestCandidateCountMax - 1} in `
      + `one sweep`);
  }
  const twice = values.find((value, i) => values.indexOf(value) !== i);
  if (twice !== undefined) throw new OrderRefused(`the sweep has the value ${twice} twice`);
  return { policy, param, values };
}

function listed(text: string): readonly string[] {
  const parts = text.split(',').map((part) => part.trim()).filter((part) => part !== '');
  const unit = /^-?[\d_.]+\s*(\D.*)$/.exec(parts.at(-1) ?? '')?.[1] ?? '';
  const joint = /^[A-Z]/.test(unit) ? ' ' : '';
  return parts.map((part) => (unit !== '' && /^-?[\d_.]+$/.test(part) ? `${part}${joint}${unit}` : part));
}

function steps(text: string): readonly string[] {
  const tight = text.replaceAll(/\s/g, '');
  const match = /^(-?[\d_]+(?:\.\d+)?)\.\.(-?[\d_]+(?:\.\d+)?)\/(\d{1,4})(\S*)$/.exec(tight);
  if (match === null) return [];
  const [, from = '', to = '', count = '', unit = ''] = match;
  const [low, high, n] = [from, to, count].map((one) => Number(one.replaceAll('_', '')));
  if (low === undefined || high === undefined || n === undefined || n < 2) return [];
  const spread = (high - low) / (n - 1);
  const joint = unit !== '' && /^[A-Z]/.test(unit) ? ' ' : '';
  return Array.from({ length: n }, (_, i) => `${Number((low + i * spread).toFixed(6))}${joint}${unit}`);
}

/** A candidate for each value. Throws OrderRefused where no policy has the parameter as one fixed value. */
export function sweepOf(publication: Publication, sweep: SweepText): readonly Candidate[] {
  const { index, policy, node } = sweptIn(publication, sweep);
  const { param, values } = sweep;
  return values.map((value): Candidate => ({
    name: `${param} = ${value}`, varies: { policy, param, value },
    publication: {
      ...publication,
      policies: publication.policies.map((one, i) => (i !== index ? one
        : { file: one.file, source: one.source.slice(0, node.start) + value + one.source.slice(node.end) })),
    },
  }));
}

interface Swept { readonly index: number; readonly policy: string; readonly node: DocumentNode }

/** Where the value stands that is swept. */
function sweptIn(publication: Publication, { policy: named, param }: SweepText): Swept {
  const known: string[] = [];
  const found = publication.policies.flatMap(({ file, source }, index): readonly Swept[] => {
    const root = parseDocument(source, new Findings());
    const policy = policyNameIn(root) ?? file;
    if (named !== undefined && policy !== named) return [];
    const params = valueAt(root, 'params');
    known.push(...params?.kind === 'map' ? params.entries.map(({ key }) => key) : []);
    const node = valueAt(params, param);
    return node === undefined ? [] : [{ index, policy, node }];
  });
  const [one, other] = found;
  if (one !== undefined && other === undefined) {
    if (one.node.kind === 'scalar') return one;
    throw new OrderRefused(`${publication.policies[one.index]?.file}: ${param} is not one fixed value`);
  }
  if (one !== undefined) {
    throw new OrderRefused(`${found.length} policies have the parameter ${param}: say which, as in `
      + `${found.map(({ policy }) => `${policy}/${param}`).join(' or ')}`);
  }
  const near = nearestName(param, known);
  throw new OrderRefused((named === undefined ? `no policy has the parameter ${param}`
    : `there is no policy ${named} with the parameter ${param}`)
    + (near === undefined ? `; there are ${known.join(', ')}` : `; did you mean ${near}?`));
}

/** `policy/rule` of the rules that the parameter can change: they read it, or a feature that does. */
export function rulesReading(
  policy: CompiledPolicy, { policy: varied, param }: { readonly policy: string; readonly param: string },
): readonly string[] {
  if (policy.name !== varied) return [];
  const index = policy.params.findIndex(({ name }) => name === param);
  if (index < 0) return [];
  const reads = (expr: Expr): boolean =>
    someNode(expr, (node) => node.kind === 'param' && node.index === index);
  const features = policy.features.map((feature) => conditionsIn(feature).some(reads));
  const touches = (expr: Expr): boolean => reads(expr)
    || someNode(expr, (node) => node.kind === 'feature' && features[node.index] === true);
  return policy.rules.filter((rule) =>
    [rule.when, ...(rule.unless === undefined ? [] : [rule.unless])].some(touches)
    || expressionsOf(rule).some(reads)).map(({ id }) => `${policy.name}/${id}`);
}
