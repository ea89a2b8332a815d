/**
 * What was live at a log position, compiled again, by the same doors through which the engine made it live.
 */
import { eventSchema, type CustomField, type EventSchema } from '#domain/field.ts';
import { LIMITS } from '#domain/limits.ts';
import type { LogReader } from '#ports/decision-log.ts';
import type { PersistentWindowStore } from '#ports/window-store.ts';
import { inForceAt } from '#decisioning/in-force.ts';
import { Latest } from '#decisioning/latest.ts';
import { PolicyCompiler } from '#decisioning/policy-compiler.ts';
import { isAmendment, readAmendment, readPublication } from '#decisioning/publication.ts';
import type { Versions } from '#decisioning/record.ts';
import { EngineState } from '#decisioning/state.ts';
import type { CompiledPolicy } from '#policy/compiled-policy.ts';
import { atOnce } from '#policy/steps.ts';

/** What versions name where no policy judged. */
const NOBODY = 'none';

export interface LiveAtParts {
  readonly get: LogReader['get'];
  /** An empty store; nothing is ever put in. */
  readonly newStore: (schema: EventSchema) => PersistentWindowStore;
}

export class LiveAt {
  readonly #parts: LiveAtParts;
  readonly #states = new Latest<EngineState>(LIMITS.explainedPublicationCountMax);
  /** By layout and hash: what a decision names is found here without its publication being read. */
  readonly #policies = new Latest<CompiledPolicy>(LIMITS.compiledPolicyCountMax);
  /** One for each layout, shared by the publications of its time: nothing is compiled twice. */
  readonly #compilers = new Map<string, PolicyCompiler>();

  constructor(parts: LiveAtParts) {
    this.#parts = parts;
  }

  /** A state without a past, in which that publication is live. */
  async at({ publication, schema }: Pick<Versions, 'publication' | 'schema'>): Promise<EngineState> {
    const key = `${publication} ${schema}`;
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    const state = await this.#made(publication, schema);
    const judging = (state.live?.judging ?? []).map(({ policy }) => policy);
    for (const policy of judging) this.#policies.put(`${schema} ${policy.hash}`, policy);
    this.#states.put(key, state);
    return state;
  }

  /** The policy that these versions name, bound to nothing; undefined for a payment that none judged. */
  async policyOf(
    { publication: position, schema, policy: hash }: Pick<Versions, 'publication' | 'schema' | 'policy'>,
  ): Promise<CompiledPolicy | undefined> {
    const key = `${schema} ${hash}`;
    const known = this.#policies.get(key);
    if (known !== undefined || position === 0 || hash === NOBODY) return known;
    const { publication, amendment } = await inForceAt(this.#parts, position);
    const compiler = this.#compilerOf(schema);
    for (const source of [...publication.policies, ...amendment?.challengers ?? []]) {
      const policy = atOnce(compiler.compiled(source));
      if (typeof policy !== 'string') this.#policies.put(`${schema} ${policy.hash}`, policy);
    }
    return this.#policies.get(key);
  }

  async #made(position: number, name: string): Promise<EngineState> {
    const compiler = this.#compilerOf(name);
    const schema = schemaNamed(name);
    const state = new EngineState(schema, this.#parts.newStore(schema), compiler);
    if (position === 0) return state;
    const record = await this.#parts.get(position);
    if (record?.kind !== 'publication') {
      throw new Error(`position ${position} of the log is not a publication`);
    }
    if (isAmendment(record)) {
      const amendment = readAmendment(record);
      // Lists are long and policies large: what amends them is put on what is bound already.
      const base = await this.at({ publication: amendment.base, schema: name });
      return base.besideAmended(amendment, position);
    }
    state.publish(readPublication(record), position);
    return state;
  }

  #compilerOf(schema: string): PolicyCompiler {
    const compiler = this.#compilers.get(schema) ?? new PolicyCompiler(schemaNamed(schema));
    this.#compilers.set(schema, compiler);
    return compiler;
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
