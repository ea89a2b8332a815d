/**
 * The sides of a run on their shared windows, and what was counted of them: a record in, in order, and every
 * side has judged it.
 */
import { applyTolerance, type TimeTolerance } from '#domain/apply-tolerance.ts';
import { T_SLOT, type ParsedEvent } from '#domain/event.ts';
import type { EventSchema } from '#domain/field.ts';
import { formatInstant } from '#domain/instant.ts';
import { LIMITS } from '#domain/limits.ts';
import { formatMoney } from '#domain/money.ts';
import { isRefusal, parseEventCall, parseTransactionCall, type ParsedFact } from '#domain/parse-event.ts';
import { emptyRateTable, rateConverter, type RateTable } from '#domain/rates.ts';
import type { Refusal } from '#domain/refusal.ts';
import type { InForce } from '#decisioning/in-force.ts';
import { isAmendment, NOTHING_AMENDED, readAmendment } from '#decisioning/publication.ts';
import { readMarks, requestBytes, splitKey } from '#decisioning/record.ts';
import { EngineState } from '#decisioning/state.ts';
import { printExpression } from '#expression/print.ts';
import type { LogRecord } from '#ports/decision-log.ts';
import type { PersistentWindowStore } from '#ports/window-store.ts';
import { Accounts, type SavedAccounts } from './accounts.ts';
import type { Judge } from './contender.ts';
import type { Example, ExampleSide } from './example-draw.ts';
import { HistoryRefused, type History } from './history.ts';
import { idKey } from './id-key.ts';
import type { BacktestOrder, Candidate } from './order.ts';
import { recordedDecision, type RecordedDecision } from './recorded-verdict.ts';
import { openSides, type Side } from './sides.ts';
import { rulesReading } from './sweep.ts';
import { VerdictBook } from './verdict.ts';

export interface JudgingParts {
  readonly history: Pick<History, 'title' | 'recorded'>;
  readonly schema: EventSchema;
  readonly newWindowStore: () => PersistentWindowStore;
  /** `recorded`: candidates see the marks that were set, and set none; default: each its own. */
  readonly marks?: 'recorded';
  /** Told of each judged payment, with the number of the verdict of each side. */
  readonly observe?: (event: ParsedEvent, verdicts: readonly number[]) => void;
}

/** Events have no policy of their own; as the engine takes them. */
const EVENT_TOLERANCE: TimeTolerance = {
  aheadMs: LIMITS.occurredAheadMsMax, behindMs: LIMITS.occurredBehindMsMax, outside: 'clamp',
};
/** Every so many payments are timed. */
const TIMED_EVERY = 32;

export class Judging {
  readonly order: BacktestOrder;
  readonly sides: readonly Side[];
  readonly accounts: Accounts;
  /** Money is counted in this. */
  readonly currency: string;
  readonly tenants = new Set<string>();
  readonly #parts: JudgingParts;
  readonly #state: EngineState;
  /** The book of the first side: decisions that were recorded stand before them. */
  readonly #first: number;
  readonly #numbers: number[];
  readonly #convert: ReturnType<typeof rateConverter>;
  readonly #eventIds = new Set<number>();
  readonly #slots: Slots;

