/**
 * A node of a fleet: the same pipeline as that of a node that decides alone, over shared logs and topics.
 * It keeps nothing that the others, or a new node, could not know.
 */
import type { EventSchema } from '#domain/field.ts';
import { isRefusal, parseTransactionCall } from '#domain/parse-event.ts';
import type { Refusal } from '#domain/refusal.ts';
import { refused, type DecideAnswer, type DecideCall, type RecordAnswer } from '#decisioning/call.ts';
import { Flights } from '#decisioning/flights.ts';
import { Pipeline } from '#decisioning/pipeline.ts';
import { PolicyCompiler } from '#decisioning/policy-compiler.ts';
import type { Publication } from '#decisioning/publication.ts';
import type { Keeping } from '#decisioning/publisher.ts';
import { RuleBrake, type BrakeNews } from '#decisioning/rule-brake.ts';
import { EngineState } from '#decisioning/state.ts';
import type { Clock } from '#ports/clock.ts';
import type { LogRecord } from '#ports/decision-log.ts';
import type { Journal } from '#ports/journal.ts';
import type { Topic } from '#ports/topic.ts';
import { WindowLogUnavailable, type WindowLog } from '#ports/window-log.ts';
import type { SharedWindowStore } from '#ports/window-store.ts';
import { Breaker, type BreakerTerms } from './breaker.ts';
import { caughtUp } from './caught-up.ts';
import { DegradedShadow } from './degraded-shadow.ts';
import { FleetArrivals } from './fleet-arrivals.ts';
import { FleetFacts } from './fleet-facts.ts';
import { FleetPublications } from './fleet-publications.ts';
import { FleetPublisher } from './fleet-publisher.ts';
import { GuardedWindowLog } from './guarded-window-log.ts';
import { JournaledTopic } from './journaled-topic.ts';
import { Keeper, type KeepingTopic } from './keeper.ts';
import { NewerFormat } from './newer-format.ts';
import { PastJudge } from './past-judge.ts';
import { RecentRecords } from './recent-records.ts';
import { placesOf } from './places.ts';
import { RecordFinder, type FleetIndex } from './record-finder.ts';
import { Rescoring, type Rescored } from './rescoring.ts';
import { SharedWindows } from './shared-windows.ts';
import { EntryCodec } from './window-entry.ts';

export interface FleetNodeParts {
  readonly schema: EventSchema;
  readonly clock: Clock;
  readonly log: WindowLog;
  /** The same logs over another connection: what is late is asked there again. */
  readonly spareLog?: WindowLog;
  readonly decisions: Topic;
  /** Of this node: what the topic of decisions does not take in time. Without it such calls are refused. */
  readonly journal?: Journal;
  readonly publications: Topic;
  readonly newWindowStore: () => SharedWindowStore;
  /** What was kept, by key; what cannot be found is judged again, to the same answer. */
  readonly index?: FleetIndex;
  /** Of calls that say none, ms. */
  readonly deadlineMs?: number;
  /** In [0, 1). */
  readonly random?: () => number;
  readonly tell?: (what: string) => void;
  /** What the brake of this node found and did. */
  readonly onBrake?: (news: BrakeNews) => void;
}

/** An append of the topic that takes longer is a failure for its breaker. */
const APPEND_LATE_MS = 250;
const BREAKER: BreakerTerms = {
  rowMax: 5, lastCalls: 40, lastFailuresMax: 20, openMs: 200, openMsMax: 5_000, probeMsMax: 2_000,
};

export class FleetNode {
  readonly #parts: FleetNodeParts;
  readonly #state: EngineState;
  readonly #windows: SharedWindows;
  readonly #publications: FleetPublications;
  readonly #publisher: FleetPublisher;
  /** On the counts of this node: a share of what is decided, so shares hold. */
  readonly brake: Pick<RuleBrake, 'look' | 'measurements'>;
  readonly #pipeline: Pipeline;
  readonly #log: GuardedWindowLog;
  readonly #shadow: DegradedShadow;
  readonly #rescoring: Rescoring;
  readonly #journaled: JournaledTopic | undefined;

  private constructor(parts: FleetNodeParts) {
    this.#parts = parts;
    const { schema, clock, decisions, newWindowStore, index, spareLog: spare, journal, tell } = parts;
    const { random = Math.random } = parts;
    const breaker = (): Breaker => new Breaker({ terms: BREAKER, now: () => performance.now(), random });
    const log = new GuardedWindowLog({
      log: parts.log, ...(spare === undefined ? {} : { spare }), breaker: breaker(),
    });
    const codec = new EntryCodec(schema);
    const compiler = new PolicyCompiler(schema);
    const store = newWindowStore();
    const state = new EngineState(schema, store, compiler);
    const windows = new SharedWindows(schema, store, codec);
    const flights = new Flights();
    const recent = new RecentRecords();
    const journaled = journal && JournaledTopic.open({
      topic: decisions, journal, breaker: breaker(), clock, lateMs: APPEND_LATE_MS,
      ...(tell === undefined ? {} : { tell }),
    });
    const finder = new RecordFinder({
      recent, topic: decisions, index, breaker: breaker(), sleep: (ms) => clock.sleep(ms),
      ...(journaled === undefined ? {} : { journal: journaled }),
    });
    const keeper = new Keeper({
      log, decisions: journaled ?? unjournaled(decisions), codec, recent, finder,
    });
    this.#publications = new FleetPublications(parts.publications);
    this.#publisher = new FleetPublisher({ publications: this.#publications, state, clock, tell });
    const past = new PastJudge({ schema, codec, newWindowStore, compiler, publications: this.#publications });
    const facts = new FleetFacts({ log, keeper, flights, schema, windows, codec, finder });
    const arrivals = new FleetArrivals({ log, keeper, flights, state, windows, codec, past, facts, finder });
    const brake = new RuleBrake({
      live: () => state.live, amend: (amending) => this.#publisher.amend(amending), now: () => clock.now(),
      tell: (news) => { parts.onBrake?.(news); },
    });
    this.brake = brake;
    this.#state = state;
    this.#windows = windows;
    this.#log = log;
    this.#journaled = journaled;
    this.#shadow = new DegradedShadow(state);
    this.#rescoring = new Rescoring({ log, state, windows });
    this.#pipeline = new Pipeline({
      arrivals, flights, clock, schema,
      onDecided: (live, event, decision) => {
        brake.decided(live, event, decision);
        this.#shadow.decided(event, decision);
      },
    });
  }

