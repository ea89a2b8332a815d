/** What is in force from a position on: a publication and what amends it, found by kind of payment. */
import type { ParsedEvent } from '#domain/event.ts';
import type { PersistentWindowStore } from '#ports/window-store.ts';
import { drawn, type Arm } from './challenger-draw.ts';
import type { InForce } from './in-force.ts';
import type { LivePolicy } from './live-policy.ts';
import { judgingOf, type Prepared } from './prepare-policies.ts';
import type { Amendment, Publication } from './publication.ts';
import { RECORD_FORMAT, type Versions } from './record.ts';

export type { Judgement, LivePolicy } from './live-policy.ts';
export { PublicationRefused } from './publication-refused.ts';

/** Where it stands in the log. */
export interface Standing {
  /** Of the publication. */
  readonly base: number;
  /** Of the amendment where there is one, else of the publication. */
  readonly position: number;
  readonly amendment: Amendment | undefined;
}

export class LivePolicies implements InForce {
  readonly position: number;
  readonly base: number;
  readonly publication: Publication;
  readonly amendment: Amendment | undefined;
  readonly ratesVersion: string;
  readonly policies: readonly LivePolicy[];
  /** Champions, and the challengers that have a share. */
  readonly judging: readonly LivePolicy[];
  readonly #byKind = new Map<string, LivePolicy>();
  readonly #versions = new Map<LivePolicy | undefined, Versions>();
  readonly #schemaName: string;
  readonly #kindSlot: number;
  /** Undefined where no challenger has a share, and then nothing is drawn. */
  readonly #arms: ReadonlyMap<LivePolicy, readonly Arm[]> | undefined;
  #others: LivePolicy | undefined;

  constructor(prepared: Prepared, { base, position, amendment }: Standing) {
    const { publication, ratesVersion, policies, arms, schema } = prepared;
    this.publication = publication;
    this.amendment = amendment;
    this.base = base;
    this.position = position;
    this.ratesVersion = ratesVersion;
    this.policies = policies;
    this.judging = judgingOf(prepared);
    this.#arms = arms.size === 0 ? undefined : arms;
    this.#schemaName = schema.name;
    this.#kindSlot = schema.byPath.get('kind')?.textSlot ?? -1;
    for (const live of policies) {
      if (live.policy.kinds.length === 0) this.#others = live;
      for (const kind of live.policy.kinds) this.#byKind.set(kind, live);
    }
  }

  /** From now on the store sums up what leaves the exact tier as these policies need it. */
  register(store: PersistentWindowStore): void {
    store.registerTiles(this.judging.flatMap(({ tilePlans }) => tilePlans));
  }

  /** What a decision by this policy, or by none, pins. */
  versionsOf(live: LivePolicy | undefined): Versions {
    let versions = this.#versions.get(live);
    if (versions === undefined) {
      versions = {
        format: RECORD_FORMAT, publication: this.position, policy: live?.policy.hash ?? 'none',
        schema: this.#schemaName, rates: this.ratesVersion, lists: live?.listVersions ?? {},
      };
      this.#versions.set(live, versions);
    }
    return versions;
  }

  policyFor(event: ParsedEvent): LivePolicy | undefined {
    const kind = event.texts[this.#kindSlot] ?? '';
    const champion = this.#byKind.get(kind) ?? this.#others;
    if (this.#arms === undefined || champion === undefined) return champion;
    const arms = this.#arms.get(champion);
    return (arms && drawn(arms, event, kind)) ?? champion;
  }
}
