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
import { valueAt } from '#policy/document.ts';
import { parseDocument } from '#policy/parse-document.ts';
import { policyNameIn } from './candidate-publication.ts';
import { OrderRefused, type Candidate } from './order.ts';

export interface SweepText { readonly param: string; readonly values: readonly string[] }

/**
 * `new_payee_limit=100,200,500 EUR` (the unit of the last stands for those without one), or
 * `ratio=2..4/9`: nine values from 2 to 4. Throws OrderRefused.
 */
export function parseSweep(text: string): SweepText {
  const match = /^\s*([a-z][a-z0-9_]*)\s*=\s*(.+)$/.exec(text);
  const [, param = '', right = ''] = match ?? [];
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
  return { param, values };
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
export function sweepOf(publication: Publication, { param, values }: SweepText): readonly Candidate[] {
  const known: string[] = [];
  for (const [index, { file, source }] of publication.policies.entries()) {
    const params = valueAt(parseDocument(source, new Findings()), 'params');
    const names = params?.kind === 'map' ? params.entries.map(({ key }) => key) : [];
    known.push(...names);
    const node = valueAt(params, param);
    if (node === undefined) continue;
    if (node.kind !== 'scalar') throw new OrderRefused(`${file}: ${param} is not one fixed value`);
    const policy = policyNameIn(source) ?? file;
    return values.map((value): Candidate => ({
      name: `${param} = ${value}`, varies: { policy, param, value },
      publication: {
        ...publication,
        policies: publication.policies.map((one, i) => (i !== index ? one
          : { file, source: source.slice(0, node.start) + value + source.slice(node.end) })),
      },
    }));
  }
  const near = nearestName(param, known);
  throw new OrderRefused(`no policy has the parameter ${param}`
    + (near === undefined ? `; there are ${known.join(', ')}` : `; did you mean ${near}?`));
}

/** `policy/rule` of the rules that the parameter can change: they read it, or a feature that does. */
export function rulesReading(policy: CompiledPolicy, param: string): readonly string[] {
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
