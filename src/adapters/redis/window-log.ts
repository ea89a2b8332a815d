/**
 * The window logs of a Redis or Valkey. An error is "unknown", never "not done" (but where it says so): the
 * script finds what an earlier call did, so whoever asks may ask again.
 *
 * INVARIANT: no command is sent twice by the client, and none waits for a connection: what cannot be sent
 * now is refused now, and what is not answered in time is left alone. Nothing is appended to logs that were
 * not whole when it was sent, or are not when it arrives.
 */
import { Buffer } from 'node:buffer';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  WindowLogUnavailable, type CallOptions, type LogAnswer, type LogCall, type WindowEntry,
} from '#ports/window-log.ts';
import type {
  LogCondition, LogHealth, RepairableLog, RestoreEntry, Restored,
} from '#ports/window-repair.ts';
import { keyOf, sharedKeys } from './keys.ts';
import {
  CONNECT_MS_MAX, RedisLine, unavailable, answeredWithin, type RedisLineOptions,
} from './redis-line.ts';
import { Renewals } from './renewals.ts';
import { RESTORED } from './restore-script.ts';

export interface RedisWindowLogOptions extends RedisLineOptions {
  /** Longest wait for the answer of one call. */
  readonly answerMsMax: number;
  /** A log to which nothing was appended for so long is gone. */
  readonly retentionMs: number;
  /** Entries that are kept of one log; the oldest go. */
  readonly entriesPerLogMax: number;
}

const REOPEN_MS_MIN = 20;
const REOPEN_MS_MAX = 1_000;
/** A connection on which something was asked, and nothing was heard for so long, is given up. */
const SILENT_MS_MAX = 1_000;
const REPAIR_MS_MAX = 10_000;
/** Of one script: Redis does nothing else meanwhile. */
const RESTORED_AT_ONCE = 100;
/** A log's expiry is renewed so often by a node that appends to it. */
const RENEWAL_MS_MAX = 86_400_000;
const PLACE_BYTES = 6;
const HEADER_BYTES = 22;

/** A connection, and the state of whole logs that was read on it. */
interface Whole { readonly line: RedisLine; readonly state: string; readonly epoch: number }

export class RedisWindowLog implements RepairableLog {
  readonly #options: RedisWindowLogOptions;
  readonly #keys: ReturnType<typeof sharedKeys>;
  #renewals: Renewals;
  readonly #renewalMs: number;
  /** As much longer than promised as its renewal may be late. */
  readonly #expiryMs: number;
  #line: RedisLine | undefined;
  #whole: Whole | undefined;
  #looking: Promise<LogHealth> | undefined;
  #heardAt = 0;
  #state = '';
  #closing = false;

  private constructor(options: RedisWindowLogOptions) {
    this.#options = options;
    this.#keys = sharedKeys(options.mark);
    this.#renewalMs = Math.min(RENEWAL_MS_MAX, Math.ceil(options.retentionMs / 10));
    this.#renewals = new Renewals(this.#renewalMs);
    this.#expiryMs = options.retentionMs + this.#renewalMs;
  }

  /** Throws WindowLogUnavailable where nobody answers, or not as Redis does. */
  static async open(options: RedisWindowLogOptions): Promise<RedisWindowLog> {
    const log = new RedisWindowLog(options);
    await log.#open();
    return log;
  }

  call(calls: readonly LogCall[], options: CallOptions = {}): Promise<readonly LogAnswer[]> {
    return this.#append(calls, options);
  }

  /** The same where the keys are on their way here from another process of the cluster. */
  callMoving(calls: readonly LogCall[], options: CallOptions = {}): Promise<readonly LogAnswer[]> {
    return this.#append(calls, options, 'ASKING');
  }

