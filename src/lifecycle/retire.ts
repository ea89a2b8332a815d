/**
 * A policy is taken out of force. It stops nothing any more from then on, so it takes what a version takes:
 * somebody asks for it, and others approve in each role of its reviewers. With the last of them it is done.
 */
import type { Approval } from '#decisioning/publication.ts';
import { formatInstant } from '#domain/instant.ts';
import { isRefusal } from '#domain/parse-event.ts';
import type { Refusal } from '#domain/refusal.ts';
import type { CompiledPolicy } from '#policy/compiled-policy.ts';
import type { AuditEntry } from '#ports/records.ts';
import { actsOn, RETIRE, retirementSubject } from './acts.ts';
import { approversOf, mayNotApprove } from './approvals.ts';
import { coverageChanges } from './coverage.ts';
import { enactPublication, type GoingLive, type WentLive } from './going-live.ts';
import type { Actor, InForceView, LifecycleParts } from './parts.ts';
import { contentOf } from './publish.ts';
import { audited, refuse } from './refuse.ts';
import { isMap, type RetirementAsked, type SealedRetirement } from './seals.ts';
import { livePolicy } from './version-facts.ts';

/** What nobody approved in that time is asked for again. */
const ASKED_DAYS_MAX = 30;
const DAY_MS = 86_400_000;
const ASK = 'policy.ask_to_retire';
const APPROVE = 'policy.approve_retirement';

export interface RetireOrder {
  readonly because: string;
  /** As what the caller approves what another has asked for; undefined: the caller asks. */
  readonly role: string | undefined;
}

export interface Retirement {
  readonly policy: Pick<CompiledPolicy, 'name' | 'version' | 'hash'>;
  readonly askedBy: string;
  readonly askedAtMs: number;
  readonly approvals: readonly SealedRetirement[];
  readonly lacking: readonly string[];
  /** By kind of payment, who decides it then, or that nobody does. */
  readonly notes: readonly string[];
  /** Where it is done. */
  readonly live: WentLive | undefined;
}

export const retirePolicy = (
  parts: LifecycleParts, going: GoingLive, actor: Actor, name: string, order: RetireOrder,
): Promise<Retirement | Refusal> => going.serially(undefined, async (live) => {
  const policy = policyIn(live, name);
  if (isRefusal(policy)) return policy;
  const known = await askedFor(parts, policy);
  const refused = order.role === undefined
    ? await ask(parts, actor, policy, known, order.because)
    : await approve(parts, actor, policy, known && statusOf(policy, live, known),
      { ...order, role: order.role });
  if (refused !== undefined) return refused;
  const open = await askedFor(parts, policy);
  if (open === undefined) throw new Error('what was just written into the audit is not there');
  const status = statusOf(policy, live, open);
  if (status.lacking.length > 0) return status;
  const done = await takeOut(parts, going, actor, { live, status, because: order.because });
  return isRefusal(done) ? done : { ...status, live: done };
});

/** What was asked for, and what it lacks. */
export async function retirementOf(parts: LifecycleParts, name: string): Promise<Retirement | Refusal> {
  const live = parts.engine.inForce();
  const policy = policyIn(live, name);
  if (isRefusal(policy)) return policy;
  const open = await askedFor(parts, policy);
  return open === undefined ? refuse('not_found', `nobody has asked to retire ${name}`)
    : statusOf(policy, live, open);
}

function policyIn({ policies }: InForceView, name: string): CompiledPolicy | Refusal {
  const policy = livePolicy(policies, name);
  return isRefusal(policy) || policies.length > 1 ? policy : refuse('conflict',
    `${name} is the only policy in force, and without it nothing is decided; publish another first`);
}

interface Open { readonly asked: RetirementAsked; readonly approvals: readonly SealedRetirement[] }

/**
 * Of this very content, since it was last taken out of force. What is under our seal counts: an entry of the
 * audit that was written by hand is passed over.
 */
async function askedFor(
  { records, seals, now }: LifecycleParts, { name, hash }: CompiledPolicy,
): Promise<Open | undefined> {
  const acts: AuditEntry[] = [];
  for await (const act of actsOn(records, retirementSubject(name))) {
    if (act.action === RETIRE) break;
    acts.push(act);
  }
  let open: { asked: RetirementAsked; approvals: SealedRetirement[] } | undefined;
  for (const { action, person, detail } of acts.toReversed()) {
    if (!isMap(detail) || detail['hash'] !== hash) continue;
    const { at_ms: atMs, seal, role } = detail;
    if (typeof atMs !== 'number' || typeof seal !== 'string') continue;
    if (action === ASK) {
      const asked = { hash, person, atMs };
      const isOpen = atMs > now() - ASKED_DAYS_MAX * DAY_MS;
      if (open === undefined && isOpen && seals.retirement(asked) === seal) open = { asked, approvals: [] };
    } else if (action === APPROVE && open !== undefined && typeof role === 'string') {
      const bare = { asked: open.asked, person, role, atMs };
      if (person !== open.asked.person && seals.retirementApproval(bare) === seal) {
        open.approvals.push({ ...bare, seal });
      }
    }
  }
  return open;
}

