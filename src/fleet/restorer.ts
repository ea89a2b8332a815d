/**
 * Keeps the shared logs what the topic of decisions says. Every node runs one; the one with the lease works.
 *
 *   recovery   logs that lost entries, or may have, take no calls. The topic is read from the last offsets
 *              before which all is known to be in them (or from its start), and each record's entries are put
 *              where they stood; then the logs are whole, in a new epoch
 *   following  records that were kept without a place, or whose places are of an epoch before, get one; about
 *              once a second the offsets are noted in the logs
 *   orphans    what was placed and is in flight for too long, because its node died, is completed
 *
 * INVARIANT: what is before the noted offsets is in the logs. It is noted only after it was placed, in the
 * same logs; so if the last writes are lost, the note is lost with them or before them.
 */
import { randomUUID } from 'node:crypto';
import { messageOf } from '#domain/message-of.ts';
import type { EventSchema } from '#domain/field.ts';
import type { Clock } from '#ports/clock.ts';
import type { LogRecord } from '#ports/decision-log.ts';
import { pauseUntil } from '#ports/pause.ts';
import { TopicUnavailable, type Topic, type WrittenRecord } from '#ports/topic.ts';
import { WindowLogUnavailable } from '#ports/window-log.ts';
import type { LogHealth, RepairableLog } from '#ports/window-repair.ts';
import { LatePlacing } from './late-placing.ts';
import { Orphans, type Complete } from './orphans.ts';
import { Recovery } from './recovery.ts';
import { entriesOf, movedStandings, standingsOf, type Standings } from './record-entries.ts';
import type { Rescored } from './rescoring.ts';
import { logRecordOf, rescoredRecord, topicRecord } from './topic-record.ts';
import { EntryCodec } from './window-entry.ts';

export interface RestorerParts {
  readonly log: RepairableLog;
  readonly topic: Topic;
  readonly clock: Clock;
  readonly schema: EventSchema;
  /** Decides or records what a dead node left; false where that must be tried again. */
  readonly complete?: Complete;
  /** What a decision without windows would have been with them. */
  readonly rescore?: (record: LogRecord) => Promise<Rescored | undefined>;
  readonly bounds?: Partial<RestorerBounds>;
  /** Told of what is repaired; never of payments. */
  readonly tell?: (what: string) => void;
}

export interface RestorerBounds {
  /** How often the logs are looked at, ms. */
  readonly lookMs: number;
  readonly leaseMs: number;
  readonly noteMs: number;
  /** What has no place yet may wait so long for it, so that the topic is asked less often, ms. */
  readonly gatherMs: number;
  /** What was in flight to the topic when the logs were lost has so long to be in it, ms. */
  readonly settleMs: number;
  /** In flight for so long, its node is dead, ms. */
  readonly orphanMs: number;
}

const BOUNDS: RestorerBounds = {
  lookMs: 200, leaseMs: 2_000, noteMs: 1_000, gatherMs: 50, settleMs: 500, orphanMs: 30_000,
};

export class Restorer {
  readonly #parts: RestorerParts;
  readonly #bounds: RestorerBounds;
  readonly #codec: EntryCodec;
  readonly #late: LatePlacing;
  readonly #orphans: Orphans;
  readonly #holder = randomUUID();
  #epoch = 0;
  #reached: number[] = [];
  #noted = '';
  /** Not while something before `#reached` has no place yet. */
  #mayNote = false;
  #told = '';
  readonly counts = { recoveries: 0, restored: 0, placedLate: 0, moved: 0, orphans: 0 };

  constructor(parts: RestorerParts) {
    const { log, schema, clock, complete, bounds } = parts;
    this.#parts = parts;
    this.#bounds = { ...BOUNDS, ...bounds };
    this.#codec = new EntryCodec(schema);
    this.#late = new LatePlacing({ log, codec: this.#codec, schema });
    this.#orphans = new Orphans({ log, clock, complete, orphanMs: this.#bounds.orphanMs });
  }