  async #append(
    calls: readonly LogCall[], options: CallOptions, before?: 'ASKING',
  ): Promise<readonly LogAnswer[]> {
    if (calls.length === 0) return [];
    const { answerMsMax, entriesPerLogMax } = this.#options;
    const keys = calls.map(({ name }) => keyOf(name));
    const due = keys.map((key, i) =>
      calls[i]?.bytes !== undefined && this.#renewals.isDue(key, performance.now()));
    const { flight, landed = [] } = options;
    const withinMs = Math.min(options.withinMs ?? answerMsMax, answerMsMax);
    const line = this.#connected();
    try {
      return await answeredWithin(withinMs, (async () => {
        const { state, epoch } = await this.#mustBeWhole(line);
        const args = [
          state, `${this.#expiryMs}`, `${entriesPerLogMax}`,
          flight === undefined ? NOTHING : Buffer.from(flight.id, 'hex'),
          flight === undefined ? NOTHING : bufferOf(flight.bytes),
          `${landed.length}`, ...landed.map((id) => Buffer.from(id, 'hex')), ...packed(calls, due),
        ];
        const answered = await line.script('append', keys, args, before);
        this.#heardAt = performance.now();
        const answers = answersOf(answered, calls, epoch);
        // Only what appends renews.
        for (const [i, answer] of answers.entries()) {
          if (due[i] === true && answer.kind === 'read' && answer.isNew) this.#renewals.done(keys[i]!);
        }
        return answers;
      })());
    } catch (error) {
      throw this.#failed(line, error);
    }
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#line?.destroy();
    this.#line = undefined;
  }

  async health(): Promise<LogHealth> {
    return this.#ask((line) => this.#look(line));
  }

  lease(holder: string, forMs: number): Promise<boolean> {
    return this.#ask(async (line) => {
      const taken = await line.send('SET', this.#keys.lease, holder, 'NX', 'PX', `${Math.max(1, forMs)}`);
      if (taken !== null) return true;
      if (textOf(await line.send('GET', this.#keys.lease)) !== holder) return false;
      await line.send('PEXPIRE', this.#keys.lease, `${forMs}`);
      return true;
    });
  }

  restore(entries: readonly RestoreEntry[], condition: LogCondition): Promise<readonly Restored[]> {
    const { entriesPerLogMax } = this.#options;
    return this.#ask(async (line) => {
      const state = this.#whole?.line === line ? this.#whole.state : '';
      if (condition === 'whole') await this.#mustBeWhole(line);
      const limits = [state, condition === 'whole' ? '1' : '0', `${this.#expiryMs}`, `${entriesPerLogMax}`];
      const asked: Promise<unknown>[] = [];
      for (let from = 0; from < entries.length; from += RESTORED_AT_ONCE) {
        const some = entries.slice(from, from + RESTORED_AT_ONCE);
        const args = [...limits, ...some.flatMap(restoreArgsOf)];
        asked.push(line.script('restore', some.map(({ name }) => keyOf(name)), args));
      }
      return (await Promise.all(asked)).flatMap(restoredOf);
    });
  }

  begin(epoch: number): Promise<void> {
    return this.#ask(async (line) => {
      await line.script('begin', [], [line.run, `${epoch} ${line.run}`]);
      await this.#look(line);
    });
  }

  /** Lost from now on, until they are begun again. */
  lose(): Promise<void> {
    return this.#ask(async (line) => {
      await line.send('DEL', this.#keys.state);
      await this.#look(line);
    });
  }

  checkpoint(): Promise<readonly number[] | undefined> {
    return this.#ask(async (line) => {
      const said = textOf(await line.send('GET', this.#keys.checkpoint));
      return said === undefined ? undefined : parseOffsets(said);
    });
  }

  advance(offsets: readonly number[]): Promise<void> {
    return this.#ask(async (line) => {
      await line.send('SET', this.#keys.checkpoint, JSON.stringify(offsets));
    });
  }

  flights(): Promise<readonly string[]> {
    return this.#ask(async (line) => {
      const ids = await line.send('HKEYS', this.#keys.flights);
      return Array.isArray(ids) ? ids.map((id: Buffer) => id.toString('hex')) : [];
    });
  }

  flight(id: string): Promise<Uint8Array | undefined> {
    return this.#ask(async (line) => {
      const bytes = await line.send('HGET', this.#keys.flights, Buffer.from(id, 'hex'));
      return bytes instanceof Buffer ? bytes : undefined;
    });
  }

  landed(ids: readonly string[]): Promise<void> {
    return this.#ask(async (line) => {
      const fields = ids.map((id) => Buffer.from(id, 'hex'));
      if (fields.length > 0) await line.send('HDEL', this.#keys.flights, ...fields);
    });
  }

  #connected(): RedisLine {
    const line = this.#line;
    if (line?.isReady === true) return line;
    throw new WindowLogUnavailable('unreachable', 'there is no connection to Redis now');
  }

  async #ask<Result>(asking: (line: RedisLine) => Promise<Result>): Promise<Result> {
    const line = this.#connected();
    try {
      const answered = await answeredWithin(REPAIR_MS_MAX, asking(line));
      this.#heardAt = performance.now();
      return answered;
    } catch (error) {
      throw this.#failed(line, error);
    }
  }

  async #mustBeWhole(line: RedisLine): Promise<Whole> {
    if (this.#whole?.line !== line) await this.#look(line);
    if (this.#whole?.line === line) return this.#whole;
    throw new WindowLogUnavailable('recovering', 'the window logs are being made whole');
  }

  /** Whether the logs are whole now; who asks meanwhile hears the same. */
  #look(line: RedisLine): Promise<LogHealth> {
    this.#looking ??= this.#readState(line).finally(() => { this.#looking = undefined; });
    return this.#looking;
  }

  async #readState(line: RedisLine): Promise<LogHealth> {
    const state = textOf(await line.send('GET', this.#keys.state)) ?? '';
    const [epoch = '0', run = ''] = state.split(' ');
    const isWhole = run === line.run;
    // Logs of a replica will not be whole, ever: the address leads elsewhere by now, or will.
    if (!isWhole && await isReplica(line)) throw new Error('READONLY this Redis is a replica');
    // What was renewed may have been lost with what was appended.
    if (this.#state !== state) this.#renewals = new Renewals(this.#renewalMs);
    this.#state = state;
    this.#whole = isWhole ? { line, state, epoch: Number(epoch) } : undefined;
    return { condition: isWhole ? 'whole' : 'lost', epoch: Number(epoch) };
  }

  #failed(line: RedisLine, error: unknown): WindowLogUnavailable {
    const fault = unavailable(error);
    // Read again by the next call.
    if (fault.code === 'recovering') this.#whole = undefined;
    const isSilent = fault.code === 'late' && performance.now() - this.#heardAt > SILENT_MS_MAX;
    if (isSilent || /^(READONLY|MASTERDOWN) /.test(fault.message)) this.#lose(line);
    return fault;
  }

  /** The line is given up, and another is opened. */
  #lose(line: RedisLine): void {
    if (this.#line !== line) return;
    this.#line = undefined;
    line.destroy();
    void this.#reopen();
  }

  async #reopen(): Promise<void> {
    for (let waitMs = REOPEN_MS_MIN; !this.#closing; waitMs = Math.min(REOPEN_MS_MAX, waitMs * 2)) {
      await sleep(waitMs, undefined, { ref: false });
      if (this.#closing || await this.#open().then(() => true, () => false)) return;
    }
  }

  async #open(): Promise<void> {
    const line = await RedisLine.open(this.#options, (lost) => { this.#lose(lost); });
    if (this.#closing) {
      line.destroy();
      return;
    }
    this.#heardAt = performance.now();
    this.#line = line;
    this.#looking = undefined;
    await answeredWithin(CONNECT_MS_MAX, this.#look(line)).catch((error: unknown) => {
      throw this.#failed(line, error);
    });
  }
}

