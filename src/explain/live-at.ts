/**
 * What was live at a log position, compiled again, by the same doors through which the engine made it live.
 */
import { eventSchema, type CustomField, type EventSchema } from '#domain/field.ts';
import { LIMITS } from '#domain/limits.ts';
import type { LogReader } from '#ports/decision-log.ts';
import type { PersistentWindowStore } from '#ports/window-store.ts';
import { inForceAt } from '#decisioning/in-force.ts';
import { PolicyCompiler } from '#decisioning/policy-compiler.ts';
import type { Versions } from '#decisioning/record.ts';
import { EngineState } from '#decisioning/state.ts';

export interface LiveAtParts {
  readonly get: LogReader['get'];
  /** An empty store; nothing is ever put in. */
  readonly newStore: (schema: EventSchema) => PersistentWindowStore;
}

export class LiveAt {
  readonly #parts: LiveAtParts;
  /** In the order of their last use. */
  readonly #known = new Map<string, EngineState>();
  /** One for each layout, shared by the publications of its time: nothing is compiled twice. */
  readonly #compilers = new Map<string, PolicyCompiler>();

  constructor(parts: LiveAtParts) {
    this.#parts = parts;
  }

  /** A state without a past, in which that publication is live. */
  async at({ publication, schema }: Pick<Versions, 'publication' | 'schema'>): Promise<EngineState> {
    const key = `${publication} ${schema}`;
    const state = this.#known.get(key) ?? await this.#made(publication, schemaNamed(schema));
    this.#known.delete(key);
    this.#known.set(key, state);
    const [oldest] = this.#known.keys();
    if (this.#known.size > LIMITS.explainedPublicationCountMax && oldest !== undefined) {
      this.#known.delete(oldest);
    }
    return state;
  }

  async #made(position: number, schema: EventSchema): Promise<EngineState> {
    const compiler = this.#compilers.get(schema.name) ?? new PolicyCompiler(schema);
    this.#compilers.set(schema.name, compiler);
    const state = new EngineState(schema, this.#parts.newStore(schema), compiler);
    if (position === 0) return state;
    const { publication, amendment } = await inForceAt(this.#parts, position);
    if (amendment === undefined) state.publish(publication, position);
    else state.enactAmended(publication, amendment, position);
    return state;
  }
}

/** The schema of a name: `transaction.v1+items:int,iban:string:now` says which custom fields it has. */
export function schemaNamed(name: string): EventSchema {
  const [, declared = ''] = name.split('+', 2);
  const custom = declared.split(',').filter((one) => one !== '').map(parseCustom);
  return eventSchema(custom);
}

function parseCustom(text: string): CustomField {
  const [name = '', type = '', when] = text.split(':');
  return { name, type: type as CustomField['type'], history: when !== 'now', description: '' };
}
