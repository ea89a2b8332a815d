/** A worker thread that compiles documents and runs their tests, away from the deciding one. */
import { parentPort, workerData } from 'node:worker_threads';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { eventSchema, type CustomField } from '#domain/field.ts';
import { storeWorld } from '#policy/store-world.ts';
import { checkPolicy } from './check-policy.ts';

export interface CheckOrder { readonly file: string; readonly source: string }

const schema = eventSchema(workerData as readonly CustomField[]);
const open = storeWorld((fields) => new LocalWindowStore(fields));

parentPort?.on('message', ({ id, question }: { readonly id: number; readonly question: CheckOrder }) => {
  try {
    parentPort?.postMessage({ id, answer: checkPolicy(question.file, question.source, schema, open) });
  } catch (error) {
    parentPort?.postMessage({ id, failure: error instanceof Error ? error.message : String(error) });
  }
});
