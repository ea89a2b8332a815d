/** A version goes live, an earlier publication comes back, a version judges beside the live one. */
import type { Challenger, Publication } from '#decisioning/publication.ts';
import { PublicationRefused } from '#decisioning/publication-refused.ts';
import { isRefusal } from '#domain/parse-event.ts';
import type { Refusal } from '#domain/refusal.ts';
import { approversOf } from './approvals.ts';
import { refuseDamaged, versionDamage } from './authorship.ts';
import { coverageChanges } from './coverage.ts';
import { addEvidence, figuresOf } from './evidence.ts';
import { gate, lastOf } from './gate.ts';
import {
  amendedNow, enactAmendment, enactPublication, loggedApproval, type GoingLive, type WentLive,
} from './going-live.ts';
import type { Actor, CheckedPolicy, InForceView, LifecycleParts } from './parts.ts';
import { gateClosed, refuse } from './refuse.ts';
import { dayMs } from './gate.ts';
import { factsOf, hashesOf, versionIn, type VersionFacts } from './version-facts.ts';

export interface PublishOrder {
  readonly because: string;
  /** Position of the publication that the caller saw as live; default: the one at the moment of the call. */
  readonly expected: number | undefined;
}

export const publishVersion = (
  parts: LifecycleParts, going: GoingLive, actor: Actor, hash: string, { because, expected }: PublishOrder,
): Promise<WentLive | Refusal> => going.serially(expected, async (live) => {
  const facts = await soundFacts(parts, actor, hash);
  if (isRefusal(facts)) return facts;
  const result = gate(facts, parts.seals);
  if (result.lacking.length > 0) return gateClosed(result.lacking);
  const { version } = facts;
  const isOther = await isOtherThan(parts, hash);
  const publication = withPolicy(live, facts, {
    author: version.author, person: actor.person, because,
    approvals: result.approvals.map(loggedApproval),
  }, parts);
  const after = [...live.policies.filter(({ name }) => name !== version.policy), facts.checked];
  const notes = [...result.notes, ...coverageChanges(live.policies, after)];
  return going.goLive(actor, {
    kind: 'publish', because, notes,
    act: {
      action: 'version.publish', subject: `version/${hash}`,
      detail: {
        policy: version.policy, version: version.version, author: version.author, before: live.base,
        approvers: approversOf(result.approvals), notes,
      },
    },
    enact: (madeOn) => enactPublication(parts, publication, madeOn,
      ({ challengers }) => ({ challengers: challengers.filter(isOther) })),
  });
});

/** Of a version whose row is as it was submitted. */
async function soundFacts(
  parts: LifecycleParts, actor: Actor, hash: string,
): Promise<VersionFacts | Refusal> {
  const facts = await factsOf(parts, hash);
  if (isRefusal(facts)) return facts;
  const damage = versionDamage(facts.version, facts.checked, parts.seals);
  return damage === undefined ? facts : refuseDamaged(parts, actor, `version/${hash}`, damage);
}

type Names = Required<Pick<Publication, 'author' | 'person' | 'because' | 'approvals'>>;

/** The live publication with this version in the place of its policy, or beside the others. */
function withPolicy(
  live: InForceView, { version, evidence }: VersionFacts, names: Names, { seals }: LifecycleParts,
): Publication {
  const { publication, policies } = live;
  const at = policies.findIndex(({ name }) => name === version.policy);
  const entry = { file: version.file, source: version.source };
  const backtest = lastOf(evidence, 'backtest', seals);
  const fresh = (backtest && figuresOf.backtest(backtest.found)?.forecasts) ?? [];
  const kept = (publication.forecasts ?? []).filter(({ policy }) => policy !== version.policy);
  const forecasts = [...kept, ...fresh.filter(({ policy }) => policy === version.policy)];
  return {
    ...contentOf(publication),
    policies: at === -1 ? [...publication.policies, entry] : publication.policies.with(at, entry),
    ...(forecasts.length === 0 ? {} : { forecasts }), ...names,
  };
}

/** Without the names of those who published it. */
export const contentOf = ({ format, policies, lists, rates, custom, forecasts }: Publication): Publication =>
  ({ format, policies, lists, rates, custom, ...(forecasts === undefined ? {} : { forecasts }) });

/**
 * Tells the other challengers from those of this version, by their documents: at its turn the brake may have
 * taken a share since, but nobody has begun another challenge, for that is ours to do, one after the other.
 */
async function isOtherThan(
  parts: LifecycleParts, hash: string,
): Promise<(challenger: Challenger) => boolean> {
  const { challengers } = amendedNow(parts.engine.inForce());
  const hashes = await hashesOf(parts, challengers);
  const sources = new Set(challengers.flatMap(({ source }, i) => (hashes[i] === hash ? [source] : [])));
  return ({ source }) => !sources.has(source);
}

/**
 * The policies of an earlier publication are live again. They were approved once, so one person may do it: it
 * is meant for an emergency. Lists, rates and fields stay as they are now: what was blocked since stays so.
 */