async function isReplica(line: RedisLine): Promise<boolean> {
  const role = await line.send('ROLE');
  return Array.isArray(role) && textOf(role[0]) === 'slave';
}

const NOTHING = Buffer.alloc(0);
const GATES = { same: 1, other: 2 } as const;
const CALL_BYTES = 48;

const textOf = (said: unknown): string | undefined => (said instanceof Buffer ? said.toString() : undefined);
const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

function parseOffsets(text: string): readonly number[] | undefined {
  const offsets: unknown = JSON.parse(text);
  return Array.isArray(offsets) && offsets.every((one) => Number.isSafeInteger(one))
    ? offsets as number[] : undefined;
}

/** As the script takes them: 48 bytes of each in one piece, then what they say, the same only once. */
function packed(calls: readonly LogCall[], renewed: readonly boolean[]): readonly Buffer[] {
  const heads = Buffer.alloc(calls.length * CALL_BYTES);
  const contents: Uint8Array[] = [NOTHING];
  for (const [i, { known, id, bytes, gate }] of calls.entries()) {
    const at = i * CALL_BYTES;
    if (known.seq > 0) {
      heads.writeUIntBE(known.seq, at, PLACE_BYTES);
      heads.write(known.id, at + PLACE_BYTES, 'hex');
    }
    heads.writeUIntBE(known.seq + 1, at + HEADER_BYTES, PLACE_BYTES);
    heads.write(id, at + HEADER_BYTES + PLACE_BYTES, 'hex');
    heads[at + 2 * HEADER_BYTES] = gate === undefined ? 0 : GATES[gate];
    heads[at + 2 * HEADER_BYTES + 1] = renewed[i] === true ? 1 : 0;
    if (bytes === undefined) continue;
    if (contents.at(-1) !== bytes) contents.push(bytes);
    heads.writeUInt16BE(contents.length - 1, at + 2 * HEADER_BYTES + 2);
  }
  return [heads, ...contents.map(bufferOf)];
}

