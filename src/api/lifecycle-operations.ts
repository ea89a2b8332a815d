/** What each address of the life cycle does: who acts comes from the key, what is wanted from the body. */
import { LIMITS } from '#domain/limits.ts';
import { isRefusal } from '#domain/parse-event.ts';
import type { Refusal } from '#domain/refusal.ts';
import type { Lifecycle } from '#lifecycle/lifecycle.ts';
import { PartUnavailable, type Actor, type ListUpload } from '#lifecycle/parts.ts';
import { RecordsUnavailable } from '#ports/records.ts';
import { readBody, type BodyReader } from './lifecycle-body.ts';
import type { LIFECYCLE_ROUTES } from './lifecycle-routes.ts';
import type { Answer, Incoming } from './operations.ts';
import type { ApiParts } from './parts.ts';
import { refusal } from './problem.ts';
import { queryFault } from './query-fault.ts';
import { render } from './render-lifecycle.ts';

const OPERATOR = 'default';
const PAGE_MAX = 100;
const NOTE_CHARS_MAX = 2_000;

type Step = (incoming: Incoming) => Promise<Answer | Refusal>;
type Steps = Readonly<Record<keyof typeof LIFECYCLE_ROUTES, Step>>;

interface Asked { readonly life: Lifecycle; readonly incoming: Incoming;
  readonly param: (name: string) => string }
interface Acted extends Asked { readonly actor: Actor }
type Told = Promise<object>;

/** The fields of a body, and what they say. */
interface Form<Order> {
  readonly keys: readonly string[];
  readonly read: (body: BodyReader, life: Lifecycle) => Order;
}
const form = <Order>(keys: readonly string[], read: Form<Order>['read']): Form<Order> => ({ keys, read });

const NOTHING = form([], () => undefined);
const BECAUSE = form(['because'], (body) => body.text('because'));
const ROLE = form(['role'], (body) => body.text('role'));
const PUBLISH = form(['because', 'expected'], (body) =>
  ({ because: body.text('because'), expected: body.optionalWhole('expected') }));

export function lifecycleOperations(parts: ApiParts): Steps {
  const asked: Asking = (read) => (incoming) => entered(parts, incoming, async (life) =>
    answerOf(await read({ life, incoming, param: paramsOf(incoming) })));
  const byPerson: ByPerson = (act) => (incoming) => entered(parts, incoming, async (life) => {
    const actor = actorOf(incoming);
    if (isRefusal(actor)) return actor;
    if (life.waits !== undefined) return life.waits;
    return answerOf(await act({ life, incoming, actor, param: paramsOf(incoming) }));
  });
  const acted: Acting = ({ keys, read }, act) => byPerson((call) => {
    const body = readBody(call.incoming.call.bytes, keys);
    if (isRefusal(body)) return body;
    const order = read(body, call.life);
    return body.refused ?? act(call, order);
  });
  return { ...ofVersions(asked, acted), ...ofRuns(asked, acted), ...ofLists(asked, acted, byPerson),
    ...ofSnoozes(asked, acted) };
}

type Asking = (read: (call: Asked) => Told) => Step;
/** Whoever calls is a person. */
type ByPerson = (act: (call: Acted) => Told | Refusal) => Step;
/** And says in a body what is wanted; nothing is done where a field of it is wrong. */
type Acting = <Order>(wanted: Form<Order>, act: (call: Acted, order: Order) => Told | Refusal) => Step;

const paramsOf = ({ params }: Incoming) => (name: string): string => params[name] ?? '';

/** A publication is for the whole node, so only the operator's own keys are let in. */
async function entered(
  parts: ApiParts, incoming: Incoming, step: (life: Lifecycle) => Promise<Answer | Refusal>,
): Promise<Answer | Refusal> {
  if (incoming.call.tenant !== OPERATOR) {
    return refusal('forbidden',
      `what is live is live for the whole node, so only keys of the tenant ${OPERATOR} (the `
      + `operator) act on it; this key is of ${incoming.call.tenant}`);
  }
  const wrong = queryFault(incoming.parameters, incoming.query);
  if (wrong !== undefined) return wrong;
  const life = parts.lifecycle?.();
  if (life === undefined) return refusal('starting', 'the records are being opened; decisions go on');
  try {
    return await step(life);
  } catch (error) {
    if (error instanceof PartUnavailable) {
      return refusal('part_unavailable',
        `${error.message}; decisions go on. Look what is there before you send it again`);
    }
    if (!(error instanceof RecordsUnavailable)) throw error;
    const code = error.code === 'starting' ? 'starting' : 'part_unavailable';
    return refusal(code, `the records: ${error.message}; decisions go on`);
  }
}

