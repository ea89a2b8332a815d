/** The real engine on a disk in memory that loses power, fills up and fails. */
import { openDecisionLog } from '#adapters/log-files/decision-log-open.ts';
import { verifyLog } from '#adapters/log-files/decision-log-verify.ts';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { MemoryDisk } from '#adapters/memory/memory-disk.ts';
import {
  isAmendment, readAmendment, type Amended, type Publication,
} from '#decisioning/publication.ts';
import { readVersions } from '#decisioning/record.ts';
import { replay } from '#decisioning/replay.ts';
import type { Disk } from '#ports/disk.ts';
import { eventSchema } from '#domain/field.ts';
import { logFolder, openEmbedded, snapshotFolder } from '#main/open-embedded.ts';
import { writeSnapshotOf } from '#main/write-snapshot.ts';
import { NO_MEASURES, TRUSTED_MERCHANTS } from './naive-policy.ts';
import type { Edition, Held, Measures } from './naive-policy.ts';
import { seedCrypto } from './seeded-crypto.ts';
import type { SeededRandom } from './seeded-random.ts';
import { SlowDisk } from './slow-disk.ts';
import type { Machine, Subject } from './subject.ts';
import type { VirtualTime } from './virtual-time.ts';

const FOLDER = 'data';
/** Small, so that a run has many. */
const SEGMENT_BYTES_MAX = 100_000;
const FROM = '2020-01-01';
const schema = eventSchema();

const publicationOf = (source: string): Publication => ({
  format: 1,
  policies: [{ file: 'audit.policy.yaml', source }],
  lists: [{ name: 'trusted', entries: TRUSTED_MERCHANTS.map((value) => ({ value })) }],
  rates: {
    version: 'simulation',
    base: 'EUR',
    rates: { USD: [{ from: FROM, rate: '1.25' }], JPY: [{ from: FROM, rate: '160' }] },
  },
  custom: [],
});

const amendedBy = ({ held, snoozes, trial }: Measures): Amended => ({
  modes: held.map(({ rule, kind, since = '2026-01-01T00:00:00Z', because = 'the seed' }) => ({
    policy: 'audit', rule, segment: kind && { field: 'kind', value: kind }, mode: 'shadow', since, because,
  })),
  snoozes: snoozes.map(({ rule, card, fromMs, untilMs }, i) => ({
    id: `sn_${i}`, policy: 'audit', rule, field: 'card.id', value: card, by: 'sim', reason: 'the seed',
    from: new Date(fromMs).toISOString(), until: new Date(untilMs).toISOString(),
  })),
  challengers: trial === undefined ? [] : [{
    file: 'trial.policy.yaml', source: trial.edition.source, share: trial.share, salt: trial.salt,
    by: 'card.id',
  }],
});

/** What the brake has made of these measures. */
function brakedBy(measures: Measures, { modes, challengers }: Amended): Measures {
  const added = modes.slice(measures.held.length).map(({ rule, segment, since, because }): Held => ({
    rule, since, because,
    kind: segment === undefined ? undefined : segment.value === 'card' ? 'card' : 'transfer',
  }));
  const { trial } = measures;
  const share = challengers[0]?.share ?? 0;
  if (added.length === 0 && (trial === undefined || trial.share === share)) return measures;
  return {
    ...measures, held: [...measures.held, ...added], trial: trial && { ...trial, share },
  };
}

/** Ways to make the engine break a promise, for the auditor's trial. */
export interface Tampering {
  readonly disk?: (disk: Disk) => Disk;
  readonly policy?: (source: string) => string;
  readonly subject?: (subject: Subject) => Subject;
}

export class EngineMachine implements Machine {
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  readonly #disk: MemoryDisk;
  readonly #tampering: Tampering;
  #life = { isOver: false };
  #isFull = false;
  hasFault = false;

  constructor(parts: { time: VirtualTime; random: SeededRandom; tampering?: Tampering }) {
    const { time, random, tampering = {} } = parts;
    this.#tampering = tampering;
    this.#time = time;
    this.#random = random;
    seedCrypto(random);
    this.#disk = new MemoryDisk(() => random.fraction());
    this.#disk.writeShort();
  }

  async open(edition: Edition): Promise<Subject> {
    const life = this.#life;
    try {
      const subject = await this.#start(edition, life);
      return this.#tampering.subject?.(subject) ?? subject;
    } catch (error) {
      if (!life.isOver) this.#end('exit');
      throw error;
    }
  }