function answersOf(answered: unknown, calls: readonly LogCall[], epoch: number): readonly LogAnswer[] {
  if (!Array.isArray(answered) || answered.length !== calls.length) {
    throw new WindowLogUnavailable('refused', 'the script did not answer for every log');
  }
  return answered.map((answer: unknown, i) => parseAnswer(answer, calls[i]!, epoch));
}

/** As the script answers. */
function parseAnswer(answered: unknown, { known, id, bytes = NOTHING }: LogCall, epoch: number): LogAnswer {
  const entryAt = (seq: number): WindowEntry => ({ seq, id, bytes });
  if (answered === 0) return { kind: 'read', seq: 0, isNew: false, epoch, behind: [] };
  if (answered === 1) {
    return { kind: 'read', seq: known.seq + 1, isNew: true, epoch, behind: [entryAt(known.seq + 1)] };
  }
  const [seq, isNew, ...behind] = answered as readonly [number, number, ...Buffer[]];
  if (seq === -1) return { kind: 'diverged', seq: isNew };
  const entries = behind.map(entryOf);
  if (isNew === 1) entries.push(entryAt(seq));
  return { kind: 'read', seq, isNew: isNew === 1, epoch, behind: entries };
}

const entryOf = (entry: Buffer): WindowEntry => ({
  seq: entry.readUIntBE(0, PLACE_BYTES), id: entry.toString('hex', PLACE_BYTES, HEADER_BYTES),
  bytes: entry.subarray(HEADER_BYTES),
});

const restoreArgsOf = ({ seq, id, bytes, leftSeq = 0 }: RestoreEntry): readonly (string | Buffer)[] =>
  [`${seq}`, Buffer.from(id, 'hex'), bufferOf(bytes), `${leftSeq}`];

function restoredOf(answered: unknown): readonly Restored[] {
  if (!Array.isArray(answered)) throw new WindowLogUnavailable('refused', 'the script did not answer');
  return answered.map(([kind, seq]: readonly [number, number]) => ({ kind: RESTORED[kind] ?? 'old', seq }));
}