function actorOf({ grant }: Incoming): Actor | Refusal {
  if (grant?.person === undefined) {
    return refusal('not_allowed', 'this key names no person, so nobody would answer for it; make one with '
      + '`assay key create --person WHO --roles ROLE`');
  }
  return { person: grant.person, roles: grant.roles ?? [] };
}

const answerOf = (told: object): Answer | Refusal =>
  (isRefusal(told) && 'errors' in told ? told : 'page' in told ? pageOf(told)
    : { text: JSON.stringify(told) });

interface Page { readonly page: string; readonly type: string }
const pageOf = (told: object): Answer => {
  const { page, type } = told as Page;
  return { text: page, type };
};

/** Renders what was told, unless it is a refusal. */
const rendered = async <Status extends object>(
  told: Promise<Status | Refusal>, view: (status: Status) => object,
): Promise<object> => {
  const status = await told;
  return isRefusal(status) && 'errors' in status ? status : view(status as Status);
};

const isCsv = ({ contentType }: Incoming): boolean => /^text\/csv\b/.test(contentType);
const after = ({ query }: Incoming): number | undefined => wholeOf(query['after']);
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const wholeOf = (value: unknown): number | undefined =>
  (typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : undefined);

function ofVersions(asked: Asking, acted: Acting) {
  const submission = form(['source', 'note', 'file'], (body) => ({
    file: body.optionalText('file'), source: body.text('source', LIMITS.policyBytesMax),
    note: body.text('note', NOTE_CHARS_MAX),
  }));
  const shadow = form(['share', 'by'], (body) =>
    ({ share: body.share('share'), by: body.optionalText('by') }));
  const retirement = form(['because', 'role'], (body) =>
    ({ because: body.text('because'), role: body.optionalText('role') }));
  return {
    submitVersion: acted(submission, ({ life, actor, param }, order) =>
      rendered(life.submit(actor, { policy: param('name'), ...order }), render.version)),
    versions: asked(({ life, incoming, param }) =>
      rendered(life.versions(param('name'), after(incoming)), render.versions)),
    version: asked(({ life, param }) => rendered(life.status(param('hash')), render.version)),
    approveVersion: acted(ROLE, ({ life, actor, param }, role) =>
      rendered(life.approve(actor, param('hash'), role), render.version)),
    withdrawVersion: acted(BECAUSE, ({ life, actor, param }, because) =>
      rendered(life.withdraw(actor, param('hash'), because), render.version)),
    publishVersion: acted(PUBLISH, ({ life, actor, param }, publish) =>
      rendered(life.publish(actor, param('hash'), publish), render.wentLive)),
    startShadow: acted(shadow, ({ life, actor, param }, order) =>
      rendered(life.startShadow(actor, param('hash'), order), render.wentLive)),
    stopShadow: acted(BECAUSE, ({ life, actor, param }, because) =>
      rendered(life.stopShadow(actor, param('hash'), because), render.wentLive)),
    publications: asked(async ({ life, incoming }) =>
      render.publications(await life.publications({ limit: PAGE_MAX, after: after(incoming) }), PAGE_MAX)),
    retirePolicy: acted(retirement, ({ life, actor, param }, order) =>
      rendered(life.retire(actor, param('name'), order), render.retirement)),
    retirement: asked(({ life, param }) => rendered(life.retirement(param('name')), render.retirement)),
    rollBack: acted(PUBLISH, ({ life, actor, param }, publish) => {
      const position = wholeOf(param('position'));
      if (position === undefined) return refusal('not_found', 'a position of the log is a whole number');
      return rendered(life.rollBack(actor, position, publish), render.wentLive);
    }),
  };
}

