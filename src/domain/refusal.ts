/**
 * A refusal is a value: the input was understood well enough to say what is wrong, where, and what would be
 * right.
 */
export interface Refusal {
  readonly code: RefusalCode;
  readonly detail: string;
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[];
}

/** Closed list; the HTTP status of each is part of the contract. docs/errors.md is checked against it. */
export const REFUSAL_STATUS = {
  not_json: 400,
  /** A header, a query or the HTTP itself. */
  bad_request: 400,
  unauthenticated: 401,
  forbidden: 403,
  /** The key may call, and the person who holds it may not do this. */
  not_allowed: 403,
  not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  /** Something else was changed meanwhile, or is there already. */
  conflict: 409,
  /** What is to go live lacks something. */
  gate_closed: 409,
  too_large: 413,
  unsupported_media_type: 415,
  invalid: 422,
  id_conflict: 422,
  outside_time_tolerance: 422,
  /** A recorded decision that this program cannot make again: too far back, or of what it refuses. */
  not_explainable: 422,
  shedding: 429,
  log_unavailable: 503,
  /** A part that decisions do without. */
  part_unavailable: 503,
  starting: 503,
  draining: 503,
  internal: 500,
} as const;
export type RefusalCode = keyof typeof REFUSAL_STATUS;
