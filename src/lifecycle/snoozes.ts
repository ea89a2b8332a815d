/** Snoozes: one entity is left alone by one rule, until a date, for a reason, with a second person. */
import type { Amended, Snooze } from '#decisioning/publication.ts';
import { fieldNamed, type EventSchema } from '#domain/field.ts';
import { formatInstant } from '#domain/instant.ts';
import { nearestName } from '#domain/nearest-name.ts';
import { isRefusal } from '#domain/parse-event.ts';
import type { Refusal } from '#domain/refusal.ts';
import type { CompiledPolicy, Rule } from '#policy/compiled-policy.ts';
import type { ApprovalRecord, SnoozeRecord } from '#ports/records.ts';
import { addApproval, approversOf, countingApprovals, mayNotApprove, notOpen } from './approvals.ts';
import { endOf, refuseDamaged, snoozeDamage, snoozeHash } from './authorship.ts';
import {
  amendedNow, enactAmendment, loggedApproval, type GoingLive, type WentLive,
} from './going-live.ts';
import type { Actor, LifecycleParts } from './parts.ts';
import { audited, gateClosed, refuse } from './refuse.ts';
import { livePolicy } from './version-facts.ts';

const DAY_MS = 86_400_000;
/** A longer exemption belongs into the policy, where reviewers read it. */
const SNOOZE_DAYS_MAX = 366;

export type SnoozeOrder = Pick<SnoozeRecord,
  'policy' | 'rule' | 'field' | 'value' | 'fromMs' | 'untilMs' | 'reason'>;

export interface SnoozeStatus {
  readonly snooze: SnoozeRecord;
  /** One of them is enough; empty: any role. */
  readonly roles: readonly string[];
  readonly approvals: readonly ApprovalRecord[];
  readonly lacking: readonly string[];
}

export async function proposeSnooze(
  parts: LifecycleParts, actor: Actor, order: SnoozeOrder,
): Promise<SnoozeStatus | Refusal> {
  const found = ruleIn(parts.engine.inForce().policies, order);
  if (isRefusal(found)) return found;
  const atMs = parts.now();
  const fault = fieldFault(order.field, found.schema) ?? faultOf(order, found.rule, atMs);
  if (fault !== undefined) return fault;
  const content = { ...order, author: actor.person, atMs };
  const hash = snoozeHash(content);
  const snooze: SnoozeRecord = {
    ...content, id: parts.seals.idOf('snz', hash), hash, state: 'proposed',
    authorSeal: parts.seals.author('snooze', { hash, author: actor.person, atMs }),
  };
  const done = await audited(parts, actor, {
    action: 'snooze.propose', subject: `policy/${order.policy}`,
    detail: { id: snooze.id, rule: order.rule, field: order.field, until: formatInstant(order.untilMs),
      reason: order.reason },
  }, async (writes) => {
    await writes.addSnooze(snooze);
    return {};
  });
  return isRefusal(done) ? done : snoozeStatus(parts, snooze.id);
}

function ruleIn(
  policies: readonly CompiledPolicy[], { policy: name, rule: id }: Pick<SnoozeOrder, 'policy' | 'rule'>,
): { readonly rule: Rule; readonly schema: EventSchema } | Refusal {
  const policy = livePolicy(policies, name, '/policy');
  if (isRefusal(policy)) return policy;
  const rule = policy.rules.find((one) => one.id === id);
  return rule === undefined
    ? refuse('not_found', `policy ${name} has no rule ${id}; \`assay policy explain\` lists them`, '/rule')
    : { rule, schema: policy.schema };
}

/** The engine would say so too, when two had agreed on it. */
function fieldFault(name: string, schema: EventSchema): Refusal | undefined {
  const field = fieldNamed(schema, name);
  if (field === undefined) {
    const near = nearestName(name, schema.byPath.keys());
    return refuse('invalid', `there is no field ${name}${near === undefined ? '' : `; did you mean `
      + `${near}?`}`, '/field');
  }
  return field.textSlot >= 0 ? undefined : refuse('invalid',
    `field ${name} is not a text, so it names nobody; name one such as card.id`, '/field');
}

function faultOf({ fromMs, untilMs, rule }: SnoozeOrder, { final }: Rule,
  nowMs: number): Refusal | undefined {
  if (final) return refuse('invalid', `rule ${rule} is final: nothing excepts it`, '/rule');
  if (untilMs <= fromMs || untilMs <= nowMs) {
    return refuse('invalid', `it ends at ${formatInstant(untilMs)}, which is not after its beginning and `
      + `now`, '/until');
  }
  if (untilMs - Math.max(fromMs, nowMs) > SNOOZE_DAYS_MAX * DAY_MS) {
    return refuse('invalid', `a snooze lasts at most ${SNOOZE_DAYS_MAX} days; put a lasting exception `
      + `into the policy`,
      '/until');
  }
  return undefined;
}

