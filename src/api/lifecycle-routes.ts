/**
 * Addresses of the life cycle of policies. Only keys of the operator's own tenant are let in, and only those
 * that may see the AML axis: versions, reports, snoozes, brakes and the audit tell of the rules of both.
 */
import { LIMITS } from '#domain/limits.ts';
import type { RefusalCode } from '#domain/refusal.ts';
import type { Scope } from '#ports/key-store.ts';
import { BODY, KEYED, NONE, type Parameter, type Route } from './routes.ts';

/** A document in a JSON text, each byte escaped at worst. */
const SOURCE_BODY_BYTES_MAX = 2 * LIMITS.policyBytesMax;

const READS: readonly RefusalCode[] = [...KEYED, 'starting', 'part_unavailable'];
const ACTS: readonly RefusalCode[] = [...READS, ...BODY, 'not_allowed', 'conflict'];
const LIVE: readonly RefusalCode[] = [...ACTS, 'not_found', 'gate_closed'];

const parameter = (name: string, schema: object, description: string): Parameter =>
  ({ name, required: false, schema, description });
const AFTER = parameter('after', { type: 'integer' }, '`after` of the page before');
const ASKED = { ...NONE, method: 'GET', scope: 'policies', also: 'aml', load: 'asked' } as const;
const ACTED = { ...NONE, method: 'POST', scope: 'policies', also: 'aml', load: 'told' } as const;

const asked = (path: string, summary: string, answer: string) =>
  ({ ...ASKED, path, summary, answer, refusals: [...READS, 'not_found'] }) as const satisfies Route;
const acted = (path: string, summary: string, body: string, answer: string) =>
  ({ ...ACTED, path, summary, body, answer, refusals: LIVE }) as const satisfies Route;

const VERSION = '/v1/policy-versions/{hash}';
const ADMIN: Scope = 'admin';

