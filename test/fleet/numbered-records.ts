import type { BreakerTerms } from '#fleet/breaker.ts';
import type { TopicRecord } from '#ports/topic.ts';

export const TERMS: BreakerTerms = {
  rowMax: 5, lastCalls: 40, lastFailuresMax: 20, openMs: 100, openMsMax: 1_000, probeMsMax: 5_000,
};

const BYTES = 3_000;

/** As large as the record of a payment. */
export const numbered = (number: number): TopicRecord => ({
  key: `acme\0tx\0${number}`, value: Buffer.from(`${number}`),
  headers: { facts: Buffer.alloc(BYTES, `${number}`) },
});

export const numberOf = ({ value }: TopicRecord): number => Number(Buffer.from(value).toString());