  /** Resolves when the signal comes; whatever fails meanwhile is tried again. */
  async run(signal: AbortSignal): Promise<void> {
    const { log, clock } = this.#parts;
    while (!signal.aborted) {
      try {
        const health = await log.health();
        if (await log.lease(this.#holder, this.#bounds.leaseMs)) await this.#work(health, signal);
        this.#told = '';
      } catch (error) {
        this.#sayOnce(error);
      }
      await pauseUntil(clock, this.#bounds.lookMs, signal);
    }
    await log.lease(this.#holder, 0).catch(() => false);
  }

  /** While it has the lease. */
  async #work(health: LogHealth, signal: AbortSignal): Promise<void> {
    const ending = new AbortController();
    const either = AbortSignal.any([signal, ending.signal]);
    const ticking = this.#tick(health, either).finally(() => { ending.abort(); });
    ticking.catch(() => {});
    try {
      if (health.condition === 'lost') await this.#recover(either);
      else await this.#takeOver(health);
      if (!either.aborted) await this.#follow(either);
    } finally {
      ending.abort();
      await ticking;
    }
  }

  /** Ends where the lease is another's, or the logs are not any more what they were. */
  async #tick({ condition }: LogHealth, signal: AbortSignal): Promise<void> {
    const { log, clock } = this.#parts;
    let notedAt = clock.now();
    let isWhole = condition === 'whole';
    for (;;) {
      await pauseUntil(clock, this.#bounds.lookMs, signal);
      if (signal.aborted) return;
      if (!await log.lease(this.#holder, this.#bounds.leaseMs)) return;
      const now = await log.health();
      if (isWhole && (now.condition === 'lost' || now.epoch !== this.#epoch)) return;
      isWhole ||= now.condition === 'whole' && now.epoch === this.#epoch;
      if (!isWhole || clock.now() - notedAt < this.#bounds.noteMs) continue;
      notedAt = clock.now();
      await this.#note();
      this.counts.orphans += await this.#orphans.look();
    }
  }

  async #takeOver({ epoch }: LogHealth): Promise<void> {
    const { log, topic } = this.#parts;
    this.#epoch = epoch;
    const [noted, starts] = await Promise.all([log.checkpoint(), topic.starts()]);
    this.#reached = starts.map((start, partition) => Math.max(start, noted?.[partition] ?? start));
    this.#mayNote = true;
    this.#noted = '';
  }

  async #recover(signal: AbortSignal): Promise<void> {
    const { log, topic, clock, tell } = this.#parts;
    tell?.('window logs: not whole: they are made again from the topic');
    const [starts, ends] = await Promise.all([topic.starts(), topic.ends()]);
    const isNew = ends.every((end, partition) => end === starts[partition]);
    if (!isNew) await pauseUntil(clock, this.#bounds.settleMs, signal);
    const startedAt = clock.now();
    const recovery = new Recovery({ log, topic, schema: this.#parts.schema, codec: this.#codec });
    const { epoch, reached, records, late } = await recovery.run(signal);
    if (signal.aborted) return;
    this.#mayNote = false;
    this.#epoch = epoch;
    await log.begin(epoch);
    this.#reached = [...reached];
    this.counts.recoveries += 1;
    this.counts.restored += records;
    tell?.(`window logs: whole in epoch ${epoch}: ${records} records in ${clock.now() - startedAt} ms`);
    for (const record of late) await this.#place(record);
    this.#mayNote = true;
    this.#noted = '';
    await this.#note();
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const following = { gatherMs: () => this.#bounds.gatherMs };
    for await (const record of this.#parts.topic.follow(this.#reached, signal, following)) {
      if (signal.aborted) return;
      await this.#place(record);
      this.#reached[record.place.partition] = record.place.offset + 1;
    }
  }

  /** A place for what has none in this epoch. */
  async #place(written: WrittenRecord): Promise<void> {
    const { windows, entry, epoch } = written.headers;
    if (entry === undefined) return;
    if (windows !== undefined && Number(Buffer.from(epoch ?? []).toString()) >= this.#epoch) return;
    const standings = standingsOf(written);
    if (standings === undefined) return;
    if (standings.windows === undefined) await this.#placeLate(written, standings);
    else await this.#placeAgain(written, standings);
  }

  async #placeLate(written: WrittenRecord, standings: Standings): Promise<void> {
    const { record } = logRecordOf(written);
    const { windows, standing } = await this.#late.place(standings, record, this.#epoch);
    this.counts.placedLate += 1;
    const rescored = await this.#rescored(record);
    await this.#parts.topic.append(rescoredRecord(topicRecord(record, windows, standing), rescored));
  }

  /** What cannot be judged is placed all the same. */
  async #rescored(record: LogRecord): Promise<Rescored | undefined> {
    const { rescore, tell } = this.#parts;
    try {
      return await rescore?.(record);
    } catch (error) {
      if (error instanceof WindowLogUnavailable) throw error;
      tell?.(`window logs: a decision without windows was not made again with them: ${messageOf(error)}`);
      return undefined;
    }
  }

  /** Its places are of an epoch before: where they are not its own any more, it gets others. */
  async #placeAgain(written: WrittenRecord, standings: Standings): Promise<void> {
    const { log, schema, topic } = this.#parts;
    const entries = entriesOf(standings, this.#codec, schema);
    const restored = await log.restore(entries, 'whole');
    const seqs = restored.map(({ seq }) => seq);
    if (entries.every(({ seq }, i) => seqs[i] === seq)) return;
    this.counts.moved += 1;
    const moved = movedStandings(standings, entries, seqs, this.#epoch, this.#codec);
    await topic.append(topicRecord(logRecordOf(written).record, moved.windows, moved.standing));
  }

  async #note(): Promise<void> {
    const noted = JSON.stringify(this.#reached);
    if (noted === this.#noted || !this.#mayNote) return;
    await this.#parts.log.advance([...this.#reached]);
    this.#noted = noted;
  }

  #sayOnce(error: unknown): void {
    const isAway = error instanceof WindowLogUnavailable || error instanceof TopicUnavailable;
    const said = `window logs: ${isAway ? 'waits' : 'cannot go on'}: ${messageOf(error)}`;
    if (said !== this.#told) this.#parts.tell?.(said);
    this.#told = said;
  }
}