  constructor(order: BacktestOrder, parts: JudgingParts) {
    const { schema, newWindowStore, history } = parts;
    if (order.baseline === 'recorded' && !history.recorded) {
      throw new HistoryRefused(`${history.title} has no decisions in it: name a policy as the baseline`);
    }
    this.order = order;
    this.#parts = parts;
    this.#state = new EngineState(schema, newWindowStore());
    this.sides = openSides(order, this.#state, newWindowStore);
    const books = this.sides.map(({ judge }) => judge.book);
    this.#first = order.baseline === 'recorded' ? 1 : 0;
    this.accounts = new Accounts(this.#first === 1 ? [new VerdictBook(), ...books] : books);
    const policies = this.sides.flatMap(({ judge }) => judge.policies);
    this.currency = policies.find(({ currency }) => currency !== undefined)?.currency ?? 'EUR';
    this.#convert = rateConverter(ratesOf(this.sides));
    this.#numbers = this.accounts.books.map(() => 0);
    this.#slots = slotsOf(schema);
    this.#registerTiles();
  }

  /** `policy/rule` of the rules that read what a sweep varies. */
  get rulesVaried(): readonly string[] {
    const found = this.sides.flatMap(({ candidate, judge }) => judge.policies.flatMap((policy) =>
      (candidate.varies === undefined ? [] : rulesReading(policy, candidate.varies))));
    return [...new Set(found)];
  }

  /** A parameter as it is written in the first side that is no part of a sweep. */
  writtenParam({ policy, param: name }: NonNullable<Candidate['varies']>): string | undefined {
    const side = this.sides.find(({ candidate }) => candidate.varies === undefined);
    const found = side?.judge.policies.find((one) => one.name === policy)?.params
      .find((param) => param.name === name);
    return found?.value.kind === 'fixed' ? printExpression(found.value.value) : undefined;
  }

  amountOf({ numbers, texts }: ParsedEvent): string | null {
    const minor = numbers[this.#slots.amount] ?? Number.NaN;
    const currency = texts[this.#slots.currency];
    return currency === undefined || Number.isNaN(minor) ? null : formatMoney(minor, currency);
  }

  /** Texts of the reasons that these rules had on this side for the payment judged last. */
  reasonsOf(side: number, rules: readonly string[]): readonly string[] {
    const names = new Set(rules.map((rule) => rule.slice(rule.indexOf('/') + 1)));
    const reasons = this.#judgeOf(side)?.explain() ?? [];
    return reasons.filter(({ rule }) => names.has(rule)).map(({ text }) => text);
  }

  get retentionMs(): number { return this.#state.store.retentionMs; }

  /** Is a side whatever was live? Then it has to read the log from its first publication on. */
  get follows(): boolean { return this.sides.some(({ contender }) => contender === undefined); }

  /** What was in force where reading begins. */
  standAt({ publication, base, amendment, position }: InForce): void {
    for (const { contender } of this.sides) contender?.amend(amendment ?? NOTHING_AMENDED);
    if (!this.follows) return;
    if (amendment === undefined) this.#state.publish(publication, base);
    else this.#state.enactAmended(publication, amendment, position);
    this.#registerTiles();
  }

  save(): { readonly state: SavedJudging; readonly stores: readonly Iterable<Uint8Array>[] } {
    return {
      state: { accounts: this.accounts.save(), events: [...this.#eventIds], tenants: [...this.tenants] },
      stores: [this.#state.store.saveState(),
        ...this.sides.map(({ contender }) => contender?.marks.save() ?? [])],
    };
  }

  load({ accounts, events, tenants }: SavedJudging, stores: readonly (readonly Uint8Array[])[]): void {
    const [windows = [], ...marks] = stores;
    this.#state.store.loadState(windows);
    this.sides.forEach(({ contender }, i) => { contender?.marks.load(marks[i] ?? []); });
    this.accounts.load(accounts);
    for (const id of events) this.#eventIds.add(id);
    for (const tenant of tenants) this.tenants.add(tenant);
  }

  #registerTiles(): void {
    this.#state.store.registerTiles(this.sides.flatMap(({ judge }) => judge.tilePlans));
  }

  /** The next record, in order. */
  take(record: LogRecord): void {
    this.accounts.seen(record);
    const { tenant, family } = splitKey(record.key);
    if (family === 'tx') this.#payment(record, tenant);
    else if (family === 'event') this.#event(record, tenant);
    else if (record.kind === 'publication') this.#publication(record);
  }

  /** INVARIANT: a publication ends what amended the one before; what is kept of it stands directly behind. */
  #publication(record: LogRecord): void {
    this.accounts.counts.publications += 1;
    if (this.follows) this.#state.apply(record);
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
    this.tenants.add(tenant);
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
      if (this.#parts.marks !== 'recorded') {
        for (const { judge } of this.sides) if (judge.setsMarks) judge.judge(event, row);
      }
    } else this.#judge(record, event, row);
    if (this.#parts.marks !== 'recorded') return;
    const marks = readMarks(record);
    for (const { contender } of this.sides) contender?.marks.set(tenant, marks);
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
    const first = this.#first;
    const recorded = first === 1
      ? recordedDecision(record, accounts.books[0] ?? new VerdictBook()) : undefined;
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
    this.#parts.observe?.(event, numbers);
  }

  #account(event: ParsedEvent, recorded: RecordedDecision | undefined): void {
    const { accounts } = this;
    const numbers = this.#numbers;
    const { receivedAtMs, texts } = event;
    const key = idKey(event.tenant, event.id);
    const { currency, amount, customers } = this.#slots;
    const minor = this.#convert(event.numbers[amount] ?? Number.NaN, texts[currency], this.currency,
      event.numbers[T_SLOT] ?? 0);
    if (Number.isNaN(minor)) accounts.unconverted += 1;
    const customer = customers.map((slot) => texts[slot]).find((text) => text !== undefined);
    const customerKey = customer === undefined ? 0 : idKey(event.tenant, customer);
    accounts.ledger.add({ id: key, amount: minor, customer: customerKey }, numbers);
    const before = numbers[0] ?? 0;
    for (let side = 0; side < numbers.length; side++) {
      const number = numbers[side]!;
      const alert = accounts.verdict(side, number).outcome !== 'approve';
      accounts.traffic[side]?.add(receivedAtMs, this.#segmentOf(event, side), number, alert);
      if (side === 0) continue;
      accounts.comparisons[side - 1]?.add(before, number,
        () => [accounts.verdict(0, before), accounts.verdict(side, number)], key,
        () => this.#example(event, side, recorded));
    }
  }

  /** Undefined for the decisions that were recorded. */
  #judgeOf(side: number): Judge | undefined { return this.sides[side - this.#first]?.judge; }

  /** The value by which the brake of the policy that judged it counts; empty where it has none. */
  #segmentOf(event: ParsedEvent, side: number): string {
    const field = this.#judgeOf(side)?.policyFor(event)?.brake.segment;
    return (field && event.texts[field.textSlot]) ?? '';
  }

  #example(event: ParsedEvent, side: number, recorded: RecordedDecision | undefined): Example {
    const sideOf = (at: number): ExampleSide => {
      const reasons = at === 0 && recorded !== undefined ? recorded.reasons
        : this.#judgeOf(at)?.explain() ?? [];
      return {
        outcome: this.accounts.verdict(at, this.#numbers[at] ?? 0).outcome,
        reasons: reasons.map(({ rule, effect, text }) => ({ rule, effect, text })),
      };
    };
    return {
      transaction_id: event.id, occurred_at: formatInstant(event.numbers[T_SLOT] ?? 0),
      amount: this.amountOf(event), baseline: sideOf(0), candidate: sideOf(side),
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

export interface SavedJudging {
  readonly accounts: SavedAccounts;
  readonly events: readonly number[];
  readonly tenants: readonly string[];
}

interface Slots {
  readonly amount: number;
  readonly currency: number;
  /** Who is hurt, the surest name first. */
  readonly customers: readonly number[];
}

function slotsOf(schema: EventSchema): Slots {
  const text = (path: string): number => schema.byPath.get(path)?.textSlot ?? -1;
  return {
    amount: schema.byPath.get('amount')?.numberSlot ?? -1, currency: text('amount'),
    customers: ['debtor.customer_id', 'debtor.account_id', 'card.id'].map(text),
  };
}

/** Rates of the first candidate that names a publication: the report's money is counted by them. */
const ratesOf = (sides: readonly Side[]): RateTable =>
  sides.flatMap(({ contender }) => contender?.rates ?? [])[0] ?? emptyRateTable('EUR');
