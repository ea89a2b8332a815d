/**
 * The engine: a log, the state made from it, and the pipeline between. It opens (a snapshot, then the rest of
 * the
 * log), heals after a failed write (the state is made again; there is no undo), publishes, and drains.
 */
import type { Decision } from '#domain/decision.ts';
import { messageOf } from '#domain/message-of.ts';
import { isRefusal, parseTransactionCall } from '#domain/parse-event.ts';
import type { Clock } from '#ports/clock.ts';
import { LogUnavailable, type DecisionLog, type LogRecord } from '#ports/decision-log.ts';
import type { WindowStoreSize } from '#ports/window-store.ts';
import { refused, type DecideAnswer, type DecideCall, type RecordAnswer } from './call.ts';
import { positionOfDecision } from './decision-id.ts';
import { Flights } from './flights.ts';
import { LocalArrivals } from './local-arrivals.ts';
import { Pipeline } from './pipeline.ts';
import type { LivePolicies } from './live-policies.ts';
import {
  isAmendment, publicationHash, readPublication, type Amended, type Publication,
} from './publication.ts';
import { Publisher, type Amending, type Keeping } from './publisher.ts';
import { RuleBrake, type BrakeMeasurements, type BrakeNews } from './rule-brake.ts';
import { readDecision, recordKey, splitKey } from './record.ts';
import { makeState, type StateNews, type StateParts } from './make-state.ts';
import { PolicyCompiler } from './policy-compiler.ts';
import type { EngineState } from './state.ts';

export type Phase = 'ready' | 'healing' | 'draining' | 'closed';

export interface EngineParts extends Omit<StateParts, 'tell'> {
  readonly log: DecisionLog;
  readonly clock: Clock;
  /** Told of what an operator should know; never of payments. */
  readonly tell?: (what: EngineNews) => void;
}

export interface Measurements {
  readonly brake: BrakeMeasurements;
  readonly stages: Pipeline['stages'];
  readonly windowStore: WindowStoreSize;
  readonly logPosition: number;
}

export type EngineNews =
  | StateNews
  | { readonly kind: 'phase'; readonly phase: Phase; readonly because: string }
  | BrakeNews
  /** The start that follows reads more of the log; nothing is lost. */
  | { readonly kind: 'snapshot_not_written'; readonly because: string };

const RECORDS_A_TURN = 200;
const HEAL_PAUSE_MS = 200;
/** Where it fails for another reason than the write, each attempt may read the whole log. */
const HEAL_PAUSE_MS_MAX = 10_000;