export const rollBack = (
  parts: LifecycleParts, going: GoingLive, actor: Actor, position: number,
    { because, expected }: PublishOrder,
): Promise<WentLive | Refusal> => going.serially(expected, async (live) => {
  const target = position < live.base ? await parts.engine.publicationAt(position) : undefined;
  if (target === undefined) {
    return refuse('not_found',
      `no publication before the live one, at ${live.base}, stands at position ${position}; `
      + '`assay policy publications` lists them');
  }
  const checked = await Promise.all(target.policies.map(({ file, source }) => parts.check(file, source)));
  const back: CheckedPolicy[] = [];
  for (const one of checked) {
    if ('mistakes' in one) return gateClosed(one.mistakes);
    const version = await versionIn(parts.records, one.hash);
    const until = dayMs(one.effective.until);
    if (version?.withdrawnAtMs !== undefined) {
      return refuse('gate_closed', `${one.name} ${one.version} was withdrawn since; it does not come back`);
    }
    if (until !== undefined && parts.now() >= until) {
      return refuse('gate_closed',
        `${one.name} ${one.version} was meant to hold until ${one.effective.until}`);
    }
    back.push(one);
  }
  const hashes = back.map(({ hash }) => hash);
  if (hashes.join() === live.policies.map(({ hash }) => hash).join()) {
    return refuse('conflict', `what was live from position ${position} on is what is live now`);
  }
  const { policies, forecasts } = target;
  const { forecasts: _now, ...rest } = contentOf(live.publication);
  const publication: Publication = {
    ...rest, policies, ...(forecasts === undefined ? {} : { forecasts }),
    person: actor.person, because, approvals: [],
  };
  return going.goLive(actor, {
    kind: 'roll_back', because, notes: coverageChanges(live.policies, back),
    act: {
      action: 'publication.roll_back', subject: `publication/${position}`,
      detail: { to: position, before: live.base, policies: hashes },
    },
    enact: (madeOn) => enactPublication(parts, publication, madeOn),
  });
});

/** One customer always meets the same policy; a payment without one is drawn by its id. */
const DRAWN_BY = 'debtor.customer_id';

export interface ShadowOrder {
  /** 0: judged beside. Above: the share of the payments that it decides, so it must pass the gate. */
  readonly share: number;
  /** Path of the field whose value draws; undefined: the customer. */
  readonly by: string | undefined;
}

/** It judges what the live version of its policy judges; with a share it decides that share. */
export const startShadow = (
  parts: LifecycleParts, going: GoingLive, actor: Actor, hash: string, { share, by }: ShadowOrder,
): Promise<WentLive | Refusal> => going.serially(undefined, async (live) => {
  const facts = await soundFacts(parts, actor, hash);
  if (isRefusal(facts)) return facts;
  const result = gate(facts, parts.seals);
  const { version, evidence } = facts;
  if (share > 0 && result.lacking.length > 0) return gateClosed(result.lacking);
  if (version.withdrawnAtMs !== undefined) return refuse('gate_closed', 'it was withdrawn');
  if (lastOf(evidence, 'test', parts.seals)?.record.passed !== true) {
    return refuse('gate_closed', 'its own tests fail; mend the policy or the test, and submit the new '
      + 'version');
  }
  const challenger: Challenger = {
    file: version.file, source: version.source, share, salt: hash.slice(-16), by: by ?? DRAWN_BY,
  };
  const isOther = await isOtherThan(parts, hash);
  const isBraked = (inForce: readonly Challenger[]): boolean =>
    inForce.some((one) => !isOther(one) && one.share === 0);
  const wasBraked = isBraked(amendedNow(live).challengers);
  const because = share === 0 ? 'it judges in shadow' : `it decides ${share * 100} % of the payments`;
  const approvals = share > 0 ? result.approvals.map(loggedApproval) : [];
  return going.goLive(actor, {
    kind: 'challenge', because, notes: share > 0 ? result.notes : [],
    act: {
      action: 'version.shadow', subject: `version/${hash}`,
      detail: { policy: version.policy, version: version.version, share, by: challenger.by },
    },
    enact: (madeOn) => enactAmendment(parts, ({ challengers }) => {
      if (share > 0 && !wasBraked && isBraked(challengers)) {
        throw new PublicationRefused(['the brake has taken its share in this moment; look at what it did']);
      }
      return { challengers: [...challengers.filter(isOther), challenger] };
    }, { person: actor.person, because, approvals }, madeOn),
    also: (writes, atMs) => addEvidence(writes, parts.seals,
      { hash, kind: 'shadow', passed: true, atMs, person: actor.person }, { share, by: challenger.by }),
  });
});

export const stopShadow = (
  parts: LifecycleParts, going: GoingLive, actor: Actor, hash: string, because: string,
): Promise<WentLive | Refusal> => going.serially(undefined, async (live) => {
  const isOther = await isOtherThan(parts, hash);
  if (amendedNow(live).challengers.every(isOther)) {
    return refuse('not_found', `${hash} judges beside nothing`);
  }
  return going.goLive(actor, {
    kind: 'challenge', because,
    act: { action: 'version.unshadow', subject: `version/${hash}`, detail: {} },
    enact: (madeOn) => enactAmendment(parts,
      ({ challengers }) => ({ challengers: challengers.filter(isOther) }),
      { person: actor.person, because, approvals: [] }, madeOn),
  });
});
