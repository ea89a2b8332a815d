/** The life cycle as its callers see it: every command by name, over one set of parts. */
import { isRefusal } from '#domain/parse-event.ts';
import type { Refusal } from '#domain/refusal.ts';
import type {
  AuditEntry, BacktestRunRecord, BacktestRunSummary, Json, ListChangeSummary, Page, PublicationRecord,
  SnoozeRecord, VersionRecord,
} from '#ports/records.ts';
import type { RuleModeOverride } from '#decisioning/publication.ts';
import type { ListEntry } from '#policy/lists.ts';
import { backtestReport, backtestRun, startBacktest, steerBacktest } from './backtests.ts';
import { brakesOf, releaseBrake, type ReleaseOrder } from './brakes.ts';
import { catchUp } from './catch-up.ts';
import { expiryOf, type Expiry } from './expiry.ts';
import { GoingLive, type WentLive } from './going-live.ts';
import {
  approveListChange, listChangeStatus, proposeListChange, publishListChange, withdrawListChange,
  type ListChangeOrder, type ListChangeStatus,
} from './list-changes.ts';
import type { Actor, LifecycleParts, ListUpload } from './parts.ts';
import { publishVersion, rollBack, startShadow, stopShadow, type PublishOrder,
  type ShadowOrder } from './publish.ts';
import {
  backtestsOf, entriesBy, entriesLive, listChangesOf, snoozesOf, versionsOf, type EntryBy, type PageOf,
} from './questions.ts';
import { retirementOf, retirePolicy, type Retirement, type RetireOrder } from './retire.ts';
import { refuse } from './refuse.ts';
import {
  approveSnooze, endSnooze, proposeSnooze, publishSnooze, snoozeStatus, type SnoozeOrder, type SnoozeStatus,
} from './snoozes.ts';
import { approve, statusOf, submit, withdraw, type Submission,
  type VersionStatus } from './versions.ts';
import { rememberedNames } from './remembered-names.ts';
import { rememberedChecks } from './version-facts.ts';

/** An answer, or why not. */
export type Told<Answer> = Promise<Answer | Refusal>;

export class Lifecycle {
  readonly parts: LifecycleParts;
  readonly #going: GoingLive;
  #isCaughtUp = false;

  constructor(parts: Omit<LifecycleParts, 'soundChanges'>) {
    this.parts = { ...parts, check: rememberedChecks(parts.check), soundChanges: rememberedNames() };
    this.#going = new GoingLive(this.parts);
  }

  /** After a start: the records learn what the log says. Throws RecordsUnavailable. */
  async catchUp(): Promise<void> {
    await catchUp(this.parts, this.#going);
    this.#isCaughtUp = true;
  }
  /** Why nobody acts yet: the audit begins with what is live, and not with who wants to change it. */
  get waits(): Refusal | undefined {
    return this.#isCaughtUp ? undefined : refuse('starting',
      'the records are learning what is live; decisions go on, and acts are taken in a moment');
  }

  /** Something is in force by another hand than a person's: written down now, if the records are there. */
  braked(): void {
    // What waits is written with the next change at the latest.
    this.#going.serially(undefined, () => Promise.resolve({})).catch(() => undefined);
  }

