/**
 * One pass over the past: every event counts in one window store, and every payment of the period is judged
 * by each candidate at the moment, and over the windows, that it had when it arrived.
 */
import { applyTolerance, type TimeTolerance } from '#domain/apply-tolerance.ts';
import { T_SLOT, type ParsedEvent } from '#domain/event.ts';
import type { EventSchema } from '#domain/field.ts';
import { formatInstant } from '#domain/instant.ts';
import { LIMITS } from '#domain/limits.ts';
import { formatMoney } from '#domain/money.ts';
import { rateConverter } from '#domain/rates.ts';
import { isRefusal, parseEventCall, parseTransactionCall, type ParsedFact } from '#domain/parse-event.ts';
import type { Refusal } from '#domain/refusal.ts';
import { isAmendment, NOTHING_AMENDED, readAmendment } from '#decisioning/publication.ts';
import { requestBytes, splitKey } from '#decisioning/record.ts';
import { EngineState } from '#decisioning/state.ts';
import type { LogRecord } from '#ports/decision-log.ts';
import type { PersistentWindowStore } from '#ports/window-store.ts';
import { Accounts, type SavedAccounts } from './accounts.ts';
import { bindPublication } from './bind-publication.ts';
import { loadCheckpoint, removeCheckpoint, saveCheckpoint } from './checkpoint.ts';
import type { Example, ExampleSide } from './example-draw.ts';
import { HistoryRefused, type History } from './history.ts';
import { idKey } from './id-key.ts';
import { orderHash, type BacktestOrder } from './order.ts';
import { recordedDecision, type RecordedDecision } from './recorded-verdict.ts';
import { openSides, windowReachOf, type Side } from './sides.ts';
import { policyReadsMarks } from './contender.ts';
import { VerdictBook } from './verdict.ts';

export interface BacktestParts {
  readonly history: History;
  readonly schema: EventSchema;
  readonly newWindowStore: () => PersistentWindowStore;
  /** Called often; cheap. `last` is of the history. */
  readonly progress?: (position: number, last: number) => void;
  /** Asked often; a run that was cancelled leaves its checkpoint. */
  readonly cancelled?: () => boolean;
  readonly checkpoint?: { readonly file: string; readonly everyMs: number; readonly everyRecords?: number };
}

export interface BacktestEnd {
  readonly status: 'done' | 'cancelled';
  readonly run: BacktestRun;
}

/** Events have no policy of their own; as the engine takes them. */
const EVENT_TOLERANCE: TimeTolerance = {
  aheadMs: LIMITS.occurredAheadMsMax, behindMs: LIMITS.occurredBehindMsMax, outside: 'clamp',
};
/** Every so many payments are timed. */
const TIMED_EVERY = 32;
const SAFETY_MS = LIMITS.occurredBehindMsMax;

export class BacktestRun {
  readonly order: BacktestOrder;
  readonly sides: readonly Side[];
  readonly accounts: Accounts;
  /** How far back the windows of the policies reach at most, ms. */
  readonly reachMs: number;
  /** Marks may be older than any window, and what followed the log did so from its beginning. */
  readonly #readsAll: boolean;
  readonly currency: string;
  readonly #parts: BacktestParts;
  readonly #state: EngineState;
  readonly #numbers: number[];
  readonly #convert: ReturnType<typeof rateConverter>;
  readonly #eventIds = new Set<number>();
  readonly #slots: Slots;
  #readFromStart = false;
  /** Position to read next; 0 before the first look. */
  #next = 0;

