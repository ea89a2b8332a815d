import { deepEqual, equal, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { eventSchema } from '#domain/field.ts';
import { REFUSAL_STATUS } from '#domain/refusal.ts';
import { fakeParts, fullDecision, payment } from './fake-parts.ts';
import { openApi } from './openapi.ts';
import { PROBLEM_TITLE } from './problem.ts';
import { renderDecision } from './render-decision.ts';
import { requestLog } from './request-log.ts';
import { ALL_ROUTES } from './all-routes.ts';
import { ROUTES } from './routes.ts';
import { buildServer } from './server.ts';

type Operation = keyof typeof ROUTES;
const custom = [{ name: 'shop', type: 'string', history: true, description: 'a shop' }] as const;
type Json = ReturnType<typeof JSON.parse>;
const contract = JSON.parse(JSON.stringify(openApi(eventSchema(custom)))) as {
  openapi: string;
  paths: Record<
    string,
    Record<string, { operationId: string; responses: Record<string, Json>; security: object[] }>
  >;
  components: { schemas: Record<string, Json> };
};
const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema({ $id: 'contract', ...contract }, 'contract');
const validator = (name: string) => {
  const validate = ajv.compile({ $ref: `contract#/components/schemas/${name}` });
  return (value: unknown) => (validate(value) ? 'valid' : ajv.errorsText(validate.errors));
};

describe('the contract', () => {
  test('has every address of the server, and the server every address of the contract', async () => {
    const { http } = buildServer(fakeParts(), requestLog('silent'));
    await http.ready();
    const listed = Object.entries(contract.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    deepEqual(
      listed.toSorted(),
      Object.values(ALL_ROUTES)
        .map(({ method, path }) => `${method.toLowerCase()} ${path}`)
        .toSorted(),
    );
    for (const [path, methods] of Object.entries(contract.paths)) {
      for (const method of Object.keys(methods)) {
        ok(
          http.hasRoute({ method: method.toUpperCase() as 'GET', url: path.replaceAll(/\{(\w+)\}/g, ':$1') }),
          path,
        );
      }
    }
    await http.close();
  });
  test('every $ref leads to a schema, and every schema is one', () => {
    const refs = [...JSON.stringify(contract).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref ?? '');
    ok(refs.length > 20);
    for (const ref of new Set(refs)) {
      const name = /^#\/components\/schemas\/(\w+)$/.exec(ref)?.[1];
      ok(name !== undefined && name in contract.components.schemas, ref);
    }
    for (const name of Object.keys(contract.components.schemas))
      equal(typeof validator(name)({}), 'string', name);
  });
  test('every component is used', () => {
    const used = JSON.stringify(contract.paths);
    deepEqual(
      Object.keys(contract.components.schemas).filter((name) => !used.includes(`/${name}"`)),
      [],
    );
  });
  test('has the custom fields of the installation', () =>
    ok(
      'shop' in
        contract.components.schemas['TransactionCall'].properties.transaction.properties.custom.properties,
    ));
  test('is served without a key', async () => {
    const { http } = buildServer(fakeParts(), requestLog('silent'));
    const answer = await http.inject({ url: '/openapi.json' });
    deepEqual(
      [answer.json<{ openapi: string }>().openapi, answer.headers['content-type']],
      ['3.1.0', 'application/json; charset=utf-8'],
    );
    await http.close();
  });
});

describe('what is answered is what the contract says', () => {
  test('a decision in every view', () => {
    const valid = validator('Decision');
    for (const aml of [true, false]) {
      for (const explain of [true, false]) {
        equal(valid(JSON.parse(renderDecision(fullDecision, { aml, explain, replayed: false }))), 'valid');
      }
    }
    equal(valid({ ...fullDecision, replayed: true }), 'data must NOT have additional properties');
  });
  const event = { event: { id: 'e', type: 'login', occurred_at: '2026-11-23T10:00:00Z' } };
  const label = { label: 'chargeback', occurred_at: '2026-11-23T10:00:00Z' };
  const sent: Readonly<Record<Operation, { url: string; body?: object } | undefined>> = {
    decide: { url: '/v1/decisions', body: { transaction: payment } },
    simulate: { url: '/v1/simulate', body: { transaction: payment } },
    recordEvent: { url: '/v1/events', body: event },
    label: { url: '/v1/decisions/dec_1/labels', body: label },
    findDecision: { url: '/v1/decisions/dec_1' },
    findByTransaction: { url: '/v1/decisions?transaction_id=tx_1' },
    explain: { url: '/v1/decisions/dec_1/explain' },
    policies: { url: '/v1/policies' },
    live: { url: '/health/live' },
    ready: { url: '/health/ready' },
    metrics: undefined,
    contract: undefined,
  };
  test('every answer and a refusal of every address', async () => {
    const { http } = buildServer(fakeParts(), requestLog('silent'));
    for (const [operation, request] of Object.entries(sent) as [
      Operation,
      { url: string; body?: object } | undefined,
    ][]) {
      if (request === undefined) continue;
      const { method, path, scope } = ROUTES[operation];
      const documented = contract.paths[path]?.[method.toLowerCase()];
      const ask = (key: string) =>
        http.inject({
          method,
          url: request.url,
          headers: { authorization: `Bearer ${key}` },
          ...(request.body === undefined ? {} : { payload: request.body }),
        });
      const answer = await ask('all');
      equal(answer.statusCode, 200, `${operation}: ${answer.body}`);
      const component = documented?.responses['200'].content['application/json'].schema.$ref
        .split('/')
        .at(-1);
      equal(validator(component)(answer.json()), 'valid', operation);
      if (scope === undefined) continue;
      const refused = await ask('nobody');
      equal(validator('Problem')(refused.json()), 'valid');
      ok(
        documented?.responses[refused.statusCode].content['application/problem+json'] !== undefined,
        operation,
      );
    }
    await http.close();
  });
});

describe('docs/errors.md', () => {
  const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `(\w+)` \| (\d+) \| (.+?) \|/gm)].map(([, code, status, title]) => [
    code,
    Number(status),
    title,
  ]);
  test('lists every code with its status and title, and no other', () =>
    deepEqual(
      rows,
      Object.entries(REFUSAL_STATUS).map(([code, status]) => [
        code,
        status,
        PROBLEM_TITLE[code as keyof typeof REFUSAL_STATUS],
      ]),
    ));
});