  /** Resolves when what is live is live here. */
  static async open(parts: FleetNodeParts): Promise<FleetNode> {
    const node = new FleetNode(parts);
    await node.#publisher.open();
    return node;
  }

  async decide(call: DecideCall): Promise<DecideAnswer> {
    if (this.apart !== undefined) return refused('log_unavailable', APART);
    return this.#pipeline.decide(this.#timed(call)).catch(refusedWhereNewer);
  }

  async record(call: DecideCall): Promise<RecordAnswer> {
    if (this.apart !== undefined) return refused('log_unavailable', APART);
    return this.#pipeline.record(this.#timed(call)).catch(refusedWhereNewer);
  }

  /** A decision that leaves no trace, on the shared logs as they are now. */
  async simulate(call: DecideCall): Promise<DecideAnswer> {
    if (this.apart !== undefined) return refused('log_unavailable', APART);
    try {
      return await this.#simulate(call);
    } catch (error) {
      return refusedWhileAway(error);
    }
  }

  async #simulate(call: DecideCall): Promise<DecideAnswer> {
    const { schema, clock } = this.#parts;
    const parsed = parseTransactionCall(call.bytes, schema, call.receivedAtMs ?? clock.now(), call.tenant);
    const admitted = isRefusal(parsed) ? parsed : this.#state.admit(parsed.event);
    if (isRefusal(admitted)) return refused(admitted.code, admitted.detail, admitted.errors);
    await caughtUp(this.#log, this.#windows, placesOf(schema, admitted).map(({ name }) => name));
    return { kind: 'decided', decision: this.#state.trial(admitted), replayed: false };
  }

  get stages(): Pipeline['stages'] { return this.#pipeline.stages; }
  get state(): EngineState { return this.#state; }
  get inFlight(): number { return this.#pipeline.inFlight; }
  get logs(): Pick<GuardedWindowLog, 'breakerState' | 'counts'> { return this.#log; }
  /** What waits in the journal of this node. */
  get waiting(): ReturnType<JournaledTopic['waiting']> {
    return this.#journaled?.waiting() ?? { records: 0, oldestMs: 0 };
  }
  get shadow(): DegradedShadow['counts'] { return this.#shadow.counts; }
  get rescored(): Rescoring['counts'] { return this.#rescoring.counts; }

  /** What it would have been with windows; see rescoring.ts. */
  rescore(record: LogRecord): Promise<Rescored | undefined> {
    return this.#rescoring.rescore(record);
  }

  #timed(call: DecideCall): DecideCall {
    const { deadlineMs } = this.#parts;
    return deadlineMs === undefined || call.deadlineMs !== undefined ? call : { ...call, deadlineMs };
  }

  /** What is in force, and how it is changed: see FleetPublisher. */
  publish(publication: Publication, keeping?: Keeping, madeOn?: number): Promise<number> {
    return this.#publisher.publish(publication, keeping, madeOn);
  }

  amend(...amending: Parameters<FleetPublisher['amend']>): Promise<number> {
    return this.#publisher.amend(...amending);
  }

  /** Resolves when what was published up to this position is in force here. */
  hasEnacted(position: number): Promise<void> {
    return this.#publisher.hasEnacted(position);
  }

  /** Publications and amendments that hold. */
  get published(): Pick<FleetPublications, 'get' | 'after'> { return this.#publications; }
  /** Why this node decides nothing, where that is so. */
  get apart(): string | undefined { return this.#publisher.apart; }
  foreignAgeMs(position: number): number { return this.#publisher.foreignAgeMs(position); }

  async close(): Promise<void> {
    await this.#publisher.close();
    const { decisions, publications } = this.#parts;
    await this.#journaled?.close();
    await this.#log.close();
    await decisions.close();
    await publications.close();
  }
}

/** Why may tell of rules of the AML axis; operators are told it. */
const APART = 'this node cannot make live what is live for the fleet, and decides nothing; another node may';

const unjournaled = (topic: Topic): KeepingTopic => ({ keep: (record) => topic.append(record) });

/** While one version of the program takes the place of another: a node of the newer one can read it. */
function refusedWhereNewer(error: unknown): { readonly kind: 'refused'; readonly refusal: Refusal } {
  if (!(error instanceof NewerFormat)) throw error;
  return refused('log_unavailable', 'a newer version of this program is among the nodes; send it to another');
}

/** A trial has no use without windows: what it would show is not what would be decided. */
function refusedWhileAway(error: unknown): { readonly kind: 'refused'; readonly refusal: Refusal } {
  if (!(error instanceof WindowLogUnavailable)) throw error;
  return refused('log_unavailable', 'what the nodes share cannot be asked now; send it again');
}