function ofRuns(asked: Asking, acted: Acting) {
  const report = (as: 'html' | 'text', type: string): Step => asked(({ life, param }) =>
    rendered(life.backtestReport(param('id'), as), ({ page }) => ({ page, type })));
  const steer = (verb: 'cancel' | 'resume'): Step => acted(NOTHING, ({ life, actor, param }) =>
    rendered(life.steerBacktest(actor, param('id'), verb), render.run));
  /** Read by the runner, which refuses what they cannot be. */
  const options = form(['from', 'until', 'capacity', 'sweep'], (body) => body.all);
  return {
    startBacktest: acted(options, ({ life, actor, param }, order) =>
      rendered(life.startBacktest(actor, param('hash'), order), render.started)),
    shadowReport: asked(({ life }) =>
      rendered(life.shadowReport(), (found) => ({ object: 'shadow_report', report: found }))),
    backtests: asked(({ life, incoming, param }) =>
      rendered(life.backtests(param('hash'), after(incoming)), render.runs)),
    backtest: asked(({ life, param }) => rendered(life.backtest(param('id')), render.run)),
    cancelBacktest: steer('cancel'), resumeBacktest: steer('resume'),
    backtestPage: report('html', 'text/html; charset=utf-8'),
    backtestText: report('text', 'text/plain; charset=utf-8'),
  };
}

function ofLists(asked: Asking, acted: Acting, byPerson: ByPerson) {
  return {
    proposeListChange: byPerson((call) =>
      rendered(call.life.uploadListChange(call.actor, uploadOf(call)), render.listChange)),
    list: asked(async ({ life, incoming, param }) =>
      rendered(Promise.resolve(life.list(param('name'), after(incoming) ?? 0)), render.list)),
    listEntries: asked(({ life, incoming, param }) => rendered(
      life.entries(param('name'), textOf(incoming.query['value']), after(incoming) ?? 0), render.entries)),
    listChanges: asked(({ life, incoming, param }) =>
      rendered(life.listChanges(param('name'), after(incoming)), render.listChanges)),
    listChange: asked(({ life, param }) => rendered(life.listChange(param('id')), render.listChange)),
    approveListChange: acted(ROLE, ({ life, actor, param }, role) =>
      rendered(life.approveListChange(actor, param('id'), role), render.listChange)),
    publishListChange: acted(PUBLISH, ({ life, actor, param }, publish) =>
      rendered(life.publishListChange(actor, param('id'), publish), render.wentLive)),
    withdrawListChange: acted(BECAUSE, ({ life, actor, param }, because) =>
      rendered(life.withdrawListChange(actor, param('id'), because), render.listChange)),
  };
}

/** Read by whoever reads long bodies. */
function uploadOf({ incoming, param }: Acted): ListUpload {
  const { kind, reason } = incoming.query;
  const csv = isCsv(incoming) ? { kind: textOf(kind), reason: textOf(reason) } : undefined;
  return { list: param('name'), bytes: incoming.call.bytes, csv };
}

function ofSnoozes(asked: Asking, acted: Acting) {
  const snooze = form(['policy', 'rule', 'field', 'value', 'from', 'until', 'reason'], (body, life) => ({
    policy: body.text('policy'), rule: body.text('rule'), field: body.text('field'),
    value: body.text('value'), fromMs: body.instant('from', life.parts.now()),
    untilMs: body.instant('until'), reason: body.text('reason'),
  }));
  const release = form(['policy', 'rule', 'segment', 'because'], (body) => ({
    policy: body.text('policy'), rule: body.text('rule'), segment: body.optionalText('segment'),
    because: body.text('because'),
  }));
  return {
    proposeSnooze: acted(snooze, ({ life, actor }, order) =>
      rendered(life.proposeSnooze(actor, order), render.snooze)),
    snoozes: asked(({ life, incoming }) =>
      rendered(life.snoozes(textOf(incoming.query['policy']), after(incoming)), render.snoozes)),
    snooze: asked(({ life, param }) => rendered(life.snooze(param('id')), render.snooze)),
    approveSnooze: acted(ROLE, ({ life, actor, param }, role) =>
      rendered(life.approveSnooze(actor, param('id'), role), render.snooze)),
    publishSnooze: acted(BECAUSE, ({ life, actor, param }, because) =>
      rendered(life.publishSnooze(actor, param('id'), because), render.wentLive)),
    endSnooze: acted(BECAUSE, ({ life, actor, param }, because) =>
      rendered(life.endSnooze(actor, param('id'), because), render.wentLive)),
    brakes: asked(async ({ life }) => render.brakes(life.brakes())),
    releaseBrake: acted(release, ({ life, actor }, order) =>
      rendered(life.releaseBrake(actor, order), render.wentLive)),
    // One more than is shown tells whether there are more.
    audit: asked(async ({ life, incoming }) =>
      render.audit(await life.audit(wholeOf(incoming.query['from']) ?? 1, PAGE_MAX + 1), PAGE_MAX)),
  };
}
