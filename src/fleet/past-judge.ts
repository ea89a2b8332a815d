import { isRefusal, parseTransactionCall } from '#domain/parse-event.ts';
import type { EventSchema } from '#domain/field.ts';
import type { DecideCall } from '#decisioning/call.ts';
import { inForceAt } from '#decisioning/in-force.ts';
import type { PolicyCompiler } from '#decisioning/policy-compiler.ts';
import { EngineState, type Admitted } from '#decisioning/state.ts';
import type { LogReader } from '#ports/decision-log.ts';
import type { SharedWindowStore } from '#ports/window-store.ts';
import { SharedWindows } from './shared-windows.ts';
import type { EntryCodec, Pin } from './window-entry.ts';

export interface PastJudgeParts {
  readonly schema: EventSchema;
  readonly codec: EntryCodec;
  readonly newWindowStore: () => SharedWindowStore;
  readonly compiler: PolicyCompiler;
  /** Publications and amendments, by position. */
  readonly publications: Pick<LogReader, 'get'>;
}

export interface Past {
  readonly state: EngineState;
  /** Empty: to be filled up to the entries of the payment. */
  readonly windows: SharedWindows;
  /** The payment, as when it first arrived. */
  readonly admitted: Admitted;
}

/**
 * What a payment was judged by when it first arrived, made again for it alone: windows, and what was live.
 */
export class PastJudge {
  readonly #parts: PastJudgeParts;

  constructor(parts: PastJudgeParts) {
    this.#parts = parts;
  }

  async open({ bytes, tenant }: DecideCall, { receivedAtMs, publication }: Pin): Promise<Past> {
    const { schema, codec, newWindowStore, compiler, publications } = this.#parts;
    const store = newWindowStore();
    const state = new EngineState(schema, store, compiler);
    if (publication > 0) {
      const { publication: published, amendment, base } = await inForceAt(publications, publication);
      if (amendment === undefined) state.publish(published, base);
      else state.enactAmended(published, amendment, publication);
    }
    const parsed = parseTransactionCall(bytes, schema, receivedAtMs, tenant);
    const admitted = isRefusal(parsed) ? parsed : state.admit(parsed.event);
    if (isRefusal(admitted)) throw new Error(`what was taken in is refused now: ${admitted.detail}`);
    return { state, admitted, windows: new SharedWindows(schema, store, codec) };
  }
}
