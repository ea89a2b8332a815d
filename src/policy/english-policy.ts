/**
 * The policy as a page of plain English, made from the same trees as the code, so that it cannot say
 * something else.
 */
import { formatDate } from '#domain/instant.ts';
import { AXES, type Axis } from '#domain/outcome.ts';
import { englishExpression } from '#expression/english.ts';
import { printAggregate } from '#expression/print.ts';
import { asksWindows } from './asks-windows.ts';
import type { CompiledPolicy, Lasting, Param, Rule, Scoring, UnknownEffect } from './compiled-policy.ts';
import { formatSpan } from './format-cell.ts';

const DAY_MS = 86_400_000;

/** Markdown: what it is, its rules, scores, parameters, lists and features. */
export function englishPolicy(policy: CompiledPolicy): string {
  const kinds = policy.kinds.length === 0 ? 'all payments' : `payments of kind ${policy.kinds.join(', ')}`;
  const sections = [
    `# ${policy.title}`,
    `Policy ${policy.name}, version ${policy.version}, for ${kinds}. ${policy.rules.length} rules.`,
    ...policy.rules.map((rule) => englishRule(rule, policy)),
    ...AXES.flatMap((axis) => englishScoring(axis, policy.scoring[axis], policy)),
    section('Parameters', policy.params.map((param) => `- **${param.name}**: ${englishParam(param)}`)),
    section('Lists', policy.lists.map((list) => `- **${list.name}**: ${list.values === undefined
      ? `published apart${list.validity === 'required' ? ', every entry with an end' : ''}`
      : list.values.join(', ')}`)),
    section('Features', policy.features.slice(0, policy.declaredFeatureCount).map((feature, i) => {
      const aggregate = policy.aggregates[i];
      return `- **${feature.name}**: \`${aggregate === undefined ? '' : printAggregate(aggregate)}\``;
    })),
    `If the policy cannot be applied, the answer is ${policy.fallback}.`,
  ];
  return `${sections.filter((part) => part !== '').join('\n\n')}\n`;
}

const section = (title: string, lines: readonly string[]): string =>
  (lines.length === 0 ? '' : `## ${title}\n${lines.join('\n')}`);

/** One rule: what it is, when it hits, what it does, and what it does when it cannot tell. */
export function englishRule(rule: Rule, policy: Pick<CompiledPolicy, 'rules' | 'references'>): string {
  const references = rule.because.map((key) => policy.references.get(key)?.text ?? key).join('; ');
  const unless = rule.unless === undefined ? '' : `, *unless* ${englishExpression(rule.unless)}`;
  const sentences = [
    `**${rule.id}** - ${rule.title}${references === '' ? '' : ` (${references})`}.`,
    ...(rule.during === 'degraded' ? ['It counts only while windows cannot be asked.'] : []),
    `*Hit when* ${englishExpression(rule.when)}${unless}.`,
    `*Then* ${englishThen(rule)}.`,
    `*If it cannot be decided*, ${sayEffect(rule.unknown)}.`,
  ];
  if (rule.unknownDegraded !== rule.unknown && asksWindows(rule.when)) {
    sentences.push(`*If that is because windows cannot be asked*, ${sayEffect(rule.unknownDegraded)}.`);
  }
  if (rule.final) sentences.push('Nothing excepts it.');
  if (rule.replaces.length > 0) {
    sentences.push(
      `A hit takes the effect of ${rule.replaces.map(
        (index) => policy.rules.find((other) => other.index === index)?.id).join(', ')}.`);
  }
  if (rule.mode === 'shadow') sentences.push('It is in shadow: it is reported and does nothing.');
  if (rule.mode === 'off') sentences.push('It is off.');
  return sentences.join(' ');
}

export function englishThen({ does: then, axis }: Rule): string {
  const span = englishLasts(then.lasts);
  const parts = [
    ...(then.action === undefined ? [] : [`${then.action}${then.action === 'hold' ? span : ''}`]),
    ...(then.score === 0 ? [] : [`${then.score} points on the ${axis} axis`]),
    ...(then.report === undefined ? [] : [`a ${then.report} report is due`]),
    ...(then.queue === undefined ? [] : [`queue ${then.queue}`]),
    ...(then.label === undefined ? [] : [`the ${then.label.on.path} is labelled ${then.label.name}${span}`]),
  ];
  return parts.length === 0 ? 'nothing' : parts.join(', ');
}

function englishLasts(lasts: Lasting | undefined): string {
  if (lasts === undefined) return '';
  if (lasts.kind === 'until') return ` until ${englishExpression(lasts.instant)}`;
  return ` for ${englishExpression(lasts.duration)}`;
}

function sayEffect(effect: UnknownEffect): string {
  if (effect === 'miss') return 'it counts as a miss';
  return effect === 'hit' ? 'it counts as a hit' : effect;
}

function englishScoring(axis: Axis, scoring: Scoring, policy: CompiledPolicy): readonly string[] {
  const counted = policy.rules.filter((rule) => scoring.counts[rule.index] === true);
  if (counted.length === 0) return [];
  let from = `from ${scoring.floor}`;
  const bands = scoring.bands.map((band) => {
    const range = band.below === Infinity ? from : `${from} to below ${band.below}`;
    from = `from ${band.below}`;
    const hold = band.holdMs === undefined ? '' : ` for ${formatSpan(band.holdMs)}`;
    return `- ${band.name}, ${range}: ${band.action}${hold}`;
  });
  const sum = counted.map((rule) => `${rule.id} (${rule.does.score})`).join(', ');
  return [section(`Score on the ${axis} axis`, [`The sum of ${sum}, at most ${scoring.cap}.`, ...bands])];
}

export function englishParam({ value }: Param): string {
  switch (value.kind) {
    case 'fixed': return englishExpression(value.value);
    case 'cases': {
      const cases = [...value.cases].map(([key, expr]) => `${key} ${englishExpression(expr)}`);
      const otherwise = `otherwise ${englishExpression(value.otherwise)}`;
      return `by ${englishExpression(value.by)}: ${cases.join('; ')}; ${otherwise}`;
    }
    case 'dated':
      return value.values.map(
        (dated) => `from ${formatDate(dated.fromMs / DAY_MS)} ${englishExpression(dated.value)}`).join('; ');
  }
}
