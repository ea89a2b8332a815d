/** A worker thread that compiles documents and runs their tests, away from the deciding one. */
import { workerData } from 'node:worker_threads';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { eventSchema, type CustomField } from '#domain/field.ts';
import type { CheckedPolicy, NotCompiled } from '#lifecycle/parts.ts';
import { storeWorld } from '#policy/store-world.ts';
import { answerQuestions } from './answer-questions.ts';
import { checkPolicy } from './check-policy.ts';

export interface CheckOrder { readonly file: string; readonly source: string }

const schema = eventSchema(workerData as readonly CustomField[]);
const open = storeWorld((fields) => new LocalWindowStore(fields));

answerQuestions<CheckOrder, CheckedPolicy | NotCompiled>(({ file, source }) =>
  checkPolicy(file, source, schema, open));
