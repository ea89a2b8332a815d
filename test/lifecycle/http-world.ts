/** The life cycle over HTTP, each answer held against the contract. */
import { ok } from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { MemoryRecordStore } from '#adapters/memory/record-store.ts';
import { openApi } from '#api/openapi.ts';
import { LIFECYCLE_ROUTES } from '#api/lifecycle-routes.ts';
import { requestLog } from '#api/request-log.ts';
import { buildServer } from '#api/server.ts';
import { eventSchema } from '#domain/field.ts';
import type { BacktestRunner } from '#lifecycle/backtest-runner.ts';
import type { Grant, Scope } from '#ports/key-store.ts';
import { RecordsUnavailable, type Page } from '#ports/records.ts';
import { apiParts } from '../../src/main/api-parts.ts';
import { liveEngine } from '../../src/main/lifecycle-parts.ts';
import { openLifecycle } from '../../src/main/open-lifecycle.ts';
import { EngineWorld } from '../engine/engine-world.ts';
import { policySource, publicationOf } from './lifecycle-world.ts';

const grant = (person: string, roles: readonly string[], scopes: readonly Scope[],
  tenant = 'default'): Grant =>
  ({ keyId: person, name: person, tenant, scopes: new Set(scopes), person, roles });
const ALL: readonly Scope[] = ['decide', 'aml', 'policies', 'admin'];
const BOTH: readonly Scope[] = ['policies', 'aml'];
const GRANTS = new Map<string, Grant>([
  ['dev', grant('dev', [], ALL)], ['ann', grant('ann', ['risk'], BOTH)],
  ['ben', grant('ben', ['risk', 'compliance'], BOTH)],
  ['fraud', grant('fay', ['risk'], ['decide', 'policies', 'admin'])],
  ['shop', grant('eve', ['risk'], ALL, 'acme')],
  ['program', { keyId: 'p', name: 'p', tenant: 'default', scopes: new Set(ALL) }],
]);

const contract = JSON.parse(JSON.stringify(openApi(eventSchema()))) as object;
const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema({ $id: 'contract', ...contract }, 'contract');
const fits = (component: string, value: unknown): void => {
  const validate = ajv.compile({ $ref: `contract#/components/schemas/${component}` });
  ok(validate(value), `${component}: ${ajv.errorsText(validate.errors)}`);
};

interface Order {
  readonly backtests?: BacktestRunner;
  /** Until then the records do not learn what is live. */
  readonly held?: Promise<void>;
}

class BrokenRecords extends MemoryRecordStore {
  broken = false;
  held: Promise<void> | undefined;
  override async publications(page: Page) {
    await this.held;
    return super.publications(page);
  }
  override async version(hash: string) {
    if (this.broken) throw new RecordsUnavailable('unreachable', 'the database is away');
    return super.version(hash);
  }
}

export async function start({ backtests, held }: Order = {}) {
  const world = new EngineWorld();
  world.publication = publicationOf(policySource({ version: 1 }));
  const engine = await world.open();
  const records = new BrokenRecords();
  records.held = held;
  const clock = { now: () => world.nowMs, sleep: (ms: number) =>
    new Promise<void>((done) => { setTimeout(done, ms).unref(); }) };
  const running = openLifecycle({
    engine: liveEngine(engine), records, sealKey: Buffer.alloc(32, 1), clock, tell: () => undefined,
    keys: () => [],
    ...(backtests === undefined ? {} : { backtests }),
  });
  if (held === undefined) await running.caughtUp;
  const parts = { ...apiParts(engine, { find: (token) => GRANTS.get(token) }), lifecycle: () =>
    running.life };
  const { http } = buildServer(parts, requestLog('silent'));
  const send = async (key: string, method: 'GET' | 'POST' | 'DELETE', url: string,
    body?: object | string) => {
    const csv = typeof body === 'string';
    const answer = await http.inject({
      method, url, headers: { authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': csv ? 'text/csv' : 'application/json' }) },
      ...(body === undefined ? {} : { payload: csv ? body : JSON.stringify(body) }),
    });
    const json = answer.json<Record<string, ReturnType<typeof JSON.parse>>>();
    if (answer.statusCode === 200) {
      const route = Object.values(LIFECYCLE_ROUTES).find((one) => one.method === method
        && new RegExp(`^${one.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(url.split('?')[0] ?? ''));
      fits(route?.answer ?? 'PolicyList', json);
    } else fits('Problem', json);
    return { status: answer.statusCode, json, detail: String(json['detail']),
      retryAfter: answer.headers['retry-after'] };
  };
  const submit = async (key: string, source: string) =>
    send(key, 'POST', '/v1/policies/small/versions', { source, note: 'a try' });
  const stop = async () => {
    await http.close();
    await running.stop();
    await engine.close();
  };
  return { world, engine, records, running, send, submit, stop };
}