function statusOf(policy: CompiledPolicy, live: InForceView, { asked, approvals }: Open): Retirement {
  const { name, version, hash, reviewers } = policy;
  const counting = approvals.filter(({ role }) => reviewers.length === 0 || reviewers.includes(role));
  const held = new Set(counting.map(({ role }) => role));
  const way = (role: string): string =>
    `somebody other than ${asked.person} runs \`assay policy retire ${name} --role ${role} --because WHY\``;
  const open = reviewers.filter((role) => !held.has(role));
  const lacking = open.map((role) => `nobody has approved it as ${role}; ${way(role)}`);
  if (reviewers.length === 0 && counting.length === 0) {
    lacking.push(`no second person has approved it; ${way('ROLE')}`);
  }
  const notes = coverageChanges(live.policies, live.policies.filter((one) => one !== policy));
  return {
    policy: { name, version, hash }, askedBy: asked.person, askedAtMs: asked.atMs, approvals: counting,
    lacking, notes, live: undefined,
  };
}

/** Undefined where it was written down. */
async function ask(
  parts: LifecycleParts, actor: Actor, { name, hash, version }: CompiledPolicy, open: Open | undefined,
  because: string,
): Promise<Refusal | undefined> {
  if (open !== undefined) {
    return refuse('conflict', `${open.asked.person} has asked to retire ${name}; approve it with --role `
      + 'ROLE, as another person');
  }
  const asked = { hash, person: actor.person, atMs: parts.now() };
  return noted(parts, actor, name, ASK,
    { hash, version, because, at_ms: asked.atMs, seal: parts.seals.retirement(asked) });
}

async function approve(
  parts: LifecycleParts, actor: Actor, { name, hash, version, reviewers }: CompiledPolicy,
  open: Retirement | undefined, { because, role }: { readonly because: string; readonly role: string },
): Promise<Refusal | undefined> {
  if (open === undefined) {
    return refuse('not_found', `nobody has asked to retire ${name}; ask for it without --role`);
  }
  const { approvals, lacking } = open;
  const asked = { hash, person: open.askedBy, atMs: open.askedAtMs };
  if (actor.person === asked.person) {
    return refuse('not_allowed', `${asked.person} has asked for it, and somebody else has to approve it`);
  }
  const refused = mayNotApprove(actor, { author: asked.person }, role, reviewers);
  if (refused !== undefined) return refused;
  if (approvals.some((one) => one.person === actor.person && one.role === role)) {
    // All have agreed, and the log did not take it then: it is tried again.
    if (lacking.length === 0) return undefined;
    return refuse('conflict', `${actor.person} has approved it as ${role} already`);
  }
  const bare = { asked, person: actor.person, role, atMs: parts.now() };
  return noted(parts, actor, name, APPROVE,
    { hash, version, because, role, at_ms: bare.atMs, seal: parts.seals.retirementApproval(bare) });
}

async function noted(
  parts: LifecycleParts, actor: Actor, name: string, action: string,
  detail: Readonly<Record<string, string | number>>,
): Promise<Refusal | undefined> {
  const done = await audited(parts, actor, { action, subject: retirementSubject(name), detail },
    () => Promise.resolve({}));
  return isRefusal(done) ? done : undefined;
}

interface Taking { readonly live: InForceView; readonly status: Retirement; readonly because: string }

function takeOut(
  parts: LifecycleParts, going: GoingLive, actor: Actor, { live, status, because }: Taking,
): Promise<WentLive | Refusal> {
  const { policy: { name, hash }, askedBy, approvals, notes } = status;
  const at = live.policies.findIndex((one) => one.hash === hash);
  const { forecasts, ...content } = contentOf(live.publication);
  const kept = (forecasts ?? []).filter(({ policy }) => policy !== name);
  const logged = approvals.map(({ role, person, atMs, seal }): Approval =>
    ({ subject: 'retirement', hash, role, person, at: formatInstant(atMs), seal }));
  const publication = {
    ...content, policies: content.policies.toSpliced(at, 1),
    ...(kept.length === 0 ? {} : { forecasts: kept }),
    author: askedBy, person: actor.person, because, approvals: logged,
  };
  return going.goLive(actor, {
    kind: 'retire', because, notes,
    act: {
      action: RETIRE, subject: retirementSubject(name),
      detail: { hash, author: askedBy, before: live.base, notes, approvers: approversOf(approvals) },
    },
    enact: (madeOn) => enactPublication(parts, publication, madeOn),
  });
}
