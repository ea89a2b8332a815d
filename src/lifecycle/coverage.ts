/** Which policy decides what, before and after: nothing is left undecided without a word. */
import { WITHOUT_POLICY } from '#decisioning/decision-of.ts';
import { KINDS } from '#domain/field.ts';
import type { CompiledPolicy } from '#policy/compiled-policy.ts';

type Decides = Pick<CompiledPolicy, 'name' | 'kinds'>;

/** A sentence for each kind of payment that another policy decides from then on, or none. */
export function coverageChanges(before: readonly Decides[], after: readonly Decides[]): readonly string[] {
  return KINDS.flatMap((kind) => {
    const [was, is] = [decider(before, kind), decider(after, kind)];
    if (was === undefined || was === is) return [];
    return [is === undefined
      ? `${kind}: no policy decides these payments from then on; they are answered ${WITHOUT_POLICY}, and `
        + 'each answer says so in `degraded`'
      : `${kind}: decided by ${is} from then on, not by ${was}`];
  });
}

/** A policy without kinds takes what no other names. */
function decider(policies: readonly Decides[], kind: string): string | undefined {
  const named = policies.find(({ kinds }) => kinds.includes(kind));
  return (named ?? policies.find(({ kinds }) => kinds.length === 0))?.name;
}
