/**
 * The engine: a log, the state made from it, and the pipeline between. It opens (a snapshot, then the rest of
 * the
 * log), heals after a failed write (the state is made again; there is no undo), publishes, and drains.
 */
import type { Decision } from '#domain/decision.ts';
import type { Clock } from '#ports/clock.ts';
import type { DecisionLog } from '#ports/decision-log.ts';
import type { WindowStoreSize } from '#ports/window-store.ts';
import { refused, type DecideAnswer, type DecideCall, type RecordAnswer } from './call.ts';
import { positionOfDecision } from './decision-id.ts';
import { LivePolicies } from './live-policies.ts';
import { Pipeline } from './pipeline.ts';
import { publicationHash, publicationRecord, type Publication } from './publication.ts';
import { readDecision, recordKey, splitKey } from './record.ts';
import { makeState, type StateNews, type StateParts } from './make-state.ts';
import type { EngineState } from './state.ts';

export type Phase = 'ready' | 'healing' | 'draining' | 'closed';

export interface EngineParts extends Omit<StateParts, 'tell'> {
  readonly log: DecisionLog;
  readonly clock: Clock;
  /** Told of what an operator should know; never of payments. */
  readonly tell?: (what: EngineNews) => void;
}

export interface Measurements {
  readonly stages: Pipeline['stages'];
  readonly windowStore: WindowStoreSize;
  readonly logPosition: number;
}

export type EngineNews =
  | StateNews
  | { readonly kind: 'phase'; readonly phase: Phase; readonly because: string };

const HEAL_PAUSE_MS = 200;

export class Engine {
  readonly #parts: EngineParts;
  #pipeline: Pipeline;
  #phase: Phase = 'ready';
  #healing: Promise<void> = Promise.resolve();

  private constructor(parts: EngineParts, state: EngineState) {
    this.#parts = parts;
    this.#pipeline = this.#pipelineOf(state);
  }

  /** Makes the state from the log, and the publication live if another is. */
  static async open(parts: EngineParts, publication: Publication): Promise<Engine> {
    const engine = new Engine(parts, await makeState(parts));
    const { live } = engine.#pipeline.state;
    if (live === undefined || publicationHash(live.publication) !== publicationHash(publication)) {
      await engine.publish(publication);
    }
    return engine;
  }

  get phase(): Phase { return this.#phase; }
  get state(): EngineState { return this.#pipeline.state; }
  get inFlight(): number { return this.#pipeline.inFlight; }

  async decide(call: DecideCall): Promise<DecideAnswer> {
    return this.#phase === 'closed' ? draining() : this.#pipeline.decide(call);
  }

  async record(call: DecideCall): Promise<RecordAnswer> {
    return this.#phase === 'closed' ? draining() : this.#pipeline.record(call);
  }

  simulate(call: DecideCall): DecideAnswer {
    if (this.#phase !== 'ready') return refused('log_unavailable', 'not ready to judge');
    return this.#pipeline.simulate(call);
  }

  measurements(): Measurements {
    const { store } = this.state;
    return {
      stages: this.#pipeline.stages, windowStore: store.size, logPosition: this.#parts.log.durable.position,
    };
  }

  /** The decision with this id, if it is durable and the tenant's. */
  async findDecision(tenant: string, id: string): Promise<Decision | undefined> {
    const position = positionOfDecision(id);
    if (position === undefined || position > this.#parts.log.durable.position) return undefined;
    const record = await this.#parts.log.get(position);
    const theirs = record?.kind === 'decision' && splitKey(record.key).tenant === tenant;
    return theirs ? readDecision(record) : undefined;
  }

  async findByTransaction(tenant: string, transactionId: string): Promise<Decision | undefined> {
    const record = await this.#parts.log.find(recordKey(tenant, 'tx', transactionId));
    return record === undefined || record.position > this.#parts.log.durable.position
      ? undefined : readDecision(record);
  }

  /** Makes it live from the next position on; everything before it was decided by what was live then. */
  async publish(publication: Publication): Promise<void> {
    const { log, clock } = this.#parts;
    const { state } = this.#pipeline;
    // Compiled against the store first: what does not compile throws here, and changes nothing.
    LivePolicies.of(publication, state.schema, state.store, log.nextPosition);
    const record = publicationRecord(publication, log.nextPosition, clock.now());
    const durable = this.#pipeline.append(record);
    state.publish(publication, record.position);
    await durable;
  }

  /** Waits for what is in flight, writes a snapshot and closes. New calls are refused as draining. */
  async close(): Promise<void> {
    if (this.#phase === 'closed') return;
    this.#enter('draining', 'asked to stop');
    await this.#healing;
    await this.#pipeline.settled();
    this.#enter('closed', 'drained');
    if (this.#pipeline.sound) await this.#saveSnapshot();
    await this.#parts.log.close();
  }

  async #saveSnapshot(): Promise<void> {
    const { state } = this.#pipeline;
    await this.#parts.snapshots.save(state.schema.name, {
      position: state.position, publication: state.live?.position ?? 0, windows: state.store.saveState(),
    });
  }

  #pipelineOf(state: EngineState): Pipeline {
    const { log, clock } = this.#parts;
    return new Pipeline({ log, clock, state, onFailure: (error) => { this.#healing = this.#heal(error); } });
  }

  /** A write failed, so the state is ahead of the log. Once the log takes appends again, it is made anew. */
  async #heal(error: Error): Promise<void> {
    this.#enter('healing', error.message);
    while (!(await this.#parts.log.recover())) await this.#parts.clock.sleep(HEAL_PAUSE_MS);
    this.#pipeline = this.#pipelineOf(await makeState(this.#parts));
    this.#enter('ready', 'the log can be written again');
  }

  #enter(phase: Phase, because: string): void {
    if (this.#phase === 'draining' && phase !== 'closed') return;
    this.#phase = phase;
    this.#parts.tell?.({ kind: 'phase', phase, because });
  }
}

const draining = () => refused('draining', 'this node is stopping; send it to another, or again');
