/** Policies by their content: what was compiled is not compiled again, for a roll-back as for a snooze. */
import type { EventSchema } from '#domain/field.ts';
import { LIMITS } from '#domain/limits.ts';
import { compileSteps } from '#policy/compile-policy.ts';
import type { CompiledPolicy } from '#policy/compiled-policy.ts';
import { renderDiagnostics } from '#policy/render-diagnostic.ts';
import type { Steps } from '#policy/steps.ts';
import { Latest } from './latest.ts';

export class PolicyCompiler {
  readonly #schema: EventSchema;
  readonly #known = new Latest<CompiledPolicy>(LIMITS.compiledPolicyCountMax);

  constructor(schema: EventSchema) {
    this.#schema = schema;
  }

  /** The policy, or what is wrong with it as text for people. Its diagnostics name the file. */
  *compiled({ file, source }: { file: string; source: string }): Steps<CompiledPolicy | string> {
    const key = `${file}\0${source}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const result = yield* compileSteps(source, file, this.#schema);
    if (!('policy' in result)) return renderDiagnostics(result.diagnostics, source, file);
    this.#known.put(key, result.policy);
    return result.policy;
  }
}