export const LIFECYCLE_ROUTES = {
  submitVersion: {
    ...acted('/v1/policies/{name}/versions', 'Submit a version: it is compiled and tested', 'VersionCall',
      'Version'),
    bodyBytesMax: SOURCE_BODY_BYTES_MAX,
  },
  versions: {
    ...asked('/v1/policies/{name}/versions', 'Versions of a policy, newest first', 'VersionList'),
      query: [AFTER],
  },
  version: asked(VERSION, 'Where a version stands, and what it lacks', 'Version'),
  approveVersion: acted(`${VERSION}/approve`, 'Approve this very content', 'RoleCall', 'Version'),
  withdrawVersion: acted(`${VERSION}/withdraw`, 'Withdraw a version', 'BecauseCall', 'Version'),
  publishVersion: acted(`${VERSION}/publish`, 'Make a version live', 'PublishCall', 'WentLive'),
  startShadow: acted(`${VERSION}/shadow`, 'Let a version judge beside the live '
    + 'one', 'ShadowCall', 'WentLive'),
  stopShadow: {
    ...acted(`${VERSION}/shadow`, 'Let it judge no longer', 'BecauseCall', 'WentLive'), method: 'DELETE',
  },
  shadowReport: asked('/v1/shadow', 'What challengers would have answered', 'ShadowReport'),
  startBacktest: acted(`${VERSION}/backtests`, 'Judge the past again with a '
    + 'version', 'BacktestCall', 'Started'),
  backtests: { ...asked(`${VERSION}/backtests`, 'Backtests of a version, newest first', 'BacktestList'),
    query: [AFTER] },
  backtest: asked('/v1/backtests/{id}', 'A backtest, its progress and its report', 'BacktestRun'),
  cancelBacktest: acted('/v1/backtests/{id}/cancel', 'Stop a backtest', 'EmptyCall', 'BacktestRun'),
  resumeBacktest: acted('/v1/backtests/{id}/resume', 'Go on with a backtest', 'EmptyCall', 'BacktestRun'),
  backtestPage: {
    ...ASKED, path: '/v1/backtests/{id}/report.html', summary: 'The report as a page',
      refusals: [...READS, 'not_found'],
  },
  backtestText: {
    ...ASKED, path: '/v1/backtests/{id}/report.txt', summary: 'The report as '
      + 'text', refusals: [...READS, 'not_found'],
  },
  publications: {
    ...asked('/v1/publications', 'What went live, newest first', 'PublicationList'), query: [AFTER],
  },
  retirePolicy: acted('/v1/policies/{name}/retire', 'Ask to take a policy out of force, or approve '
    + 'that', 'RetireCall', 'Retirement'),
  retirement: asked('/v1/policies/{name}/retirement', 'Who asked to take it out of force, and what that '
    + 'lacks', 'Retirement'),
  rollBack: acted(
    '/v1/publications/{position}/roll-back', 'Bring back the policies of a '
      + 'publication', 'PublishCall', 'WentLive'),
  proposeListChange: {
    ...acted('/v1/lists/{name}/changes', 'Propose a change of a list; CSV or '
      + 'JSON', 'ListChangeCall', 'ListChange'),
    bodyBytesMax: LIMITS.listUploadBytesMax,
    csv: true,
    query: [
      parameter('kind', { type: 'string', enum: ['replace', 'amend'] }, 'of a CSV body; default replace'),
      parameter('reason', { type: 'string' }, 'of a CSV body'),
    ],
  },
  list: { ...asked('/v1/lists/{name}', 'What is live of a list', 'ListEntries'), query: [AFTER] },
  listEntries: {
    ...asked('/v1/lists/{name}/entries', 'What is live of a list, and who put it there', 'ListEntriesBy'),
    query: [AFTER, parameter('value', { type: 'string' }, 'only its entries')],
  },
  listChanges: { ...asked('/v1/lists/{name}/changes', 'Changes of a list, newest first', 'ListChangeList'),
    query: [AFTER] },
  listChange: asked('/v1/list-changes/{id}', 'A change of a list, and what it lacks', 'ListChange'),
  approveListChange: acted('/v1/list-changes/{id}/approve', 'Approve a change of a '
    + 'list', 'RoleCall', 'ListChange'),
  publishListChange: acted('/v1/list-changes/{id}/publish', 'Make it live', 'PublishCall', 'WentLive'),
  withdrawListChange: acted('/v1/list-changes/{id}/withdraw', 'Withdraw it', 'BecauseCall', 'ListChange'),
  proposeSnooze: acted('/v1/snoozes', 'Propose that a rule leaves an entity alone', 'SnoozeCall', 'Snooze'),
  snoozes: {
    ...asked('/v1/snoozes', 'Snoozes of a policy, newest first; or those in force', 'SnoozeList'),
    query: [parameter('policy', { type: 'string' }, 'its name; default those in force, of all'), AFTER],
  },
  snooze: asked('/v1/snoozes/{id}', 'A snooze, and what it lacks', 'Snooze'),
  approveSnooze: acted('/v1/snoozes/{id}/approve', 'Approve a snooze', 'RoleCall', 'Snooze'),
  publishSnooze: acted('/v1/snoozes/{id}/publish', 'Make it live', 'BecauseCall', 'WentLive'),
  endSnooze: acted('/v1/snoozes/{id}/end', 'End it before its date', 'BecauseCall', 'WentLive'),
  brakes: { ...ASKED, path: '/v1/brakes', summary: 'Rules that the brake holds', answer: 'BrakeList',
    refusals: READS },
  releaseBrake: acted('/v1/brakes/release', 'Let a rule act again', 'ReleaseCall', 'WentLive'),
  audit: {
    ...ASKED, path: '/v1/audit', summary: 'Who did what, oldest first', scope: ADMIN, answer: 'AuditList',
    query: [parameter('from', { type: 'integer' }, 'first entry, such as `after` of the page before; '
      + 'default 1')], refusals: READS,
  },
} as const satisfies Readonly<Record<string, Route>>;
