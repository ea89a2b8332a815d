/** Schemas of the life cycle, for the contract. */
import { Type, type TSchema } from 'typebox';
import { LIMITS } from '#domain/limits.ts';
import { STAGES } from '#lifecycle/stage.ts';
import { closed, instant, text, words } from './answer-schema.ts';

const whole = (description: string): TSchema => Type.Integer({ description });
const maybe = (schema: TSchema): TSchema => Type.Optional(schema);
const any = (description: string): TSchema => Type.Unsafe({ description });
const texts = (description: string): TSchema => Type.Array(Type.String(), { description });
const list = (one: TSchema, description: string): TSchema => closed({
  object: words(['list'], 'always list'), data: Type.Array(one),
  after: maybe(Type.Union([Type.Integer(), Type.Null()], { description: 'of the next page; null: there is '
    + 'none' })),
}, description);

const because = text('why, for whoever reads the audit');
const APPROVAL = closed({ role: text('as'), person: text('by'), at: instant('when') }, 'an approval that '
  + 'counts');
const LACKING = texts('what is lacking, each with the way to get it; empty: it may go live');

const SUMMARY = {
  hash: text('of its content'), policy: text('name'), version: whole('number'), title: text('for a human'),
  author: text('who submitted it'), created_at: instant('when'), note: text('why'),
  withdrawn_at: maybe(instant('it cannot go live any more')),
};
const VERSION = closed({
  object: words(['policy_version'], 'always policy_version'), ...SUMMARY, stage: words(STAGES, 'where it '
    + 'stands'),
  reviewers: texts('roles that must approve'),
  approvals: Type.Array(APPROVAL),
  evidence: Type.Array(closed({
    kind: words(['check', 'test', 'backtest', 'shadow'], 'what was shown'), passed: Type.Boolean(),
    at: instant('when'), person: text('by'), found: any('what was found'),
  }, 'what was shown of it')),
  lacking: LACKING, notes: texts('what lets it pass although something was not shown'),
}, 'a version of a policy');

const ENTRY_FIELDS = {
  value: Type.Union([Type.String(), Type.Number()]), from: maybe(instant('from')),
    until: maybe(instant('until')),
  note: maybe(text('note')),
};
const ENTRY = closed(ENTRY_FIELDS, 'an entry of a list');
const ADDED = closed({
  ...ENTRY_FIELDS,
  note: maybe(Type.String({ maxLength: LIMITS.listNoteCharsMax, description: 'why it is there' })),
}, 'an entry to be added');
const LIST_CHANGE = {
  object: words(['list_change'], 'always list_change'), id: text('of the change'), list: text('name'),
  kind: words(['replace', 'amend'], 'of change'), added: whole('entries'), removed: whole('values'),
  author: text('who proposed it'), created_at: instant('when'), reason: text('why'),
  state: words(['proposed', 'published', 'withdrawn'], 'of the change'),
};
const SNOOZE = {
  object: words(['snooze'], 'always snooze'), id: text('of the snooze'), policy: text('name'),
    rule: text('id'),
  field: text('path'), value: text('of the entity'), from: instant('from'), until: instant('until'),
  reason: text('why'), author: text('who proposed it'),
  state: words(['proposed', 'published', 'ended', 'withdrawn'], 'of the snooze'),
};
const RUN = {
  object: words(['backtest'], 'always backtest'), id: text('of the run'), hash: text('of the version'),
  status: words(['queued', 'running', 'done', 'failed', 'cancelled'], 'of the run'), person: text('who '
    + 'asked'),
  done: whole('payments judged'), total: whole('of so many'), order: any('what was asked for'),
  problem: maybe(text('of one that failed')), created_at: instant('when'), ended_at: maybe(instant('when')),
};