  async #start(edition: Edition, life: { isOver: boolean }): Promise<Subject> {
    const { disk: exchange, policy: rewrite } = this.#tampering;
    const booted = this.#disk.boot();
    const inner = exchange?.(booted) ?? booted;
    const disk = new SlowDisk({ inner, time: this.#time, random: this.#random, life });
    const source = rewrite?.(edition.source) ?? edition.source;
    const engine = await openEmbedded({
      disk,
      folder: FOLDER,
      clock: this.#time.clockOf(life),
      publication: publicationOf(source),
      commitGapMs: 0,
      segmentBytesMax: SEGMENT_BYTES_MAX,
    });
    let snapshot: Promise<unknown> = Promise.resolve();
    return {
      decide: (call) => engine.decide(call),
      record: (call) => engine.record(call),
      publish: (next) => engine.publish(publicationOf(rewrite?.(next.source) ?? next.source)),
      amend: (measures) => engine.amend({ ...amendedBy(measures), person: 'sim', because: 'the seed' }),
      isInForce: (wanted, measures) => {
        const { publication, amendment } = engine.inForce();
        const { modes, snoozes, challengers } = amendment ?? amendedBy(NO_MEASURES);
        const isLive = publication.policies[0]?.source === (rewrite?.(wanted.source) ?? wanted.source);
        const amended = JSON.stringify({ modes, snoozes, challengers });
        return isLive && amended === JSON.stringify(amendedBy(measures));
      },
      look: () => engine.look(),
      braked: (measures) => (engine.phase === 'ready'
        ? brakedBy(measures, engine.inForce().amendment ?? amendedBy(NO_MEASURES)) : undefined),
      snapshot: () => {
        const until = engine.measurements().logPosition;
        // One at a time, beside the engine, as the server does it.
        snapshot = snapshot.then(() => writeSnapshotOf(disk, { folder: FOLDER, until, custom: [] }));
        return snapshot;
      },
      close: async () => {
        await snapshot.catch(() => undefined);
        await engine.close().finally(() => this.#end('exit'));
      },
    };
  }

  crash(): void {
    this.#end(this.#random.chance(0.5) ? 'exit' : 'power');
    this.hasFault = this.#isFull;
  }

  /** The end of the process keeps what it has written; the loss of power only what was made durable. */
  #end(how: 'exit' | 'power'): void {
    this.#life.isOver = true;
    this.#life = { isOver: false };
    if (how === 'exit') this.#disk.kill();
    else this.#disk.crash();
  }

  fillDisk(forMs: number): void {
    if (this.#isFull) return;
    this.#isFull = true;
    this.hasFault = true;
    this.#disk.capacityBytes = this.#disk.usedBytes + this.#random.between(0, 2_000);
    this.#time.after(forMs, () => {
      this.#isFull = false;
      this.#disk.capacityBytes = Number.POSITIVE_INFINITY;
    });
  }

  failDisk(what: 'write' | 'fdatasync'): void {
    this.hasFault = true;
    this.#disk.failNext(what, 'io', this.#random.between(1, 3));
  }

  async dropSnapshots(): Promise<void> {
    const disk = this.#disk.boot();
    const folder = snapshotFolder(FOLDER);
    for (const name of await disk.list(folder)) await disk.remove(`${folder}/${name}`);
  }

  heal(): void {
    this.#disk.heal();
    this.hasFault = false;
  }

  async brakings(): Promise<readonly number[]> {
    const { log } = await openDecisionLog(this.#disk.boot(), { folder: logFolder(FOLDER), commitGapMs: 0 });
    const found: number[] = [];
    for await (const record of log.read(1)) {
      if (!isAmendment(record)) continue;
      const { person, because } = readAmendment(record);
      if (person === 'assay' && / payments in a minute/.test(because)) found.push(record.position);
    }
    await log.close();
    return found;
  }

  async replay(): Promise<readonly string[]> {
    const { damage } = await verifyLog(this.#disk.boot(), logFolder(FOLDER));
    if (damage !== undefined) return [damage.message];
    const { log } = await openDecisionLog(this.#disk.boot(), { folder: logFolder(FOLDER), commitGapMs: 0 });
    const { examples } = await replay(log.read(1), schema, () => new LocalWindowStore(schema));
    const problems = examples.map((one) => JSON.stringify(one));
    let inForce = 0;
    for await (const record of log.read(1)) {
      if (record.kind === 'publication') inForce = record.position;
      const named = record.kind === 'decision' ? readVersions(record).publication : inForce;
      if (named !== inForce) problems.push(`${record.position} names ${named}, in force is ${inForce}`);
    }
    await log.close();
    return problems;
  }
}
