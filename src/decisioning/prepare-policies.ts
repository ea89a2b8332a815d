/**
 * A publication with what amends it, compiled and bound to the windows, ready to be live at any position.
 * Everything is compiled before anything is live; what was made before and still fits is taken over.
 */
import { isDeepStrictEqual } from 'node:util';
import type { EventSchema } from '#domain/field.ts';
import { parseInstant } from '#domain/instant.ts';
import { parseRateTable } from '#domain/rates.ts';
import type { PersistentWindowStore } from '#ports/window-store.ts';
import { someNode } from '#expression/tree.ts';
import { conditionsIn, type FeatureDefinition } from '#features/definition.ts';
import type { CompiledPolicy } from '#policy/compiled-policy.ts';
import { policyCodeSteps } from '#policy/generate-policy.ts';
import { bindListSteps, type BoundLists, type ListSource } from '#policy/lists.ts';
import { featuresOnStore } from '#policy/policy-on-store.ts';
import type { Steps } from '#policy/steps.ts';
import {
  amendmentProblems, candidateProblems, interventionsOn, modeProblems, slotOf, snoozeProblems, type Candidate,
} from './amendment-terms.ts';
import type { Arm } from './challenger-draw.ts';
import { boundPolicy, livePolicy, type BoundPolicy, type LivePolicy } from './live-policy.ts';
import type { PolicyCompiler } from './policy-compiler.ts';
import type { Amended, Publication } from './publication.ts';
import { PublicationRefused } from './publication-refused.ts';

export interface Wanted {
  readonly publication: Publication;
  /** To be in force as it stands. */
  readonly amended: Partial<Amended>;
  /** Where `amended` says nothing: of this, what still applies at `nowMs`. */
  readonly kept: Amended;
  readonly nowMs: number;
}

export interface Ground {
  readonly schema: EventSchema;
  readonly store: PersistentWindowStore;
  readonly compiler: PolicyCompiler;
  /** What is live, to take over from. */
  readonly before: readonly LivePolicy[];
}

export interface Prepared {
  readonly publication: Publication;
  readonly amended: Amended;
  readonly ratesVersion: string;
  readonly schema: EventSchema;
  readonly policies: readonly LivePolicy[];
  /** Challengers with a share, of each champion, in order. */
  readonly arms: ReadonlyMap<LivePolicy, readonly Arm[]>;
}

/** Champions, and the challengers that have a share. */
export const judgingOf = ({ policies, arms }: Pick<Prepared, 'policies' | 'arms'>): readonly LivePolicy[] =>
  [...policies, ...[...arms.values()].flat().map(({ live }) => live)];

/** Throws PublicationRefused with all the problems. */
export function* preparePolicies(wanted: Wanted, ground: Ground): Steps<Prepared> {
  const { publication } = wanted;
  const rates = parseRateTable(publication.rates);
  if ('problems' in rates) {
    throw new PublicationRefused(rates.problems.map((problem) => `rates: ${problem}`));
  }
  const problems: string[] = [];
  const compiled = yield* compileAll(publication.policies, ground.compiler, problems);
  problems.push(...kindsTwice(compiled).map((twice) => `${twice}: take one away, or part them by \`kinds\``));
  const { amended, candidates } = yield* amendedOf(wanted, compiled, ground, problems);
  const ratesText = JSON.stringify(publication.rates);
  const bind = new Binder(ground, publication.lists, { table: rates.table, text: ratesText });
  const live = function* (policy: CompiledPolicy): Steps<readonly LivePolicy[]> {
    yield;
    const bound = yield* bind.policy(policy);
    if (!('problems' in bound)) return [livePolicy(bound, interventionsOn(policy, amended, ground.schema))];
    problems.push(...bound.problems.map((problem) => `${policy.name}: ${problem}`));
    return [];
  };
  const policies: LivePolicy[] = [];
  for (const policy of compiled) policies.push(...yield* live(policy));
  const arms = new Map<LivePolicy, Arm[]>();
  for (const { policy, share, salt, by } of candidates.filter((one) => one.share > 0)) {
    const champion = policies.find((one) => one.policy.name === policy.name);
    const [arm] = yield* live(policy);
    if (champion === undefined || arm === undefined) continue;
    const own = { live: arm, share, salt, slot: slotOf(ground.schema, by) };
    arms.set(champion, [...arms.get(champion) ?? [], own]);
  }
  if (problems.length > 0) throw new PublicationRefused(problems);
  return { publication, amended, ratesVersion: rates.table.version, schema: ground.schema, policies, arms };
}

