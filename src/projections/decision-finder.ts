import { recordKey, splitKey } from '#decisioning/record.ts';
import { entryId } from '#fleet/identity.ts';
import { logRecordOf } from '#fleet/topic-record.ts';
import type { LogRecord } from '#ports/decision-log.ts';
import type { DecisionIndex } from '#ports/decision-index.ts';
import type { TopicPlace } from '#ports/topic.ts';

export interface FoundDecision {
  readonly record: LogRecord;
  /** The entry that it is in the log of each entity, by path of the field. */
  readonly windows: Readonly<Record<string, number>>;
  /** Where it stands in the topic of decisions. */
  readonly place: TopicPlace;
}

const DECISION_ID = /^dec_f_([0-9a-f]{32})$/;

/**
 * Records of a fleet, found in the index. Rejects with DecisionIndexUnavailable where it cannot be asked, and
 * with RangeError where the record is of a version that this program does not know.
 */
export class DecisionFinder {
  readonly #index: Pick<DecisionIndex, 'find'>;

  constructor(index: Pick<DecisionIndex, 'find'>) {
    this.#index = index;
  }

  /** Of a payment or event: what a node of a fleet asks for a copy of it. */
  async find(key: string): Promise<LogRecord | undefined> {
    const found = await this.#found(entryId(key));
    return found?.record.key === key ? found.record : undefined;
  }

  /** Undefined where there is none, or another tenant's. */
  async findDecision(tenant: string, decisionId: string): Promise<FoundDecision | undefined> {
    const id = DECISION_ID.exec(decisionId)?.[1];
    const found = id === undefined ? undefined : await this.#found(id);
    if (found?.record.kind !== 'decision') return undefined;
    return splitKey(found.record.key).tenant === tenant ? found : undefined;
  }

  async findTransaction(tenant: string, transactionId: string): Promise<FoundDecision | undefined> {
    const key = recordKey(tenant, 'tx', transactionId);
    const found = await this.#found(entryId(key));
    return found?.record.key === key ? found : undefined;
  }

  async #found(id: string): Promise<FoundDecision | undefined> {
    const indexed = await this.#index.find(id);
    return indexed && { ...logRecordOf(indexed), place: indexed.place };
  }
}