/** With a person, one whose row was changed by hand is refused on the record. */
export async function snoozeStatus(
  parts: LifecycleParts, id: string, actor?: Actor,
): Promise<SnoozeStatus | Refusal> {
  const snooze = await parts.records.snooze(id);
  if (snooze === undefined) return refuse('not_found', `no snooze has the id ${id}`);
  const { hash } = snooze;
  const damage = snoozeDamage(snooze, parts.seals);
  if (damage !== undefined) {
    return actor === undefined ? refuse('gate_closed', damage)
      : refuseDamaged(parts, actor, `policy/${snooze.policy}`, damage);
  }
  const live = parts.engine.inForce().policies.find(({ name }) => name === snooze.policy);
  const roles = live?.reviewers ?? [];
  const all = await parts.records.approvals('snooze', hash);
  const approvals = countingApprovals(all, snooze.author, roles, parts.seals);
  const lacking = approvals.length > 0 ? [] : [`no second person has approved it; somebody other than `
    + `${snooze.author} runs \`assay snooze approve ${id} --role ${roles[0] ?? 'ROLE'}\``];
  return { snooze, roles, approvals, lacking };
}

export async function approveSnooze(
  parts: LifecycleParts, actor: Actor, id: string, role: string,
): Promise<SnoozeStatus | Refusal> {
  const status = await snoozeStatus(parts, id, actor);
  if (isRefusal(status)) return status;
  const { snooze } = status;
  const refused = mayNotApprove(actor, snooze, role, status.roles) ?? notOpen(snooze);
  if (refused !== undefined) return refused;
  const done = await audited(parts, actor, {
    action: 'snooze.approve', subject: `policy/${snooze.policy}`, detail: { id, role, author: snooze.author },
  }, async (writes, atMs) => {
    await addApproval(writes, parts.seals,
      { subject: 'snooze', hash: snooze.hash, role, person: actor.person, atMs }, snooze.author);
    return {};
  });
  return isRefusal(done) ? done : snoozeStatus(parts, id);
}

export const publishSnooze = (
  parts: LifecycleParts, going: GoingLive, actor: Actor, id: string, because: string,
): Promise<WentLive | Refusal> => going.serially(undefined, async (live) => {
  const status = await snoozeStatus(parts, id, actor);
  if (isRefusal(status)) return status;
  const { snooze, lacking, approvals } = status;
  const closed = notOpen(snooze);
  if (closed !== undefined) return closed;
  const subject = `policy/${snooze.policy}`;
  const again = await endOf(parts, subject, id, ['snooze.publish', 'snooze.end']);
  if (again !== undefined) return refuseDamaged(parts, actor, subject, again);
  if (lacking.length > 0) return gateClosed(lacking);
  const found = ruleIn(live.policies, snooze);
  const fault = isRefusal(found) ? found : faultOf(snooze, found.rule, parts.now());
  if (fault !== undefined) return fault;
  const added: Snooze = {
    id, policy: snooze.policy, rule: snooze.rule, field: snooze.field, value: snooze.value,
    from: formatInstant(snooze.fromMs), until: formatInstant(snooze.untilMs), by: snooze.author,
    reason: snooze.reason, approvals: approvals.map(loggedApproval),
  };
  const withAdded = ({ snoozes }: Amended): Partial<Amended> =>
    ({ snoozes: [...inForceAt(snoozes, parts.now()).filter((one) => one.id !== id), added] });
  return going.goLive(actor, {
    kind: 'snooze', because,
    act: {
      action: 'snooze.publish', subject,
      detail: { id, author: snooze.author, approvers: approversOf(approvals) },
    },
    enact: (madeOn) => enactAmendment(parts, withAdded,
      { person: actor.person, because, approvals: approvals.map(loggedApproval) }, madeOn),
    also: (writes) => writes.setSnoozeState(id, 'published'),
  });
});

/**
 * One person may: less is left alone by it. One that is not live yet is withdrawn. What is in force ends
 * whatever became of its row: the log says what it is.
 */
export const endSnooze = (
  parts: LifecycleParts, going: GoingLive, actor: Actor, id: string, because: string,
): Promise<WentLive | Refusal> => going.inTurn(async (live) => {
  const inForce = amendedNow(live).snoozes.find((one) => one.id === id);
  if (inForce === undefined) return withdrawn(parts, actor, { id, because, position: live.position });
  return going.goLive(actor, {
    kind: 'snooze', because, act: endOfSnooze(inForce, because),
    enact: (madeOn) => enactAmendment(parts,
      ({ snoozes }) => ({ snoozes: snoozes.filter((one) => one.id !== id) }),
      { person: actor.person, because, approvals: [] }, madeOn),
    also: (writes) => writes.setSnoozeState(id, 'ended'),
  });
});

const endOfSnooze = ({ id, policy }: Pick<Snooze, 'id' | 'policy'>, because: string) =>
  ({ action: 'snooze.end', subject: `policy/${policy}`, detail: { id, because } });

/** Of one that leaves nothing alone, or not any more. */
async function withdrawn(
  parts: LifecycleParts, actor: Actor, { id, because, position }: { readonly id: string;
    readonly because: string; readonly position: number },
): Promise<WentLive | Refusal> {
  const status = await snoozeStatus(parts, id);
  if (isRefusal(status)) return status;
  const { snooze } = status;
  if (snooze.state === 'ended' || snooze.state === 'withdrawn') {
    return refuse('conflict', `${id} is ${snooze.state} already`);
  }
  const state = snooze.state === 'proposed' ? 'withdrawn' : 'ended';
  const done = await audited(parts, actor, endOfSnooze(snooze, because), async (writes) => {
    await writes.setSnoozeState(id, state);
    return {};
  });
  return isRefusal(done) ? done : { position, recorded: true, notes: [] };
}

/** What has ended is left out of the next amendment. */
const inForceAt = (snoozes: readonly Snooze[], nowMs: number): readonly Snooze[] =>
  snoozes.filter(({ until }) => Date.parse(until) > nowMs);