  submit(actor: Actor, order: Submission): Told<VersionStatus> { return submit(this.parts, actor, order); }
  versions(policy: string, after: number | undefined): Told<PageOf<VersionRecord>> {
    return versionsOf(this.parts, policy, after);
  }
  status(hash: string): Told<VersionStatus> { return statusOf(this.parts, hash); }
  approve(actor: Actor, hash: string, role: string): Told<VersionStatus> {
    return approve(this.parts, actor, hash, role);
  }
  withdraw(actor: Actor, hash: string, because: string): Told<VersionStatus> {
    return withdraw(this.parts, this.#going, actor, hash, because);
  }
  publish(actor: Actor, hash: string, order: PublishOrder): Told<WentLive> {
    return publishVersion(this.parts, this.#going, actor, hash, order);
  }
  /** Asked for by one, approved by others; with the last approval it is done. */
  retire(actor: Actor, policy: string, order: RetireOrder): Told<Retirement> {
    return retirePolicy(this.parts, this.#going, actor, policy, order);
  }
  retirement(policy: string): Told<Retirement> { return retirementOf(this.parts, policy); }
  rollBack(actor: Actor, position: number, order: PublishOrder): Told<WentLive> {
    return rollBack(this.parts, this.#going, actor, position, order);
  }
  startShadow(actor: Actor, hash: string, order: ShadowOrder): Told<WentLive> {
    return startShadow(this.parts, this.#going, actor, hash, order);
  }
  stopShadow(actor: Actor, hash: string, because: string): Told<WentLive> {
    return stopShadow(this.parts, this.#going, actor, hash, because);
  }
  /** Challengers held against the champion, as far as they have been compared. */
  async shadowReport(): Told<object> {
    return await this.parts.shadow?.() ?? refuse(
      'not_found', 'nobody challenges what is live, or the comparison has not begun');
  }
  publications(page: Page): Promise<readonly PublicationRecord[]> {
    return this.parts.records.publications(page); }

  startBacktest(actor: Actor, hash: string, options: { readonly [key: string]: Json }): Told<{
    readonly id: string }> {
    return startBacktest(this.parts, actor, hash, options);
  }
  backtests(hash: string, after: number | undefined): Told<PageOf<BacktestRunSummary>> {
    return backtestsOf(this.parts, hash, after);
  }
  backtest(id: string): Told<BacktestRunRecord> { return backtestRun(this.parts, id); }
  steerBacktest(actor: Actor, id: string, verb: 'cancel' | 'resume'): Told<BacktestRunRecord> {
    return steerBacktest(this.parts, actor, id, verb);
  }
  backtestReport(id: string, as: 'html' | 'text'): Told<{ readonly page: string }> {
    return backtestReport(this.parts, id, as);
  }

  proposeListChange(actor: Actor, order: ListChangeOrder): Told<ListChangeStatus> {
    return proposeListChange(this.parts, actor, order);
  }
  /** From a body as it came. */
  async uploadListChange(actor: Actor, upload: ListUpload): Told<ListChangeStatus> {
    const order = await this.parts.readList(upload);
    return isRefusal(order) ? order : this.proposeListChange(actor, order);
  }
  /** What is live of it. */
  list(name: string, after: number): PageOf<ListEntry> | Refusal {
    return entriesLive(this.parts, name, after);
  }
  /** The same with who put each there. */
  entries(list: string, value: string | undefined, after: number): Told<PageOf<EntryBy>> {
    return entriesBy(this.parts, list, value, after);
  }
  listChanges(list: string, after: number | undefined): Told<PageOf<ListChangeSummary>> {
    return listChangesOf(this.parts, list, after);
  }
  listChange(id: string): Told<ListChangeStatus> { return listChangeStatus(this.parts, id); }
  approveListChange(actor: Actor, id: string, role: string): Told<ListChangeStatus> {
    return approveListChange(this.parts, actor, id, role);
  }
  publishListChange(actor: Actor, id: string, order: PublishOrder): Told<WentLive> {
    return publishListChange(this.parts, this.#going, actor, id, order);
  }
  withdrawListChange(actor: Actor, id: string, because: string): Told<ListChangeStatus> {
    return withdrawListChange(this.parts, this.#going, actor, id, because);
  }

  proposeSnooze(actor: Actor, order: SnoozeOrder): Told<SnoozeStatus> {
    return proposeSnooze(this.parts, actor, order);
  }
  snoozes(policy: string | undefined, after: number | undefined): Told<PageOf<SnoozeRecord>> {
    return snoozesOf(this.parts, policy, after);
  }
  snooze(id: string): Told<SnoozeStatus> { return snoozeStatus(this.parts, id); }
  approveSnooze(actor: Actor, id: string, role: string): Told<SnoozeStatus> {
    return approveSnooze(this.parts, actor, id, role);
  }
  publishSnooze(actor: Actor, id: string, because: string): Told<WentLive> {
    return publishSnooze(this.parts, this.#going, actor, id, because);
  }
  endSnooze(actor: Actor, id: string, because: string): Told<WentLive> {
    return endSnooze(this.parts, this.#going, actor, id, because);
  }

  brakes(): readonly RuleModeOverride[] { return brakesOf(this.parts); }
  releaseBrake(actor: Actor, order: ReleaseOrder): Told<WentLive> {
    return releaseBrake(this.parts, this.#going, actor, order);
  }

  audit(fromSeq: number, limit: number): Promise<readonly AuditEntry[]> {
    return this.parts.records.audit(fromSeq, limit);
  }
  /** Live policies whose `effective.until` has passed. */
  overdue(): readonly Expiry[] {
    return expiryOf(this.parts.engine.inForce().policies, this.parts.now())
      .filter(({ isExpired }) => isExpired);
  }
}
