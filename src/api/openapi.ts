/** The contract in OpenAPI 3.1, from the same table and schemas that the server runs on. */
import type { EventSchema } from '#domain/field.ts';
import { REFUSAL_STATUS } from '#domain/refusal.ts';
import { PROBLEM_TITLE, PROBLEM_TYPE } from './problem.ts';
import { allComponents, ALL_ROUTES } from './all-routes.ts';
import type { Route } from './routes.ts';

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const inJson = (name: string) => ({ 'application/json': { schema: ref(name) } });

export function openApi(schema: EventSchema): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const [operationId, route] of Object.entries(ALL_ROUTES)) {
    paths[route.path] = {
      ...paths[route.path],
      [route.method.toLowerCase()]: operationOf(operationId, route),
    };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Assay',
      version: schema.name,
      description:
        'Decides every payment for fraud and money-laundering risk while the payer waits, and shows why.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      schemas: allComponents(schema),
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'an API key with the scope named' },
      },
    },
  };
}

function bodyOf(name: string, { csv }: Route): object {
  const inCsv = csv === true ? { 'text/csv': { schema: { type: 'string' } } } : {};
  return { required: true, content: { ...inJson(name), ...inCsv } };
}

function securityOf({ scope, also }: Route): readonly object[] {
  if (scope === undefined) return [];
  return [{ key: also === undefined ? [scope] : [scope, also] }];
}

function operationOf(operationId: string, route: Route): object {
  return {
    operationId,
    summary: route.summary,
    security: securityOf(route),
    parameters: [
      ...[...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
        name,
        in: 'path',
        required: true,
        schema: { type: 'string' },
        description: name === 'id' ? 'of what the address names' : `${name} of what the address names`,
      })),
      ...route.query.map((parameter) => ({ ...parameter, in: 'query' })),
      ...route.headers.map((parameter) => ({ ...parameter, in: 'header' })),
    ],
    ...(route.body === undefined ? {} : { requestBody: bodyOf(route.body, route) }),
    responses: { 200: answerOf(route), ...refusalsOf(route) },
  };
}

const answerOf = (route: Route): object => ({
  description: route.summary,
  ...(route.headers.length === 0
    ? {}
    : {
        headers: {
          'Idempotency-Replayed': {
            schema: { type: 'string', enum: ['true'] },
            description: 'it was answered before',
          },
        },
      }),
  ...(route.answer === undefined ? {} : { content: inJson(route.answer) }),
});

function refusalsOf(route: Route): Record<string, object> {
  const byStatus = Object.groupBy(route.refusals, (code) => REFUSAL_STATUS[code]);
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\`: ${PROBLEM_TITLE[code]}`).join(' '),
        content: { [PROBLEM_TYPE]: { schema: ref('Problem') } },
      },
    ]),
  );
}
