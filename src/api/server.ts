/** HTTP in front of the engine. */
import Fastify from 'fastify';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { LIMITS } from '#domain/limits.ts';
import { REFUSAL_STATUS } from '#domain/refusal.ts';
import type { Refusal } from '#domain/refusal.ts';
import { LogUnavailable } from '#ports/decision-log.ts';
import type { Grant } from '#ports/key-store.ts';
import { parseCallHeaders } from './call-headers.ts';
import { Callers } from './callers.ts';
import { Metrics } from './metrics.ts';
import { operations } from './operations.ts';
import type { Answer, Operations } from './operations.ts';
import type { ApiParts } from './parts.ts';
import { problemText, PROBLEM_TYPE, refusal } from './problem.ts';
import { refusalOfConnection, refuseConnection } from './raw-refusal.ts';
import type { RequestLog } from './request-log.ts';
import { ALL_ROUTES } from './all-routes.ts';
import type { Operation } from './all-routes.ts';
import type { Route } from './routes.ts';

export interface ServerLimits {
  readonly bodyBytesMax: number;
  readonly headerBytesMax: number;
  readonly inFlightMax: number;
  /** For the whole request to arrive. */
  readonly requestMs: number;
  readonly headersMs: number;
  /** How often late connections are looked for; what they get on top of their time, at most. */
  readonly lateCheckMs: number;
  readonly keepAliveMs: number;
  /** For what is in flight to be answered when the server stops. */
  readonly drainMs: number;
  /** For connections to end after that. */
  readonly hangUpMs: number;
}

export const SERVER_LIMITS: ServerLimits = {
  bodyBytesMax: LIMITS.requestBodyBytesMax,
  headerBytesMax: 16_384,
  inFlightMax: LIMITS.decisionsInFlightMax,
  requestMs: 10_000,
  headersMs: 5_000,
  lateCheckMs: 1_000,
  keepAliveMs: 72_000,
  drainMs: 10_000,
  hangUpMs: 500,
};

export interface ApiServer {
  /** For listen() and inject(). */
  readonly http: FastifyInstance;
  /** Takes no more calls, answers those it has, and closes. */
  drain(): Promise<void>;
}

type Headers = Record<string, string | number>;

const JSON_TYPE = 'application/json; charset=utf-8';
const RETRY_AFTER_S = '1';
const NO_BODY = new Uint8Array(0);
const NO_GRANT = { grant: undefined };
/** Share of the room that calls other than decisions may fill. */
const SHARE: Readonly<Record<Route['load'], number>> = {
  decision: 1,
  told: 0.9,
  asked: 0.7,
  always: Infinity,
};

export function buildServer(
  parts: ApiParts,
  log: RequestLog,
  limits: ServerLimits = SERVER_LIMITS,
): ApiServer {
  const door = new Door(parts, log, limits);
  const http = Fastify({
    logger: false,
    bodyLimit: limits.bodyBytesMax,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    http: {
      headersTimeout: Math.min(limits.headersMs, limits.requestMs),
      connectionsCheckingInterval: limits.lateCheckMs,
      maxHeaderSize: limits.headerBytesMax,
    },
    frameworkErrors: (error, request, reply) => door.thrown(error, request, reply),
    clientErrorHandler: (error, socket) => door.broken(error, socket),
  });
  http.removeAllContentTypeParsers();
  // The strict parser wants the bytes.
  http.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
  http.addContentTypeParser('text/csv', { parseAs: 'buffer' }, (request, body, done) =>
    done(takesCsv(request) ? null : Object.assign(new Error('no CSV here'), NOT_THIS_TYPE), body),
  );
  http.setErrorHandler<FastifyError>((error, request, reply) => door.thrown(error, request, reply));
  http.setNotFoundHandler((request, reply) => door.nowhere(request, reply));
  for (const operation of Object.keys(ALL_ROUTES) as Operation[]) {
    const { method, path, bodyBytesMax, csv }: Route = ALL_ROUTES[operation];
    const url = path.replaceAll(/\{(\w+)\}/g, ':$1');
    const bodyLimit = bodyBytesMax ?? limits.bodyBytesMax;
    const handler = (request: FastifyRequest, reply: FastifyReply) => door.serve(operation, request, reply);
    http.route({ method, url, bodyLimit, handler, config: { csv } });
  }
  http.addHook('onClose', () => door.close());
  return { http, drain: () => door.drain(http) };
}

