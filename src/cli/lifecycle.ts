/**
 * `assay policy submit|...`, `assay list ...`, `assay snooze ...`, `assay brake ...`, `assay audit`: over
 * HTTP.
 */
import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import {
  SERVER_OPTIONS, SERVER_USAGE, ServerRefused, serverOf, type Answered, type Server,
} from './lifecycle-client.ts';
import { printed } from './lifecycle-print.ts';
import { UsageError, type ExitCode, type Shell } from './shell.ts';

const ACTS = `\
assay policy submit FILE --note WHY          a new version: compiled, tested, kept
assay policy versions NAME | status HASH     where versions stand, and what one lacks
assay policy backtest HASH | run ID          the past again (--from, --until, --capacity, --sweep); see it
assay policy backtests HASH [--after NUMBER] its runs, newest first
assay policy approve HASH --role ROLE        you have read this very content
assay policy shadow HASH [--share 5%]        it judges beside the live one, or decides a share
assay policy unshadow HASH --because WHY
assay policy publish HASH --because WHY      it is live, where nothing is lacking
assay policy withdraw HASH --because WHY
assay policy retire NAME --because WHY [--role ROLE]   it decides nothing any more, where two agree
assay policy publications [--after NUMBER]   what went live, newest first
assay policy roll-back POSITION --because WHY
assay list upload NAME FILE.csv --reason WHY [--amend]
assay list add|remove NAME VALUE... --reason WHY [--until INSTANT]
assay list show NAME [--after NUMBER]        what is live of it
assay list entries NAME [--value VALUE]      and who put it there
assay list changes NAME [--after NUMBER]     what was proposed for it, newest first
assay list status|approve|publish|withdraw ID [--role ROLE] [--because WHY]
assay snooze add POLICY RULE --field PATH --value VALUE --until INSTANT --reason WHY
assay snooze list [POLICY] [--after NUMBER]  those in force, or all of a policy
assay snooze status|approve|publish|end ID [--role ROLE] [--because WHY]
assay brake list | release POLICY RULE [--segment VALUE] --because WHY
assay audit [--from SEQ]                     who did what; asks for a key with the scope admin`;

export const LIFECYCLE_USAGE = `${ACTS}\n${SERVER_USAGE}`;

const OPTIONS = {
  ...SERVER_OPTIONS, note: { type: 'string' }, because: { type: 'string' }, role: { type: 'string' },
  reason: { type: 'string' }, share: { type: 'string' }, by: { type: 'string' }, until: { type: 'string' },
  from: { type: 'string' }, field: { type: 'string' }, value: { type: 'string' }, segment: { type: 'string' },
  amend: { type: 'boolean' }, capacity: { type: 'string' }, sweep: { type: 'string' },
  expected: { type: 'string' }, after: { type: 'string' },
} as const;

const parse = (args: readonly string[]) =>
  parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
type Values = ReturnType<typeof parse>['values'];

interface Ask {
  readonly server: Server;
  readonly shell: Shell;
  readonly values: Values;
  /** The text at a place behind the verb. */
  readonly word: (place: number, what: string) => string;
  readonly words: readonly string[];
}
type Verb = (ask: Ask) => Promise<Answered>;
type Noun = 'policy' | 'list' | 'snooze' | 'brake' | 'audit';