export class Engine {
  readonly #parts: EngineParts;
  readonly #publisher: Publisher;
  readonly #brake: RuleBrake;
  /** Where the log ended when this engine was opened, and what was published since, by position. */
  readonly #openedAt: number;
  readonly #published: number[] = [];
  #arrivals: LocalArrivals;
  #pipeline: Pipeline;
  #inForce: LivePolicies | undefined;
  #phase: Phase = 'ready';
  #healing: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(parts: EngineParts, state: EngineState) {
    this.#parts = parts;
    ({ arrivals: this.#arrivals, pipeline: this.#pipeline } = this.#decidingOn(state));
    this.#inForce = state.live;
    const { log, clock } = parts;
    this.#openedAt = log.durable.position;
    this.#brake = new RuleBrake({
      live: () => this.state.live, amend: (amending) => this.amend(amending), now: () => clock.now(),
      tell: (news) => { parts.tell?.(news); },
    });
    this.#publisher = new Publisher({ log, clock, arrivals: () => this.#publishing() });
  }

  /**
   * Makes the state from the log, and the publication live: `changed`, if another is; `first`, if none is.
   */
  static async open(
    given: EngineParts, publication: Publication, when: 'changed' | 'first' = 'changed',
  ): Promise<Engine> {
    const parts = { ...given, compiler: given.compiler ?? new PolicyCompiler(given.schema) };
    const engine = new Engine(parts, await makeState(parts));
    const { live } = engine.state;
    if (live !== undefined && (when === 'first'
      || publicationHash(live.publication) === publicationHash(publication))) return engine;
    try {
      await engine.publish(publication);
    } catch (error) {
      // The log is the opener's to close; nothing here goes on trying to heal it.
      engine.#phase = 'closed';
      await engine.#healing;
      throw error;
    }
    return engine;
  }

  get phase(): Phase { return this.#phase; }
  get state(): EngineState { return this.#arrivals.state; }
  get #isStopping(): boolean { return this.#phase === 'draining' || this.#phase === 'closed'; }
  get inFlight(): number { return this.#pipeline.inFlight; }

  async decide(call: DecideCall): Promise<DecideAnswer> {
    return this.#isStopping ? draining() : this.#pipeline.decide(call);
  }

  async record(call: DecideCall): Promise<RecordAnswer> {
    return this.#isStopping ? draining() : this.#pipeline.record(call);
  }

  /** A decision that leaves no trace: nothing counted, nothing recorded. */
  simulate(call: DecideCall): DecideAnswer {
    if (this.#phase !== 'ready') return refused('log_unavailable', 'not ready to judge');
    const { clock } = this.#parts;
    const { schema } = this.state;
    const parsed = parseTransactionCall(call.bytes, schema, call.receivedAtMs ?? clock.now(), call.tenant);
    if (isRefusal(parsed)) return { kind: 'refused', refusal: parsed };
    const admitted = this.state.admit(parsed.event);
    if (isRefusal(admitted)) return { kind: 'refused', refusal: admitted };
    return { kind: 'decided', decision: this.state.trial(admitted), replayed: false };
  }

  measurements(): Measurements {
    const { store } = this.state;
    return {
      brake: this.#brake.measurements(),
      stages: this.#pipeline.stages, windowStore: store.size, logPosition: this.#parts.log.durable.position,
    };
  }

  /** The decision with this id, if it is durable and the tenant's. */
  async findDecision(tenant: string, id: string): Promise<Decision | undefined> {
    const record = await this.decisionRecord(tenant, id);
    return record && readDecision(record);
  }

  /** The record of the decision with this id, if it is durable and the tenant's. */
  async decisionRecord(tenant: string, id: string): Promise<LogRecord | undefined> {
    const position = positionOfDecision(id);
    const record = position === undefined ? undefined : await this.recordAt(position);
    return record?.kind === 'decision' && splitKey(record.key).tenant === tenant ? record : undefined;
  }

  /** The durable record at a position, whoever's it is. */
  recordAt(position: number): Promise<LogRecord | undefined> {
    const { log } = this.#parts;
    return position > log.durable.position ? Promise.resolve(undefined) : log.get(position);
  }

  async findByTransaction(tenant: string, transactionId: string): Promise<Decision | undefined> {
    const record = await this.#parts.log.find(recordKey(tenant, 'tx', transactionId));
    return record === undefined || record.position > this.#parts.log.durable.position
      ? undefined : readDecision(record);
  }

  /**
   * Makes it live from the position on that it resolves; everything before it was decided by what was live
   * then. One after the other, and payments are decided meanwhile. What amended the one before and still
   * applies stays in force, unless `keeping` says otherwise. Throws PublicationRefused where it cannot go
   * live, and LogUnavailable; then nothing was published.
   */
  publish(publication: Publication, keeping: Keeping = {}): Promise<number> {
    return this.#settled(this.#publisher.publish(publication, keeping));
  }

  /**
   * Amends what is live: parts that it does not name stay as they are. A function is given what is in force
   * at its turn, so that nobody writes over what another has just added. Resolves its position; throws as
   * `publish` does.
   */
  amend(amending: Amending | ((inForce: Amended) => Amending)): Promise<number> {
    return this.#settled(this.#publisher.amend(amending));
  }

  /** What was published at a position; undefined where no publication stands there. */
  async publicationAt(position: number): Promise<Publication | undefined> {
    const { log } = this.#parts;
    if (position < 1 || position > log.durable.position) return undefined;
    const record = await log.get(position);
    return record?.kind === 'publication' && !isAmendment(record) ? readPublication(record) : undefined;
  }

  /**
   * Publications and amendments behind a position, oldest first. The log is read only for what came before
   * this engine was opened, with a pause now and then, so that payments are decided meanwhile.
   */
  async *publishedAfter(position: number): AsyncGenerator<LogRecord> {
    const { log, clock } = this.#parts;
    if (position < this.#openedAt) {
      for await (const record of log.read(position + 1)) {
        if (record.position > this.#openedAt) break;
        if (record.kind === 'publication') yield record;
        if (record.position % RECORDS_A_TURN === 0) await clock.sleep(0);
      }
    }
    for (const published of this.#published.filter((one) => one > position)) {
      const record = await log.get(published);
      if (record !== undefined) yield record;
    }
  }

  /** The brake's look at what rules did: see RuleBrake. */
  async look(): Promise<void> {
    if (this.#phase === 'ready') await this.#brake.look();
  }

  /** What is live by the log: not what is still being written, nor what could not be. */
  inForce(): LivePolicies {
    if (this.#inForce === undefined) throw new Error('an engine opens with a publication');
    return this.#inForce;
  }

  async #settled(published: Promise<number>): Promise<number> {
    const position = await published;
    const { live } = this.state;
    this.#inForce = live;
    this.#published.push(position);
    // What was kept of an earlier amendment stands directly behind the publication.
    if (live?.base === position && live.position !== position) this.#published.push(live.position);
    return position;
  }

  #publishing(): LocalArrivals {
    if (this.#phase === 'ready') return this.#arrivals;
    const code = this.#isStopping ? 'closed' : 'io_error';
    throw new LogUnavailable(code, `the engine is ${this.#phase}: nothing was published`);
  }

  /**
   * Waits for what is in flight, writes a snapshot where the state is sound, and closes, whatever the disk
   * says.
   * New calls are refused as draining.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#enter('draining', 'asked to stop');
    this.#arrivals.stop();
    await this.#arrivals.settled();
    await this.#healing;
    this.#enter('closed', 'drained');
    try {
      await this.#saveSnapshot();
    } catch (error) {
      this.#parts.tell?.({ kind: 'snapshot_not_written', because: messageOf(error) });
    } finally {
      await this.#parts.log.close();
    }
  }

  async #saveSnapshot(): Promise<void> {
    const { state, sound } = this.#arrivals;
    if (!sound) throw new Error('the last write of the log failed, so the state is ahead of it');
    await this.#parts.snapshots.save(state.schema.name, {
      position: state.position, publication: state.live?.position ?? 0, windows: state.store.saveState(),
    });
  }

  #decidingOn(state: EngineState): { arrivals: LocalArrivals; pipeline: Pipeline } {
    const { log, clock } = this.#parts;
    const flights = new Flights();
    const arrivals = new LocalArrivals({
      log, state, flights, onFailure: (error) => { this.#healing = this.#heal(error); },
    });
    const pipeline = new Pipeline({
      arrivals, flights, clock, schema: state.schema,
      onDecided: (live, event, decision) => { this.#brake.decided(live, event, decision); },
    });
    return { arrivals, pipeline };
  }

  /**
   * The state is ahead of the log, because a write or a judgement failed. Once all before it has landed and
   * the
   * log takes appends again, it is made anew. Never rejects; ends early where the engine is to stop.
   */
  async #heal(error: Error): Promise<void> {
    this.#enter('healing', error.message);
    await this.#arrivals.settled();
    for (let pauseMs = HEAL_PAUSE_MS; !this.#isStopping;) {
      try {
        if (await this.#parts.log.recover()) {
          const state = await makeState(this.#parts);
          ({ arrivals: this.#arrivals, pipeline: this.#pipeline } = this.#decidingOn(state));
          this.#inForce = this.state.live;
          this.#brake.beginAnew();
          this.#enter('ready', 'the state was made again from the log');
          return;
        }
      } catch (why) {
        this.#enter('healing', `the state could not be made again: ${messageOf(why)}`);
        pauseMs = Math.min(HEAL_PAUSE_MS_MAX, pauseMs * 2);
      }
      await this.#parts.clock.sleep(pauseMs);
    }
  }

  #enter(phase: Phase, because: string): void {
    if (this.#phase === 'closed' || (this.#phase === 'draining' && phase !== 'closed')) return;
    this.#phase = phase;
    this.#parts.tell?.({ kind: 'phase', phase, because });
  }
}

const draining = () => refused('draining', 'this node is stopping; send it to another, or again');
