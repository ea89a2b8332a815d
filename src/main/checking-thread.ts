/** The checker of the life cycle, in a thread of its own. */
import type { CustomField } from '#domain/field.ts';
import type { CheckedPolicy, NotCompiled, PolicyChecker } from '#lifecycle/parts.ts';
import { askingThread } from './asking-thread.ts';
import type { CheckOrder } from './check-worker.ts';

export interface CheckingThread { readonly check: PolicyChecker; stop(): Promise<void> }

export function checkingThread(custom: readonly CustomField[]): CheckingThread {
  const script = new URL('./check-worker.ts', import.meta.url);
  const thread = askingThread<CheckOrder, CheckedPolicy | NotCompiled>(script, custom, 'checking');
  return { check: (file, source) => thread.ask({ file, source }), stop: () => thread.stop() };
}