const VERBS: Readonly<Record<Noun, Readonly<Record<string, Verb>>>> = {
  policy: {
    submit: async ({ server, shell, values, word }) => {
      const path = word(0, 'a file');
      const source = await readFile(resolve(shell.folder, path), 'utf8').catch(() => undefined);
      if (source === undefined) throw new UsageError(`${path}: there is no such file`);
      const [, name] = /^policy:[ \t]*["']?([^\s"'#]+)/m.exec(source) ?? [];
      if (name === undefined) throw new UsageError(`${path}: a policy says \`policy: its-name\``);
      const note = wanted(values.note, '--note WHY');
      return server.send('POST', `/v1/policies/${encodeURIComponent(name)}/versions`,
        { source, note, file: basename(path) });
    },
    versions: ({ server, values, word }) =>
      server.get(`/v1/policies/${at(word(0, 'a name'))}/versions${pageOf(values)}`),
    status: ({ server, word }) => server.get(version(word)),
    approve: ({ server, values, word }) =>
      server.send('POST', `${version(word)}/approve`, { role: wanted(values.role, '--role ROLE') }),
    withdraw: ({ server, values, word }) => server.send('POST', `${version(word)}/withdraw`, because(values)),
    publish: ({ server, values, word }) =>
      server.send('POST', `${version(word)}/publish`, publishing(values)),
    shadow: ({ server, values, word }) => server.send('POST', `${version(word)}/shadow`,
      { share: shareOf(values.share), by: values.by }),
    unshadow: ({ server, values, word }) => server.send('DELETE', `${version(word)}/shadow`, because(values)),
    backtest: ({ server, values, word }) => server.send('POST', `${version(word)}/backtests`, {
      from: values.from, until: values.until, capacity: numberOf(values.capacity, '--capacity'),
      sweep: values.sweep,
    }),
    backtests: ({ server, values, word }) => server.get(`${version(word)}/backtests${pageOf(values)}`),
    run: async ({ server, values, word }) => {
      const path = `/v1/backtests/${at(word(0, 'an id'))}`;
      const run = await server.get(path);
      if (values.json === true || run['status'] !== 'done') return run;
      return { ...run, text: await server.text(`${path}/report.txt`) };
    },
    retire: ({ server, values, word }) => server.send('POST', `/v1/policies/${at(word(0, 'a name'))}/retire`,
      { ...because(values), role: values.role }),
    publications: ({ server, values }) => server.get(`/v1/publications${pageOf(values)}`),
    'roll-back': ({ server, values, word }) =>
      server.send('POST', `/v1/publications/${at(word(0, 'a position'))}/roll-back`, publishing(values)),
  },
  list: {
    upload: async ({ server, shell, values, word }) => {
      const [name, path] = [word(0, 'the name of a list'), word(1, 'a CSV file')];
      const csv = await readFile(resolve(shell.folder, path), 'utf8').catch(() => undefined);
      if (csv === undefined) throw new UsageError(`${path}: there is no such file`);
      const query = new URLSearchParams({
        kind: values.amend === true ? 'amend' : 'replace', reason: wanted(values.reason, '--reason WHY'),
      });
      return server.send('POST', `/v1/lists/${at(name)}/changes?${query.toString()}`, csv);
    },
    add: ({ server, values, word, words }) =>
      server.send('POST', `/v1/lists/${at(word(0, 'a list'))}/changes`, {
        add: words.slice(1).map((value) => ({ value, until: values.until })),
        reason: wanted(values.reason, '--reason WHY'),
      }),
    remove: ({ server, values, word, words }) =>
      server.send('POST', `/v1/lists/${at(word(0, 'a list'))}/changes`,
      { remove: words.slice(1), reason: wanted(values.reason, '--reason WHY') }),
    show: ({ server, values, word }) => server.get(`/v1/lists/${at(word(0, 'a list'))}${pageOf(values)}`),
    entries: ({ server, values, word }) => server.get(`/v1/lists/${at(word(0, 'a list'))}/entries`
      + queryOf({ after: values.after, value: values.value })),
    changes: ({ server, values, word }) =>
      server.get(`/v1/lists/${at(word(0, 'a list'))}/changes${pageOf(values)}`),
    ...proposalVerbs('/v1/list-changes', 'withdraw', true),
  },
  snooze: {
    add: ({ server, values, word }) => server.send('POST', '/v1/snoozes', {
      policy: word(0, 'a policy'), rule: word(1, 'a rule'), field: wanted(values.field, '--field PATH'),
      value: wanted(values.value, '--value VALUE'), until: wanted(values.until, '--until INSTANT'),
      reason: wanted(values.reason, '--reason WHY'), from: values.from,
    }),
    list: ({ server, values, words }) =>
      server.get(`/v1/snoozes${queryOf({ policy: words[0], after: values.after })}`),
    ...proposalVerbs('/v1/snoozes', 'end', false),
  },
  brake: {
    list: ({ server }) => server.get('/v1/brakes'),
    release: ({ server, values, word }) => server.send('POST', '/v1/brakes/release', {
      policy: word(0, 'a policy'), rule: word(1, 'a rule'), ...because(values), segment: values.segment,
    }),
  },
  audit: { '': ({ server, values }) => server.get(`/v1/audit?from=${at(values.from ?? '1')}`) },
};

const pageOf = ({ after }: Values): string => queryOf({ after });

function queryOf(query: Readonly<Record<string, string | undefined>>): string {
  const said = Object.entries(query).flatMap(([name, value]) =>
    (value === undefined ? [] : [`${name}=${at(value)}`]));
  return said.length === 0 ? '' : `?${said.join('&')}`;
}

function proposalVerbs(path: string, ending: string, expects: boolean): Readonly<Record<string, Verb>> {
  const one = ({ word }: Ask): string => `${path}/${at(word(0, 'an id'))}`;
  return {
    status: (ask) => ask.server.get(one(ask)),
    approve: (ask) =>
      ask.server.send('POST', `${one(ask)}/approve`, { role: wanted(ask.values.role, '--role ROLE') }),
    publish: (ask) => ask.server.send('POST', `${one(ask)}/publish`,
      expects ? publishing(ask.values) : because(ask.values)),
    [ending]: (ask) => ask.server.send('POST', `${one(ask)}/${ending}`, because(ask.values)),
  };
}

/** Whether the life cycle has such a verb; `assay policy check` and its like need no server. */
export const isLifecycleVerb = (noun: Noun, verb: string | undefined): boolean =>
  Object.hasOwn(VERBS[noun], verb ?? '');

/** The lines about a noun, or about one of its verbs where it has that one; then what all of them take. */
export function lifecycleUsage(noun: Noun, verb = ''): string {
  const ofNoun = ACTS.split('\n').filter((line) => line.startsWith(`assay ${noun} `));
  const ofVerb = ofNoun.filter((line) => line.split('  ')[0]?.split(/[ |]/).slice(2).includes(verb));
  return [...(isLifecycleVerb(noun, verb) && ofVerb.length > 0 ? ofVerb : ofNoun), SERVER_USAGE].join('\n');
}

export async function lifecycle(shell: Shell, noun: Noun): Promise<ExitCode> {
  const { values, positionals } = parse(shell.args);
  const verb = noun === 'audit' ? '' : positionals[0] ?? '';
  const words = noun === 'audit' ? positionals : positionals.slice(1);
  const act = isLifecycleVerb(noun, verb) ? VERBS[noun][verb] : undefined;
  if (act === undefined) {
    const unknown = verb === '' ? '' : `assay ${noun} has no command ${verb}\n`;
    throw new UsageError(`${unknown}${lifecycleUsage(noun)}`);
  }
  const word = (place: number, what: string): string => {
    const text = words[place];
    if (text === undefined) throw new UsageError(`name ${what}\n${lifecycleUsage(noun, verb)}`);
    return text;
  };
  const server = await serverOf(shell, values);
  try {
    const answer = await act({ server, shell, values, word, words });
    for (const line of values.json === true ? [JSON.stringify(answer)] : printed(answer)) shell.out(line);
    return 0;
  } catch (error) {
    if (!(error instanceof ServerRefused)) throw error;
    shell.err(error.message);
    return 1;
  }
}

const at = (text: string): string => encodeURIComponent(text);
const version = (word: Ask['word']): string => `/v1/policy-versions/${at(word(0, 'a hash'))}`;

function wanted(value: string | undefined, option: string): string {
  if (value === undefined) throw new UsageError(`say ${option}`);
  return value;
}

const because = (values: Values) => ({ because: wanted(values.because, '--because WHY') });

const publishing = (values: Values) =>
  ({ ...because(values), expected: numberOf(values.expected, '--expected') });

/** What is no number would be sent as nothing, and a check that was asked for would not be made. */
function numberOf(text: string | undefined, option: string): number | undefined {
  if (text === undefined || /^\d{1,15}$/.test(text)) return text === undefined ? undefined : Number(text);
  throw new UsageError(`${option} is a whole number, not ${text}`);
}

function shareOf(text = '0'): number {
  const share = text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text);
  if (share >= 0 && share <= 1) return share;
  throw new UsageError(`--share is a share such as 5%, not ${text}`);
}