const NOT_THIS_TYPE = { code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE', statusCode: 415 };
const takesCsv = ({ routeOptions: { config } }: FastifyRequest): boolean =>
  'csv' in config && config.csv === true;

class Door {
  readonly #log: RequestLog;
  readonly #limits: ServerLimits;
  readonly #metrics = new Metrics();
  readonly #operations: Operations;
  readonly #callers: Callers;
  #draining = false;
  #drained: (() => void) | undefined;
  #closed: Promise<void> | undefined;
  #requestCount = 0;
  readonly #start = Date.now().toString(36);

  constructor(parts: ApiParts, log: RequestLog, limits: ServerLimits) {
    this.#log = log;
    this.#limits = limits;
    this.#callers = new Callers(parts.keys);
    this.#operations = operations(parts, this.#metrics, () => this.#draining);
  }

  /** No hooks and no async frames around a call: one function, one promise, one answer. */
  serve(operation: Operation, request: FastifyRequest, reply: FastifyReply): void {
    const route: Route = ALL_ROUTES[operation];
    const startMs = performance.now();
    const admitted = this.#admit(route, request);
    if ('code' in admitted) {
      this.#refuse(admitted, operation, undefined, request, reply);
      return;
    }
    const said = route.headers.length === 0 ? {} : parseCallHeaders(request.headers);
    if ('code' in said) {
      this.#refuse(said, operation, admitted.grant, request, reply);
      return;
    }
    const { grant } = admitted;
    const bytes = request.body instanceof Uint8Array ? request.body : NO_BODY;
    const call = { bytes, tenant: grant?.tenant ?? '', ...said };
    const incoming = {
      call, grant, params: parseParams(request.params), query: parseRecord(request.query),
      parameters: route.query,
      contentType: request.headers['content-type'] ?? '',
    };
    this.#metrics.inFlight += 1;
    Promise.try(() => this.#operations[operation](incoming))
      .then(
        (answer) => {
          if ('code' in answer) this.#refuse(answer, operation, grant, request, reply);
          else this.#answer(answer, reply);
        },
        (error: unknown) => this.#fail(error, operation, grant, request, reply),
      )
      .finally(() => this.#done(operation, startMs));
  }

  /** The caller's grant, or why it may not or cannot come in. */
  #admit(route: Route, request: FastifyRequest): { readonly grant: Grant | undefined } | Refusal {
    if (route.scope === undefined) return NO_GRANT;
    const grant = this.#callers.grantOf(request.raw.socket, request.headers.authorization);
    if (grant === undefined) {
      return refusal('unauthenticated', 'send the header Authorization: Bearer KEY, with a key of this '
        + 'server; none came, or it is unknown or revoked');
    }
    const needed = [route.scope, ...(route.also === undefined ? [] : [route.also])];
    const lacking = needed.find((scope) => !grant.scopes.has(scope));
    if (lacking !== undefined) {
      return refusal(
        'forbidden',
        `this needs the scope ${lacking}; the key has ${[...grant.scopes].join(', ')}`,
      );
    }
    if (this.#draining)
      return refusal('draining', 'the engine is stopping; ask another, or again in a second');
    if (this.#metrics.inFlight >= this.#limits.inFlightMax * SHARE[route.load]) {
      return refusal(
        'shedding',
        `${this.#metrics.inFlight} calls are waiting for their answer; nothing was recorded`,
      );
    }
    return { grant };
  }

  #answer(answer: Answer, reply: FastifyReply): void {
    const headers: Headers = { 'content-type': answer.type ?? JSON_TYPE };
    if (answer.replayed === true) headers['idempotency-replayed'] = 'true';
    this.#write(200, headers, answer.text, reply);
  }

  #done(operation: Operation, startMs: number): void {
    this.#metrics.inFlight -= 1;
    if (operation === 'decide')
      this.#metrics.duration.record(Math.max(1, Math.round((performance.now() - startMs) * 1e3)));
    if (this.#metrics.inFlight === 0) this.#drained?.();
  }

  #fail(
    error: unknown,
    operation: string,
    grant: Grant | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): void {
    const id = this.#nextRequest();
    this.#log.failed(error, { request: id, operation, keyId: grant?.keyId, traceId: traceIdOf(request) });
    const refused =
      error instanceof LogUnavailable
        ? refusal(
            'log_unavailable',
            'the decision could not be made durable; it counts with its retry, or not at all',
          )
        : refusal('internal', 'the mistake is ours; it was logged under the instance below');
    this.#send(refused, id, reply);
  }

  #refuse(
    refused: Refusal,
    operation: string,
    grant: Grant | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
    allow?: string,
  ): void {
    const id = this.#nextRequest();
    this.#log.refused(refused.code, {
      request: id,
      operation,
      keyId: grant?.keyId,
      traceId: traceIdOf(request),
    });
    this.#send(refused, id, reply, allow);
  }

  #send(refused: Refusal, id: string, reply: FastifyReply, allow?: string): void {
    const status = REFUSAL_STATUS[refused.code];
    this.#metrics.refusals[refused.code] += 1;
    const headers: Headers = { 'content-type': PROBLEM_TYPE };
    if (status === 401) headers['www-authenticate'] = 'Bearer';
    if (status === 429 || status === 503) headers['retry-after'] = RETRY_AFTER_S;
    if (allow !== undefined) headers['allow'] = allow;
    this.#write(status, headers, problemText(refused, id), reply);
  }

  /** Straight to node:http: Fastify's way out costs more and adds a charset to types that have none. */
  #write(status: number, headers: Headers, text: string, reply: FastifyReply): void {
    reply.hijack();
    headers['content-length'] = Buffer.byteLength(text);
    if (this.#draining) headers['connection'] = 'close';
    reply.raw.writeHead(status, headers).end(text);
  }

  /** No such address, or not with this method. */
  nowhere(request: FastifyRequest, reply: FastifyReply): void {
    const path = request.url.split('?', 1)[0] ?? '';
    const allowed = Object.values(ALL_ROUTES)
      .filter((route) => pathPattern(route.path).test(path))
      .map(({ method }) => method);
    if (allowed.length === 0) {
      this.#refuse(
        refusal('not_found', 'no such address; /openapi.json lists them all'),
        'none',
        undefined,
        request,
        reply,
      );
      return;
    }
    const refused = refusal('method_not_allowed', `this address takes ${allowed.join(' and ')}`);
    this.#refuse(refused, 'none', undefined, request, reply, allowed.join(', '));
  }

  /** What Fastify throws before our handlers, and what we throw in them. */
  thrown(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
    const refused = refusalOfFastify(error, request.routeOptions.bodyLimit);
    if (refused === undefined) this.#fail(error, 'none', undefined, request, reply);
    else this.#refuse(refused, 'none', undefined, request, reply);
  }

  broken(error: Error & { readonly code: string }, socket: Parameters<typeof refuseConnection>[0]): void {
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    if (!socket.writable) {
      socket.destroy();
      return;
    }
    const refused = refusalOfConnection(error.code);
    const id = this.#nextRequest();
    this.#metrics.refusals[refused.code] += 1;
    this.#log.refused(refused.code, { request: id, operation: 'none', keyId: undefined });
    refuseConnection(socket, refused, id);
  }

  drain(http: FastifyInstance): Promise<void> {
    this.#closed ??= this.#drain(http);
    return this.#closed;
  }

  async #drain(http: FastifyInstance): Promise<void> {
    this.#draining = true;
    if (this.#metrics.inFlight > 0) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
        timer = setTimeout(resolve, this.#limits.drainMs);
      });
      clearTimeout(timer);
    }
    // Answers on their way are let out; half a request is not waited for.
    const hangUp = setTimeout(() => http.server.closeAllConnections(), this.#limits.hangUpMs);
    await http.close();
    clearTimeout(hangUp);
  }

  close(): void {
    this.#metrics.stop();
  }

  #nextRequest(): string {
    this.#requestCount += 1;
    return `${this.#start}-${this.#requestCount.toString(36)}`;
  }
}

function refusalOfFastify(error: FastifyError, bodyBytesMax: number): Refusal | undefined {
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return refusal('too_large', `the body may have ${bodyBytesMax} bytes`);
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return refusal('unsupported_media_type', 'send Content-Type: application/json');
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return refusal('bad_request', 'the body is not as long as Content-Length says');
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return refusal('not_found', 'no such address; /openapi.json lists them all');
    default:
      return error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500
        ? refusal('bad_request', 'the request cannot be read')
        : undefined;
  }
}

const pathPattern = (path: string): RegExp => new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}/?$`);

/** The trace id of a traceparent that looks like one. */
function traceIdOf({ headers }: FastifyRequest): string | undefined {
  const { traceparent } = headers;
  return typeof traceparent === 'string' ? /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(traceparent)?.[1] : undefined;
}

const parseRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  value as Readonly<Record<string, unknown>>;
/** The router makes texts of them. */
const parseParams = (params: unknown): Readonly<Record<string, string>> =>
  params as Readonly<Record<string, string>>;
