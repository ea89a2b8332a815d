/** The world's time, so that a simulation can make its own. */
export interface Clock {
  /** ms since 1970-01-01T00:00:00Z; may step. */
  now(): number;
  sleep(ms: number): Promise<void>;
}
