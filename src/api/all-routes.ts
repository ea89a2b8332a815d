/** Every address of the server, from the tables of its parts. */
import type { EventSchema } from '#domain/field.ts';
import { LIFECYCLE_ROUTES } from './lifecycle-routes.ts';
import { LIFECYCLE_COMPONENTS } from './lifecycle-schema.ts';
import { components, ROUTES } from './routes.ts';

export const ALL_ROUTES = { ...ROUTES, ...LIFECYCLE_ROUTES } as const;
export type Operation = keyof typeof ALL_ROUTES;

export const allComponents = (schema: EventSchema) => ({ ...components(schema), ...LIFECYCLE_COMPONENTS });
