/** Answers of the life cycle, for people. */
import { mapsOf, textOf, textsOf, type Answered } from './lifecycle-client.ts';

/** One line a fact; what is lacking comes last, because that is what to do next. */
export function printed(answer: Answered): readonly string[] {
  switch (answer['object']) {
    case 'policy_version': return version(answer);
    case 'went_live': return live(answer);
    case 'retirement': return [
      `${textOf(answer['policy'])} ${textOf(answer['version'])}: ${answer['position'] === undefined
        ? `${textOf(answer['asked_by'])} has asked to take it out of force`
        : `out of force from position ${textOf(answer['position'])} of the log on`}`,
      ...approvals(answer), ...textsOf(answer['notes']).map((note) => `  note: ${note}`), ...lacking(answer)];
    case 'list_change': return [
      `${textOf(answer['id'])}: ${textOf(answer['kind'])} of list ${textOf(answer['list'])}, `
      + `${textOf(answer['added'])} added, ${textOf(answer['removed'])} taken away, `
      + `by ${textOf(answer['author'])}: `
      + textOf(answer['state']), ...approvals(answer), ...lacking(answer)];
    case 'snooze': return [
      `${textOf(answer['id'])}: ${textOf(answer['policy'])}/${textOf(answer['rule'])} leaves `
      + `${textOf(answer['field'])} ${textOf(answer['value'])} alone until ${textOf(answer['until'])}: `
      + textOf(answer['state']), ...approvals(answer), ...lacking(answer)];
    case 'backtest': return backtest(answer);
    case 'list': return page(mapsOf(answer['data']), answer['after']);
    default: return [JSON.stringify(answer)];
  }
}

/** The audit is read from an entry on, everything else behind one. */
function page(data: readonly Answered[], after: unknown): readonly string[] {
  const way = data[0]?.['seq'] === undefined ? '--after' : '--from';
  if (data.length === 0) return ['none'];
  return [...data.map(row), ...(typeof after === 'number' ? [`more: ${way} ${after}`] : [])];
}

/** One that was asked for just now has no progress yet. */
function backtest(answer: Answered): readonly string[] {
  const id = textOf(answer['id']);
  if (answer['done'] === undefined) return [`${id}: queued`, `  \`assay policy run ${id}\` tells of it`];
  const of = answer['total'] === undefined ? '' : ` of ${textOf(answer['total'])}`;
  const why = answer['problem'] === undefined ? '' : `: ${textOf(answer['problem'])}`;
  return [`${id}: ${textOf(answer['status'])}, ${textOf(answer['done'])}${of} records${why}`,
    ...(answer['text'] === undefined ? [] : [textOf(answer['text'])])];
}

function version(answer: Answered): readonly string[] {
  const tests = mapsOf(answer['evidence']).filter(({ kind }) => kind === 'test').at(-1)?.['found'];
  const [found] = mapsOf([tests]);
  return [
    `${textOf(answer['policy'])} ${textOf(answer['version'])}: ${textOf(answer['stage'])}`,
    `  ${textOf(answer['hash'])}`,
    `  by ${textOf(answer['author'])} at ${textOf(answer['created_at'])}: ${textOf(answer['note'])}`,
    ...(found === undefined ? [] : [`  tests: ${textOf(found['passed'])} passed, `
      + `${textOf(found['failed'])} failed`]),
    ...textsOf(found?.['failures']).map((failure) => `    ${failure}`),
    ...approvals(answer), ...textsOf(answer['notes']).map((note) => `  note: ${note}`), ...lacking(answer),
  ];
}

const approvals = (answer: Answered): readonly string[] =>
  mapsOf(answer['approvals']).map(({ role, person, at }) =>
  `  approved as ${textOf(role)} by ${textOf(person)} at ${textOf(at)}`);

const lacking = (answer: Answered): readonly string[] =>
  textsOf(answer['lacking']).map((sentence) => `  lacking: ${sentence}`);

const live = (answer: Answered): readonly string[] => [
  `in force from position ${textOf(answer['position'])} of the log on`
  + (answer['recorded'] === false ? '; the records hear of it later' : ''),
  ...textsOf(answer['notes']).map((note) => `  note: ${note}`),
];

function row(one: Answered): string {
  if (one['seq'] !== undefined) {
    return [one['seq'], one['at'], one['person'], one['action'], one['subject'], one['detail']].map(
      textOf).join('  ');
  }
  if (one['since'] !== undefined) {
    const [segment] = mapsOf([one['segment']]);
    const where = segment === undefined ? 'everywhere'
      : `${textOf(segment['field'])} ${textOf(segment['value'])}`;
    return `${textOf(one['policy'])}/${textOf(one['rule'])} in ${where} since ${textOf(one['since'])}: `
      + textOf(one['because']);
  }
  if (one['object'] !== undefined) return printed(one).join('\n');
  if (one['value'] !== undefined) {
    const by = one['author'] === undefined ? '' : [`by ${textOf(one['author'])}`,
      ...textsOf(one['approvers']).map((who) => `approved by ${who}`), textOf(one['change'])].join(', ');
    return [one['value'], one['from'], one['until'], one['note'], by].map(textOf).join('  ').trimEnd();
  }
  if (one['position'] !== undefined) {
    const [detail] = mapsOf([one['detail']]);
    const { policy, version: number, id, to, because } = detail ?? {};
    const what = policy !== undefined ? [`${textOf(policy)} ${textOf(number)}`.trim()]
      : id !== undefined ? [id] : to !== undefined ? [`to ${textOf(to)}`] : [];
    return [one['position'], one['at'], one['kind'], one['person'], ...what, because].map(textOf).join('  ');
  }
  const state = one['withdrawn_at'] === undefined ? '' : 'withdrawn';
  return [one['version'], one['hash'], one['created_at'], one['author'], one['note'], state].map(
    textOf).join('  ')
    .trimEnd();
}
