/** The brake of one engine, or of one node of a fleet: it counts what rules do, looks, and acts. */
import type { Decision } from '#domain/decision.ts';
import type { ParsedEvent } from '#domain/event.ts';
import { messageOf } from '#domain/message-of.ts';
import type { Axis } from '#domain/outcome.ts';
import { braking, type Braking } from './braking.ts';
import { HitWatch, type RuleHits } from './hit-watch.ts';
import type { LivePolicies } from './live-policies.ts';
import type { LivePolicy } from './live-policy.ts';
import type { Amended } from './publication.ts';
import type { Amending } from './publisher.ts';

/** Who may not see aml may not see the sum of both either. */
type ByAxis = Readonly<Record<Axis, number>>;

export interface BrakeMeasurements {
  /** Rules that are in shadow by the brake, by segment. */
  readonly held: ByAxis;
  /** Since the engine opened: what it put in shadow, and final rules that it told of. */
  readonly engaged: ByAxis;
  readonly paged: ByAxis;
  readonly hits: readonly RuleHits[];
}

export type BrakeNews =
  /**
   * A rule has left its band. `braked`: it is in shadow now; `page`: it is final, and stays;
   * `below_forecast`: it hits far less than expected; `share_taken`: it is a challenger's, which only judges
   * in shadow now.
   */
  | { readonly kind: 'braked' | 'page' | 'below_forecast' | 'share_taken'; readonly policy: string;
      readonly rule: string; readonly segment: string | undefined; readonly because: string }
  /** It goes on acting until the next look. */
  | { readonly kind: 'brake_failed'; readonly because: string };

export interface RuleBrakeParts {
  readonly live: () => LivePolicies | undefined;
  /** The function is asked at its turn; see Publisher. */
  readonly amend: (amending: (inForce: Amended) => Amending) => Promise<number>;
  readonly now: () => number;
  readonly tell: (news: BrakeNews) => void;
}

export class RuleBrake {
  readonly #parts: RuleBrakeParts;
  readonly #watch: HitWatch;
  readonly #braked = { engaged: { fraud: 0, aml: 0 }, paged: { fraud: 0, aml: 0 } };
  /** What a look found is not in the log yet. */
  #isBraking = false;

  constructor(parts: RuleBrakeParts) {
    this.#parts = parts;
    this.#watch = new HitWatch(parts.live);
  }

  /** A new decision; not called for re-sends and trials. */
  decided(live: LivePolicy | undefined, event: ParsedEvent, decision: Decision): void {
    this.#watch.decided(live, event, decision);
  }

  /** As at a start: see HitWatch. */
  beginAnew(): void {
    this.#watch.beginAnew();
  }

  measurements(): BrakeMeasurements {
    const held = this.#watch.held(this.#parts.live()?.amendment?.modes ?? []);
    return { held, ...this.#braked, hits: this.#watch.hits() };
  }

  /**
   * What rules did since the look before; meant for once a second. Resolves when what it found stands in the
   * log; until then no other look is taken, and what rules do is counted for the next.
   */
  async look(): Promise<void> {
    if (this.#isBraking) return;
    const { now, tell, amend, live } = this.#parts;
    const found = this.#watch.look(now());
    for (const { kind, policy, rule, axis, segment, because } of found) {
      if (kind === 'page') this.#braked.paged[axis] += 1;
      if (kind === 'above') continue;
      const news = kind === 'below' ? 'below_forecast' : kind;
      tell({ kind: news, policy, rule, segment: segment?.value, because });
    }
    const above = found.filter(({ kind }) => kind === 'above');
    if (above.length === 0) return;
    let braked: Braking | undefined;
    this.#isBraking = true;
    try {
      await amend((inForce) => {
        braked = braking(above, inForce, live(), now());
        return braked.amending;
      });
      for (const { axis, ...one } of braked?.news ?? []) {
        this.#braked.engaged[axis] += 1;
        tell(one);
      }
    } catch (error) {
      tell({ kind: 'brake_failed', because: messageOf(error) });
    } finally {
      this.#isBraking = false;
    }
  }
}
