/** Refusals as RFC 9457 problem documents: what went wrong, where in the request, and what would be right. */
import { REFUSAL_STATUS } from '#domain/refusal.ts';
import type { Refusal, RefusalCode } from '#domain/refusal.ts';

export const PROBLEM_TYPE = 'application/problem+json';

/** One short sentence for each code; the same for every occurrence. docs/errors.md has the long form. */
export const PROBLEM_TITLE: Readonly<Record<RefusalCode, string>> = {
  not_json: 'The body is not JSON.',
  bad_request: 'The request is not well formed.',
  unauthenticated: 'A valid API key is missing.',
  forbidden: 'The API key has not the scope that this needs.',
  not_allowed: 'This person may not do this.',
  not_found: 'There is nothing here.',
  method_not_allowed: 'This address does not take this method.',
  request_timeout: 'The request took too long to arrive.',
  conflict: 'Something else was changed meanwhile.',
  gate_closed: 'What is to go live lacks something.',
  too_large: 'The request is too large.',
  unsupported_media_type: 'The body must be application/json.',
  invalid: 'The body is not what the schema says.',
  id_conflict: 'The same id was sent before with another content.',
  outside_time_tolerance: 'The event time is too far from now.',
  not_explainable: 'The decision cannot be made again.',
  shedding: 'There is more work than can be done in time.',
  log_unavailable: 'Decisions cannot be recorded at the moment.',
  part_unavailable: 'A part that this needs is not there at the moment.',
  starting: 'The engine is starting.',
  draining: 'The engine is stopping.',
  internal: 'We made a mistake.',
};

/** Of one request, in answers and in the log: neither says whose it was. */
export type RequestId = string;

export function problemText(refusal: Refusal, request: RequestId): string {
  return JSON.stringify({
    type: `urn:assay:problem:${refusal.code}`,
    title: PROBLEM_TITLE[refusal.code],
    status: REFUSAL_STATUS[refusal.code],
    code: refusal.code,
    detail: refusal.detail,
    errors: refusal.errors,
    instance: `urn:assay:request:${request}`,
  });
}

export const refusal = (code: RefusalCode, detail: string, pointer?: string): Refusal => ({
  code,
  detail,
  errors: pointer === undefined ? [] : [{ pointer, detail }],
});