function* compileAll(
  sources: Publication['policies'], compiler: PolicyCompiler, problems: string[],
): Steps<readonly CompiledPolicy[]> {
  const compiled: CompiledPolicy[] = [];
  for (const source of sources) {
    const policy = yield* compiler.compiled(source);
    if (typeof policy === 'string') problems.push(policy);
    else compiled.push(policy);
  }
  return compiled;
}

/** A payment is decided by one policy: which one may not depend on an order that nobody wrote down. */
export function kindsTwice(policies: readonly CompiledPolicy[]): readonly string[] {
  const owner = new Map<string, string>();
  return policies.flatMap(({ name, kinds }) => (kinds.length === 0 ? ['any kind'] : kinds).flatMap((kind) => {
    const other = owner.get(kind);
    owner.set(kind, name);
    return other === undefined ? [] : [`policies ${other} and ${name} both decide ${kind}`];
  }));
}

/** What is asked for is in force or refused; what was in force goes on where it still applies. */
function* amendedOf(
  { amended, kept, nowMs }: Wanted, policies: readonly CompiledPolicy[], { compiler, schema }: Ground,
  problems: string[],
): Steps<{ amended: Amended; candidates: readonly Candidate[] }> {
  const candidates: Candidate[] = [];
  const refused: string[] = [];
  for (const challenger of amended.challengers ?? kept.challengers) {
    const policy = yield* compiler.compiled(challenger);
    if (typeof policy === 'string') {
      refused.push(policy);
      continue;
    }
    const candidate = { ...challenger, policy };
    const fits = candidateProblems(candidate, candidates, { schema, policies, candidates }).length === 0;
    if (amended.challengers !== undefined || fits) candidates.push(candidate);
  }
  if (amended.challengers !== undefined) problems.push(...refused);
  const terms = { schema, policies, candidates };
  const going = {
    modes: amended.modes ?? kept.modes.filter((mode) => modeProblems(mode, terms).length === 0),
    snoozes: amended.snoozes ?? kept.snoozes.filter((snooze) =>
      snoozeProblems(snooze, terms).length === 0 && (parseInstant(snooze.until) ?? 0) > nowMs),
    challengers: candidates.map(({ file, source, share, salt, by }) => ({ file, source, share, salt, by })),
  };
  problems.push(...amendmentProblems(going, terms));
  return { amended: going, candidates };
}

interface Rates { readonly table: Parameters<typeof boundPolicy>[2]['table']; readonly text: string }

class Binder {
  readonly #ground: Ground;
  readonly #lists: ReadonlyMap<string, ListSource>;
  readonly #rates: Rates;

  constructor(ground: Ground, lists: readonly ListSource[], rates: Rates) {
    this.#ground = ground;
    this.#lists = new Map(lists.map((list) => [list.name, list]));
    this.#rates = rates;
  }

  *policy(policy: CompiledPolicy): Steps<BoundPolicy | { readonly problems: readonly string[] }> {
    const lists = yield* bindListSteps(policy.lists, this.#lists);
    if ('problems' in lists) return lists;
    yield;
    const { store, before } = this.#ground;
    const alike = before.map(({ bound }) => bound).filter((bound) =>
      bound.store === store && bound.ratesText === this.#rates.text);
    const hasSameLists = ({ listVersions }: BoundPolicy): boolean =>
      isDeepStrictEqual(listVersions, lists.versions);
    const known = alike.find((bound) => bound.policy === policy && hasSameLists(bound));
    if (known !== undefined) return known;
    // Another version that measures the same goes on with the windows of the one before: with code that is
    // warm, and with what its long logs add up to. So does another list, where no window asks one.
    const asksLists = policy.features.some(asksList);
    const measuring = alike.find((bound) => measuresSame(bound.policy, policy)
      && (!asksLists || (hasSameLists(bound) && isDeepStrictEqual(bound.policy.lists, policy.lists))));
    const code = yield* policyCodeSteps(policy);
    yield;
    // Windows that outlive a list do not keep it.
    const asked = asksLists ? lists : NO_LISTS;
    const features = measuring?.features ?? featuresOnStore(policy, asked, this.#rates.table, store);
    yield;
    return boundPolicy(policy, lists, this.#rates, store, features, code);
  }
}

const measuresSame = (one: CompiledPolicy, other: CompiledPolicy): boolean =>
  one.schema === other.schema && isDeepStrictEqual(one.features, other.features);

const NO_LISTS: BoundLists = { inList: () => 0, versions: {} };

const asksList = (feature: FeatureDefinition): boolean => conditionsIn(feature).some((condition) =>
  someNode(condition, (node) => node.kind === 'in' && node.set.kind === 'list'));