export const LIFECYCLE_COMPONENTS = {
  VersionCall: closed({ source: text('the document'), note: text('why it was changed'),
    file: maybe(text('name of its file')) }, 'a document'),
  RoleCall: closed({ role: text('that your key holds') }, 'as what you approve'),
  BecauseCall: closed({ because }, 'why'),
  EmptyCall: closed({}, 'nothing'),
  PublishCall: closed({ because, expected: maybe(whole('position of the publication you saw as live')) },
    'why'),
  RetireCall: closed({ because, role: maybe(text('as what you approve what another has asked for')) },
    'why'),
  ShadowCall: closed({ share: maybe(Type.Number({ minimum: 0, maximum: 1 })),
    by: maybe(text('field that draws; default debtor.customer_id')) }, 'whether it decides a share'),
  BacktestCall: Type.Object({}, { description: 'options of the run', additionalProperties: true }),
  ListChangeCall: closed({
    kind: maybe(words(['replace', 'amend'], 'default amend')), add: maybe(Type.Array(ADDED)),
    remove: maybe(Type.Array(Type.Union([Type.String(), Type.Number()]))), reason: text('why'),
  }, 'a change of a list'),
  SnoozeCall: closed({
    policy: text('name'), rule: text('id'), field: text('path of the field that names the entity'),
    value: text('of that field'), from: maybe(instant('default now')), until: instant('its end'),
    reason: text('why'),
  }, 'a rule leaves an entity alone'),
  ReleaseCall: closed({ policy: text('name'), rule: text('id'), segment: maybe(text('default all')),
    because },
    'a rule acts again'),
  Version: VERSION,
  VersionList: list(closed(SUMMARY, 'a version'), 'versions of a policy, newest first'),
  WentLive: closed({
    object: words(['went_live'], 'always went_live'), position: whole('of the decision log, from which on '
      + 'it holds'),
    recorded: Type.Boolean({ description: 'false: live, and written into the records a little later' }),
    notes: texts('what was not shown and let pass'),
  }, 'it is in force'),
  Retirement: closed({
    object: words(['retirement'], 'always retirement'), policy: text('name'), version: whole('number'),
    hash: text('of its content'), asked_by: text('who asked for it'), asked_at: instant('when'),
    approvals: Type.Array(APPROVAL), lacking: LACKING,
    notes: texts('by kind of payment, which policy decides it then, or that none does'),
    position: maybe(whole('of the decision log, from which on it decides nothing; where it is done')),
    recorded: maybe(Type.Boolean({ description: 'false: done, and written into the records later' })),
  }, 'a policy is taken out of force'),
  ShadowReport: closed({
    object: words(['shadow_report'], 'always shadow_report'),
    report: any('position of the log, the comparison, and the arms; see docs/backtest.md'),
  }, 'challengers held against what was decided'),
  Started: closed({ object: words(['backtest'], 'always backtest'), id: text('of the run') }, 'a run'),
  BacktestRun: closed({ ...RUN, report: any('of a run that is done') }, 'a run of the past'),
  BacktestList: list(closed(RUN, 'a run of the past, without its report'), 'newest first'),
  PublicationList: list(closed({
    position: whole('of the log'), hash: text('of its content'), kind: text('what went live'),
      person: text('by'),
    at: instant('when'), policies: texts('hashes of the policies live from there on'), detail: any('more'),
  }, 'a publication'), 'newest first'),
  ListEntries: list(ENTRY, 'entries of a list that are live'),
  ListEntriesBy: list(closed({
    ...ENTRY_FIELDS, change: maybe(text('id of the change that put it there')),
    author: maybe(text('who proposed that')), approvers: maybe(texts('who approved it')),
  }, 'an entry of a list; without a change it came with the folder of a first start'), 'in force'),
  ListChangeList: list(closed(LIST_CHANGE, 'a change of a list'), 'newest first'),
  ListChange: closed({
    ...LIST_CHANGE, roles: texts('that may approve'),
    second_person: Type.Boolean({ description: 'whether one must' }), approvals: Type.Array(APPROVAL),
    lacking: LACKING,
  }, 'a change of a list'),
  SnoozeList: list(closed(SNOOZE, 'a snooze'), 'of a policy newest first; in force, oldest first'),
  Snooze: closed({
    ...SNOOZE, roles: texts('one of which must approve'), approvals: Type.Array(APPROVAL), lacking: LACKING,
  }, 'a snooze'),
  BrakeList: list(closed({
    policy: text('name'), rule: text('id'), segment: Type.Union([
      closed({ field: text('path'), value: text('of the segment') }, 'where'), Type.Null()]),
    since: instant('when'), because: text('what was seen'),
  }, 'a rule that the brake holds'), 'in force'),
  AuditList: list(closed({
    seq: whole('its place'), at: instant('when, by the clock of the server'), person: text('who'),
    action: text('did what'), subject: text('to what'), detail: any('more'), hash: text('of this and all '
      + 'before'),
  }, 'an act'), 'oldest first'),
} satisfies Readonly<Record<string, TSchema>>;
