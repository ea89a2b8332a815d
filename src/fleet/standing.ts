/**
 * Where a record stands in the shared logs beside those of its entities, as headers of its topic record. With
 * them the logs can be made again from the topic, to the byte.
 */

/** One entry, and the logs in which it stands. */
export interface StandingEntry {
  /** 32 hex digits. */
  readonly id: string;
  readonly bytes: Uint8Array;
  /** Each log by field and value, and the place in it; 0: not there yet. */
  readonly at: readonly (readonly [field: string, value: string, seq: number])[];
}

export interface Standing {
  /** What its entries in its own log and in those of its entities say. */
  readonly entry?: Uint8Array;
  /** Place in its own log. */
  readonly own?: number;
  /** Its second name, marks, and changes that its entities heard of. */
  readonly others?: readonly StandingEntry[];
  /** Of the shared logs, when they gave it these places: the earliest of them. */
  readonly epoch?: number;
}

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

export function standingHeaders({ entry, own, others = [], epoch }: Standing): Record<string, Uint8Array> {
  const headers: Record<string, Uint8Array> = {};
  if (entry !== undefined) headers['entry'] = entry;
  if (own !== undefined || others.length > 0) {
    const written = others.map(({ id, bytes, at }) =>
      ({ id, bytes: Buffer.from(bytes).toString('base64'), at }));
    headers['placed'] = json({
      ...(own === undefined ? {} : { own }), ...(written.length === 0 ? {} : { others: written }),
    });
  }
  if (epoch !== undefined) headers['epoch'] = json(epoch);
  return headers;
}
