import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LogUnavailable } from '#ports/decision-log.ts';
import { REFUSAL_STATUS } from '#domain/refusal.ts';
import { fakeParts, payment } from './fake-parts.ts';
import type { ApiParts } from './parts.ts';
import { requestLog } from './request-log.ts';
import { buildServer, SERVER_LIMITS } from './server.ts';

interface Sent {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  url?: string;
  key?: string | null;
  body?: unknown;
  headers?: object;
}

function start(limits: Partial<typeof SERVER_LIMITS> = {}) {
  const parts = fakeParts();
  const lines: string[] = [];
  const log = requestLog('info', { write: (line) => void lines.push(line) });
  const server = buildServer(parts, log, { ...SERVER_LIMITS, ...limits });
  const send = async ({ method = 'POST', url = '/v1/decisions', key = 'all', body, headers }: Sent) => {
    const response = await server.http.inject({
      method,
      url,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return {
      status: response.statusCode,
      headers: response.headers,
      text: response.body,
      json: (): ReturnType<typeof JSON.parse> => JSON.parse(response.body),
    };
  };
  return { parts, server, send, lines };
}
const decide = (change: object = {}) => ({ body: { transaction: { ...payment, ...change } } });

describe('a decision', () => {
  test('is answered with the stored body, and again with one word changed and a header', async () => {
    const { send } = start();
    const first = await send(decide());
    const again = await send(decide());
    deepEqual([first.status, again.status], [200, 200]);
    equal(first.headers['content-type'], 'application/json; charset=utf-8');
    deepEqual(
      [first.headers['idempotency-replayed'], again.headers['idempotency-replayed']],
      [undefined, 'true'],
    );
    equal(again.text, first.text.replace('"replayed":false', '"replayed":true'));
    equal(first.json()['aml']['outcome'], 'hold');
  });
  test('shows aml and features to those who may and ask', async () => {
    const { send } = start();
    const plain = await send({ ...decide(), key: 'decide' });
    equal('aml' in plain.json() || 'features' in plain.json(), false);
    const explained = await send({ ...decide(), key: 'decide', url: '/v1/decisions?explain=full' });
    deepEqual(explained.json()['features'], { card_count_1h: 6 });
    const all = await send({ ...decide({ id: 'tx_2' }), url: '/v1/decisions?explain=full' });
    deepEqual(Object.keys(all.json()['features']), ['card_count_1h', 'cash_sum_7d', 'cash_sum_30d']);
  });
  test('passes on what the headers say', async () => {
    const { parts, send } = start();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await send({
      ...decide(),
      headers: { 'idempotency-key': 'k-1', 'decision-deadline-ms': '20', traceparent },
    });
    await send({ ...decide(), headers: { 'decision-deadline-ms': '9000', traceparent: 'nonsense' } });
    await send(decide());
    deepEqual(
      parts.calls.map(({ bytes: _bytes, ...said }) => said),
      [
        { tenant: 'acme', idempotencyKey: 'k-1', deadlineMs: 20, traceparent },
        { tenant: 'acme', deadlineMs: 50 },
        { tenant: 'acme' },
      ],
    );
    equal(Buffer.from(parts.calls[0]?.bytes ?? []).toString(), JSON.stringify(decide().body));
  });
  for (const headers of [
    { 'idempotency-key': 'x'.repeat(129) },
    { 'idempotency-key': '' },
    { 'idempotency-key': 'a b' },
    { 'decision-deadline-ms': '0' },
    { 'decision-deadline-ms': '1e3' },
    { 'decision-deadline-ms': '60001' },
  ]) {
    test(`is refused with ${JSON.stringify(headers).slice(0, 50)}`, async () => {
      const { parts, send } = start();
      const answer = await send({ ...decide(), headers });
      deepEqual([answer.status, answer.json()['code'], parts.calls.length], [400, 'bad_request', 0]);
    });
  }
  test('is found by its id, by its payment, and in words, by its tenant alone', async () => {
    const { send } = start();
    const made = (await send(decide())).text;
    const get = (url: string, key = 'all') => send({ method: 'GET', url, key });
    equal((await get('/v1/decisions/dec_1')).text, made);
    deepEqual((await get('/v1/decisions?transaction_id=tx_1')).json(), {
      object: 'list',
      data: [JSON.parse(made)],
    });
    deepEqual((await get('/v1/decisions?transaction_id=tx_9')).json(), { object: 'list', data: [] });
    equal((await get('/v1/decisions')).status, 400);
    equal((await get('/v1/decisions/dec_1/explain')).json()['object'], 'explanation');
    for (const url of ['/v1/decisions/dec_1', '/v1/decisions/dec_1/explain', '/v1/decisions/dec_2']) {
      equal((await get(url, 'other')).json()['code'], 'not_found', url);
    }
    deepEqual((await get('/v1/decisions?transaction_id=tx_1', 'other')).json()['data'], []);
  });
  test('that cannot be explained is not one that is not there', async () => {
    const parts = fakeParts();
    const log = requestLog('info', { write: () => undefined });
    const tooFar = { ...parts, explain: () => Promise.resolve({ notExplained: 'too far back' }) };
    const ended = { ...parts,
      explain: () => Promise.resolve({ notExplained: 'the thread was ended', isPassing: true } as const) };
    const nobody: ApiParts = { ...parts };
    delete nobody.explain;
    for (const [given, code] of [
      [tooFar, 'not_explainable'], [ended, 'part_unavailable'], [nobody, 'part_unavailable'],
    ] as const) {
      const { http } = buildServer(given, log);
      const url = '/v1/decisions/dec_1/explain';
      const answer = await http.inject({ url, headers: { authorization: 'Bearer all' } });
      const problem: { code: string } = JSON.parse(answer.body);
      deepEqual([answer.statusCode, problem.code], [REFUSAL_STATUS[code], code]);
      await http.close();
    }
  });
  test('that is simulated leaves no trace', async () => {
    const { send } = start();
    equal((await send({ ...decide(), url: '/v1/simulate' })).json()['outcome'], 'hold');
    equal((await send({ method: 'GET', url: '/v1/decisions/dec_1' })).status, 404);
  });
});

describe('what happened is told', () => {
  test('as an event, once', async () => {
    const { send } = start();
    const body = { event: { id: 'ev_1', type: 'login', occurred_at: '2026-11-23T10:00:00Z' } };
    const first = await send({ url: '/v1/events', body, key: 'events' });
    deepEqual(first.json(), {
      object: 'event',
      id: 'ev_1',
      type: 'login',
      state: 'counted',
      log_position: { position: 8 },
      replayed: false,
      created_at: '2026-11-23T10:00:01.000Z',
    });
    const again = await send({ url: '/v1/events', body, key: 'events' });
    deepEqual([again.headers['idempotency-replayed'], again.json()['replayed']], ['true', true]);
  });
  test('as a label of a decision', async () => {
    const { parts, send } = start();
    await send(decide());
    const body = {
      label: 'chargeback',
      occurred_at: '2026-11-23T10:00:00Z',
      known_at: '2026-11-24T10:00:00Z',
    };
    equal(
      (await send({ url: '/v1/decisions/dec_1/labels', body, key: 'events' })).json()['id'],
      'dec_1:chargeback',
    );
    deepEqual(JSON.parse(Buffer.from(parts.calls.at(-1)?.bytes ?? []).toString()), {
      event: { ...body, id: 'dec_1:chargeback', type: 'label', transaction_id: 'tx_1' },
    });
    equal((await send({ url: '/v1/decisions/dec_9/labels', body })).status, 404);
    deepEqual(
      (await send({ url: '/v1/decisions/dec_1/labels', body: { label: 'x' } }))
        .json()
        ['errors'].map(({ pointer }: { pointer: string }) => pointer),
      ['/occurred_at', '/label'],
    );
  });
});

describe('a key opens what its scopes say', () => {
  const cases: readonly (readonly [sent: Sent, status: number, code: string])[] = [
    [{ ...decide(), key: null }, 401, 'unauthenticated'],
    [{ ...decide(), key: 'wrong' }, 401, 'unauthenticated'],
    [{ ...decide(), key: null, headers: { authorization: 'Basic YTpi' } }, 401, 'unauthenticated'],
    [{ ...decide(), key: 'events' }, 403, 'forbidden'],
    [{ url: '/v1/simulate', body: {}, key: 'events' }, 403, 'forbidden'],
    [{ url: '/v1/events', body: {}, key: 'decide' }, 403, 'forbidden'],
    [{ url: '/v1/decisions/dec_1/labels', body: {}, key: 'decide' }, 403, 'forbidden'],
    [{ method: 'GET', url: '/v1/policies', key: 'decide' }, 403, 'forbidden'],
    [{ method: 'GET', url: '/v1/decisions/dec_1', key: 'events' }, 403, 'forbidden'],
  ];
  for (const [sent, status, code] of cases) {
    test(`${sent.url ?? '/v1/decisions'} with the key ${sent.key ?? 'none'}: ${code}`, async () => {
      const { parts, send } = start();
      const answer = await send(sent);
      deepEqual([answer.status, answer.json()['code'], parts.calls.length], [status, code, 0]);
      equal(answer.headers['www-authenticate'], status === 401 ? 'Bearer' : undefined);
    });
  }
  test('and the word bearer may be small', async () => {
    const { send } = start();
    equal((await send({ ...decide(), key: null, headers: { authorization: 'bearer all' } })).status, 200);
  });
});

describe('every refusal is a problem document', () => {
  const cases: readonly (readonly [what: string, sent: Sent, code: keyof typeof REFUSAL_STATUS])[] = [
    ['no body', { headers: { 'content-type': 'application/json' } }, 'not_json'],
    ['neither body nor type', {}, 'not_json'],
    ['not JSON', { body: '{"transaction":' }, 'not_json'],
    ['a schema error', decide({ colour: 1 }), 'invalid'],
    [
      'a form',
      { body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      'unsupported_media_type',
    ],
    ['text', { body: 'hi', headers: { 'content-type': 'text/plain' } }, 'unsupported_media_type'],
    ['10 MB', { body: 'x'.repeat(10_000_000) }, 'too_large'],
    ['an unknown address', { method: 'GET', url: '/nowhere' }, 'not_found'],
    ['an unknown address with a body', { url: '/v1/decide', body: {} }, 'not_found'],
    ['a broken address', { method: 'GET', url: '/v1/decisions/%zz' }, 'not_found'],
    ['a huge id', { method: 'GET', url: `/v1/decisions/${'x'.repeat(2_000)}` }, 'not_found'],
    ['another method', { method: 'PUT', body: {} }, 'method_not_allowed'],
    ['a deletion', { method: 'DELETE', url: '/v1/decisions/dec_1' }, 'method_not_allowed'],
    ['an unknown question', { ...decide(), url: '/v1/decisions?explain=all' }, 'bad_request'],
  ];
  for (const [what, sent, code] of cases) {
    test(`${what}: ${code}`, async () => {
      const { send } = start();
      const answer = await send(sent);
      const problem = answer.json();
      equal(answer.headers['content-type'], 'application/problem+json');
      deepEqual(
        [answer.status, problem['status'], problem['code'], problem['type']],
        [REFUSAL_STATUS[code], REFUSAL_STATUS[code], code, `urn:assay:problem:${code}`],
      );
      match(problem['instance'], /^urn:assay:request:[0-9a-z]+-[0-9a-z]+$/);
      deepEqual(Object.keys(problem), ['type', 'title', 'status', 'code', 'detail', 'errors', 'instance']);
    });
  }
  test('with the pointers of the body', async () => {
    const { send } = start();
    deepEqual((await send(decide({ kind: 'crad' }))).json()['errors'], [
      {
        pointer: '/transaction/kind',
        detail: 'must be one of card, transfer, cash, wallet, crypto; did you mean card?',
      },
    ]);
  });
  test('405 says what is allowed', async () => {
    const { send } = start();
    equal((await send({ method: 'DELETE' })).headers['allow'], 'POST, GET');
  });
  test('a mistake of ours shows no message and no stack, and is logged without the message', async () => {
    const { parts, send, lines } = start();
    parts.failure = new TypeError('c_1 of tx_1 broke');
    const answer = await send(decide());
    deepEqual([answer.status, answer.json()['code']], [500, 'internal']);
    ok(!/c_1|TypeError|at /.test(answer.json()['detail']), answer.text);
    const line = JSON.parse(lines[0] ?? '');
    deepEqual([line.msg, line.error, line.operation, line.keyId], ['failed', 'TypeError', 'decide', 'k_all']);
    ok(!lines.join('').includes('c_1') && line.at.length > 0);
    equal(`urn:assay:request:${line.request}`, answer.json()['instance']);
  });
  test('a log that cannot be written is 503 with Retry-After', async () => {
    const { parts, send } = start();
    parts.failure = new LogUnavailable('disk_full', 'no space left');
    const answer = await send(decide());
    deepEqual(
      [answer.status, answer.json()['code'], answer.headers['retry-after']],
      [503, 'log_unavailable', '1'],
    );
  });
  test('refusals are logged by code and key, without what was sent', async () => {
    const { send, lines } = start();
    await send({ ...decide({ reference: 7, card: { id: 'SECRET' } }), key: 'decide' });
    await send({ ...decide(), key: 'SECRET' });
    deepEqual(
      lines
        .map((line) => JSON.parse(line))
        .map(({ msg, code, status, operation, keyId }) => ({ msg, code, status, operation, keyId })),
      [
        { msg: 'refused', code: 'invalid', status: 422, operation: 'decide', keyId: 'k_decide' },
        { msg: 'refused', code: 'unauthenticated', status: 401, operation: 'decide', keyId: undefined },
      ],
    );
    ok(!lines.join('').includes('SECRET'));
  });
});

describe('too much to do', () => {
  test('F43 what can be repeated is shed first, decisions last, health never; nothing is kept', async () => {
    const { parts, send } = start({ inFlightMax: 10 });
    let release = (): void => undefined;
    parts.hold = new Promise((resolve) => {
      release = resolve;
    });
    const waiting = Array.from({ length: 7 }, (_, i) => send(decide({ id: `tx_${i}` })));
    while (parts.calls.length < 7) await new Promise(setImmediate);
    const simulated = await send({ ...decide(), url: '/v1/simulate' });
    deepEqual(
      [simulated.status, simulated.json()['code'], simulated.headers['retry-after']],
      [429, 'shedding', '1'],
    );
    waiting.push(...[7, 8, 9].map((i) => send(decide({ id: `tx_${i}` }))));
    while (parts.calls.length < 10) await new Promise(setImmediate);
    equal((await send(decide({ id: 'tx_10' }))).status, 429);
    equal(parts.calls.length, 10);
    for (const url of ['/health/live', '/health/ready', '/metrics', '/openapi.json']) {
      equal((await send({ method: 'GET', url, key: null })).status, 200, url);
    }
    release();
    deepEqual(
      (await Promise.all(waiting)).map(({ status }) => status),
      Array(10).fill(200),
    );
    equal((await send(decide({ id: 'tx_10' }))).status, 200);
  });
});

describe('health', () => {
  test('ready says why not', async () => {
    const { parts, send } = start();
    parts.readiness = () => ({ ready: false, code: 'starting', detail: 'read 3 of 9 records' });
    const answer = await send({ method: 'GET', url: '/health/ready', key: null });
    deepEqual(
      [answer.status, answer.json()['code'], answer.json()['detail']],
      [503, 'starting', 'read 3 of 9 records'],
    );
    equal((await send({ method: 'GET', url: '/health/live', key: null })).text, '{"status":"live"}');
  });
});
