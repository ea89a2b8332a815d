/** Refusals of what never became a request: broken HTTP, headers without end, a body that does not arrive. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { REFUSAL_STATUS } from '#domain/refusal.ts';
import type { Refusal } from '#domain/refusal.ts';
import { problemText, PROBLEM_TYPE, refusal } from './problem.ts';
import type { RequestId } from './problem.ts';

export function refusalOfConnection(code: string): Refusal {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return refusal('request_timeout', 'the whole request did not arrive in time');
    case 'HPE_HEADER_OVERFLOW':
      return refusal('too_large', 'the headers are too large');
    default:
      return refusal('bad_request', 'that is not HTTP/1.1');
  }
}

/** Says it, and hangs up: after a broken request nobody knows where the next one starts. */
export function refuseConnection(socket: Socket, refused: Refusal, request: RequestId): void {
  const body = problemText(refused, request);
  const status = REFUSAL_STATUS[refused.code];
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Type: ${PROBLEM_TYPE}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