  constructor(order: BacktestOrder, parts: BacktestParts) {
    const { schema, newWindowStore, history } = parts;
    if (order.baseline === 'recorded' && !history.recorded) {
      throw new HistoryRefused(`${history.title} has no decisions in it: name a policy as the baseline`);
    }
    this.order = order;
    this.#parts = parts;
    this.#state = new EngineState(schema, newWindowStore());
    this.sides = openSides(order, this.#state, newWindowStore);
    const books = this.sides.map(({ judge }) => judge.book);
    this.accounts = new Accounts(order.baseline === 'recorded' ? [new VerdictBook(), ...books] : books);
    const policies = this.sides.flatMap(({ judge }) => judge.policies);
    this.reachMs = windowReachOf(policies, this.#state.store.retentionMs);
    this.#readsAll = this.#follows || policies.some(policyReadsMarks);
    this.currency = policies.find(({ currency }) => currency !== undefined)?.currency ?? 'EUR';
    this.#convert = rateConverter(ratesOf(this.sides, schema));
    this.#numbers = this.accounts.books.map(() => 0);
    this.#slots = slotsOf(schema);
    this.#registerTiles();
  }

  /** Did it see all of the past? */
  get readFromStart(): boolean { return this.#readFromStart; }

  get #follows(): boolean { return this.sides.some(({ contender }) => contender === undefined); }

  async run(): Promise<BacktestEnd> {
    const { history, progress, cancelled, checkpoint } = this.#parts;
    await this.#resume();
    if (this.#next === 0) await this.#begin();
    await this.#standAt(this.#next);
    let savedAtMs = performance.now();
    for await (const record of history.read(this.#next)) {
      if (record.receivedAtMs >= this.order.untilMs && !this.#tells(record)) continue;
      this.accounts.seen(record);
      this.#take(record);
      this.#next = record.position + 1;
      progress?.(record.position, history.last);
      const stop = cancelled?.() === true;
      if (checkpoint === undefined) {
        if (stop) return { status: 'cancelled', run: this };
        continue;
      }
      const due = (record.position & 1_023) === 0 && performance.now() - savedAtMs > checkpoint.everyMs;
      if (stop || due || record.position % (checkpoint.everyRecords ?? Infinity) === 0) {
        await this.#save(checkpoint.file);
        savedAtMs = performance.now();
      }
      if (stop) return { status: 'cancelled', run: this };
    }
    this.#refuseNothing();
    for (const { transactionId, label, knownAtMs } of this.order.labels) {
      for (const tenant of this.#tenants) this.accounts.labels.set(tenant, transactionId, label, knownAtMs);
    }
    if (checkpoint !== undefined) await removeCheckpoint(checkpoint.file);
    return { status: 'done', run: this };
  }

  readonly #tenants = new Set<string>();

  /** Labels that come after the period say what proved true of it. */
  #tells({ kind }: LogRecord): boolean { return kind === 'event'; }

  #refuseNothing(): void {
    const { counts } = this.accounts;
    if (counts.payments > 0) return;
    const { title } = this.#parts.history;
    if (counts.records === 0) throw new HistoryRefused(`${title} is empty: there is nothing to judge`);
    throw new HistoryRefused(`${title} has no payment in the period: it reaches from `
      + `${formatInstant(counts.historyFromMs ?? 0)} to ${formatInstant(counts.historyUntilMs ?? 0)}`);
  }

  async #begin(): Promise<void> {
    const { history } = this.#parts;
    const fromMs = this.#readsAll ? -Infinity : this.order.fromMs - this.reachMs - SAFETY_MS;
    this.#next = await history.startAt(fromMs);
    this.#readFromStart = this.#next === 1;
  }

  async #standAt(position: number): Promise<void> {
    const found = await this.#parts.history.inForceBefore(position);
    if (found === undefined) return;
    const { publication, base, amendment } = found;
    for (const { contender } of this.sides) contender?.amend(amendment ?? NOTHING_AMENDED);
    if (!this.#follows) return;
    if (amendment === undefined) this.#state.publish(publication, base);
    else this.#state.enactAmended(publication, amendment, found.position);
    this.#registerTiles();
  }

  async #resume(): Promise<void> {
    const { checkpoint } = this.#parts;
    const found = checkpoint && await loadCheckpoint(checkpoint.file, this.#hash);
    if (found === undefined) return;
    const { next, readFromStart, accounts, events, tenants } = found.state as SavedRun;
    this.#readFromStart = readFromStart;
    const [windows = [], ...marks] = found.stores;
    this.#state.store.loadState(windows);
    this.sides.forEach(({ contender }, i) => { contender?.marks.load(marks[i] ?? []); });
    this.accounts.load(accounts);
    for (const id of events) this.#eventIds.add(id);
    for (const tenant of tenants) this.#tenants.add(tenant);
    this.#next = next;
  }

  async #save(file: string): Promise<void> {
    const state: SavedRun = {
      next: this.#next, readFromStart: this.#readFromStart, accounts: this.accounts.save(),
        events: [...this.#eventIds], tenants: [...this.#tenants],
    };
    const stores = [this.#state.store.saveState(),
      ...this.sides.map(({ contender }) => contender?.marks.save() ?? [])];
    await saveCheckpoint(file, { order: this.#hash, state, stores });
  }

  get #hash(): string { return orderHash(this.order, this.#parts.history.title); }

  #registerTiles(): void {
    this.#state.store.registerTiles(this.sides.flatMap(({ judge }) => judge.tilePlans));
  }

  #take(record: LogRecord): void {
    const { tenant, family } = splitKey(record.key);
    if (family === 'tx') this.#payment(record, tenant);
    else if (family === 'event') this.#event(record, tenant);
    else if (record.kind === 'publication') this.#publication(record);
  }

  /** INVARIANT: a publication ends what amended the one before; what is kept of it stands directly behind. */
  #publication(record: LogRecord): void {
    this.accounts.counts.publications += 1;
    if (this.#follows) this.#state.apply(record);
    const amended = isAmendment(record) ? readAmendment(record) : NOTHING_AMENDED;
    for (const { contender } of this.sides) contender?.amend(amended);
    this.#registerTiles();
  }

  #event(record: LogRecord, tenant: string): void {
    const parsed = parseEventCall(requestBytes(record), this.#parts.schema, record.receivedAtMs, tenant);
    if (isRefusal(parsed)) throw this.#unreadable(record, parsed);
    const key = idKey(tenant, parsed.event.id);
    if (!this.#parts.history.recorded) {
      if (this.#eventIds.has(key)) {
        this.accounts.counts.resent += 1;
        return;
      }
      this.#eventIds.add(key);
    }
    this.accounts.counts.events += 1;
    this.#state.take(parsed, record.position);
    const { type } = parsed.event;
    if (type === 'label') {
      const { transactionId = '', knownAtMs, request } = parsed;
      this.accounts.labels.set(tenant, transactionId, request.label ?? '', knownAtMs);
    } else if (type === 'fact') this.#fact(parsed, tenant);
  }

  #fact({ event, fact }: ParsedFact, tenant: string): void {
    const timed = applyTolerance(event, EVENT_TOLERANCE);
    if (fact === undefined || isRefusal(timed)) return;
    const { name, value, untilMs, field, entity } = fact;
    const mark = { name, value, fromMs: timed.event.numbers[T_SLOT] ?? 0, untilMs };
    for (const { contender } of this.sides) contender?.marks.mark(tenant, field.path, entity, mark);
  }

  #payment(record: LogRecord, tenant: string): void {
    const { schema, history } = this.#parts;
    const { counts } = this.accounts;
    const { receivedAtMs, position } = record;
    const parsed = parseTransactionCall(requestBytes(record), schema, receivedAtMs, tenant);
    if (isRefusal(parsed)) throw this.#unreadable(record, parsed);
    const { store } = this.#state;
    if (!history.recorded && store.rowOf(tenant, parsed.event.id) >= 0) {
      counts.resent += 1;
      return;
    }
    this.#tenants.add(tenant);
    const timed = applyTolerance(parsed.event, this.#toleranceOf(parsed.event));
    if (isRefusal(timed)) {
      counts.refused += 1;
      return;
    }
    const { event } = timed;
    event.position = position;
    const row = store.append(event);
    if (receivedAtMs < this.order.fromMs) {
      counts.warmUpPayments += 1;
      for (const { judge } of this.sides) if (judge.setsMarks) judge.judge(event, row);
      return;
    }
    this.#judge(record, event, row);
  }

  #toleranceOf(event: ParsedEvent): TimeTolerance {
    for (const { judge } of this.sides) {
      const time = judge.policyFor(event)?.time;
      if (time !== undefined) return time;
    }
    return EVENT_TOLERANCE;
  }

  #judge(record: LogRecord, event: ParsedEvent, row: number): void {
    const { accounts } = this;
    const numbers = this.#numbers;
    accounts.judged(record.receivedAtMs);
    const recorded = this.order.baseline === 'recorded'
      ? recordedDecision(record, accounts.books[0] ?? new VerdictBook()) : undefined;
    const first = recorded === undefined ? 0 : 1;
    if (recorded !== undefined) numbers[0] = recorded.number;
    const timed = accounts.counts.payments % TIMED_EVERY === 0;
    for (let i = 0; i < this.sides.length; i++) {
      const startedAt = timed ? performance.now() : 0;
      numbers[first + i] = this.sides[i]!.judge.judge(event, row);
      const account = accounts.timed[first + i];
      if (!timed || account === undefined) continue;
      account.micros += 1_000 * (performance.now() - startedAt);
      account.payments += 1;
    }
    this.#account(event, recorded);
  }

  #account(event: ParsedEvent, recorded: RecordedDecision | undefined): void {
    const { accounts } = this;
    const numbers = this.#numbers;
    const { receivedAtMs, texts } = event;
    const key = idKey(event.tenant, event.id);
    const { currency, amount, customers, channel } = this.#slots;
    const minor = this.#convert(event.numbers[amount] ?? Number.NaN, texts[currency], this.currency,
      event.numbers[T_SLOT] ?? 0);
    if (Number.isNaN(minor)) accounts.unconverted += 1;
    const customer = customers.map((slot) => texts[slot]).find((text) => text !== undefined);
    const customerKey = customer === undefined ? 0 : idKey(event.tenant, customer);
    accounts.ledger.add({ id: key, amount: minor, customer: customerKey }, numbers);
    const segment = texts[channel] ?? '';
    const before = numbers[0] ?? 0;
    for (let side = 0; side < numbers.length; side++) {
      const number = numbers[side]!;
      const alert = accounts.verdict(side, number).outcome !== 'approve';
      accounts.traffic[side]?.add(receivedAtMs, segment, number, alert);
      if (side === 0) continue;
      accounts.comparisons[side - 1]?.add(before, number,
        () => [accounts.verdict(0, before), accounts.verdict(side, number)], key,
        () => this.#example(event, side, recorded));
    }
  }

  #example(event: ParsedEvent, side: number, recorded: RecordedDecision | undefined): Example {
    const minor = event.numbers[this.#slots.amount] ?? Number.NaN;
    const currency = event.texts[this.#slots.currency];
    const first = recorded === undefined ? 0 : 1;
    const sideOf = (at: number): ExampleSide => {
      const reasons = at === 0 && recorded !== undefined
        ? recorded.reasons : this.sides[at - first]?.judge.explain() ?? [];
      return {
        outcome: this.accounts.verdict(at, this.#numbers[at] ?? 0).outcome,
        reasons: reasons.map(({ rule, effect, text }) => ({ rule, effect, text })),
      };
    };
    return {
      transaction_id: event.id, occurred_at: formatInstant(event.numbers[T_SLOT] ?? 0),
      amount: currency === undefined || Number.isNaN(minor) ? null : formatMoney(minor, currency),
      baseline: sideOf(0), candidate: sideOf(side),
    };
  }

  #unreadable(record: LogRecord, refusal: Refusal): HistoryRefused {
    const { detail, errors } = refusal;
    const place = errors.map(({ pointer, detail: what }) => `${pointer} ${what}`).join('; ');
    return new HistoryRefused(
      `${this.#parts.history.title}, ${this.#parts.history.recorded ? 'position' : 'call'} `
        + `${record.position}: `
      + `${detail}${place === '' ? '' : ` (${place})`}`);
  }
}

interface SavedRun {
  readonly next: number;
  readonly readFromStart: boolean;
  readonly accounts: SavedAccounts;
  readonly events: readonly number[];
  readonly tenants: readonly string[];
}

interface Slots {
  readonly amount: number;
  readonly currency: number;
  readonly channel: number;
  /** Who is hurt, the surest name first. */
  readonly customers: readonly number[];
}

function slotsOf(schema: EventSchema): Slots {
  const text = (path: string): number => schema.byPath.get(path)?.textSlot ?? -1;
  return {
    amount: schema.byPath.get('amount')?.numberSlot ?? -1, currency: text('amount'), channel: text('channel'),
    customers: ['debtor.customer_id', 'debtor.account_id', 'card.id'].map(text),
  };
}

/** Rates of the first candidate that names a publication: the report's money is counted by them. */
function ratesOf(sides: readonly Side[], schema: EventSchema) {
  for (const { candidate } of sides) {
    if (candidate.publication !== 'as_recorded') return bindPublication(candidate.publication, schema).rates;
  }
  return { version: 'none', base: 'EUR', rates: new Map() };
}
