import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '#domain/message-of.ts';
import { RecordsUnavailable } from '#ports/records.ts';
import { SqlFault, type SqlConnection, type SqlSource } from './sql-source.ts';

const RETRY_MS = 1_000;

/** What the system lacks for a while: room on the disk, open files. */
const PASSING: ReadonlySet<unknown> = new Set(['full', 'ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE']);

const isPassing = (why: unknown): boolean =>
  why instanceof SqlFault || (why instanceof Error && 'code' in why && PASSING.has(why.code));

type State<Source> =
  | { readonly kind: 'opening'; readonly why: RecordsUnavailable }
  | { readonly kind: 'open'; readonly source: Source }
  | { readonly kind: 'ended'; readonly why: RecordsUnavailable };

/**
 * A database that is opened beside everything else: until it is there, whoever asks is told that it is
 * starting. A server that cannot be reached is tried again; what waiting does not mend stays refused.
 */
export class OpeningSource<Source extends SqlSource> implements SqlSource {
  readonly #open: (onLost: () => void) => Promise<Source>;
  readonly #tell: (line: string) => void;
  #state: State<Source> = {
    kind: 'opening', why: new RecordsUnavailable('starting', 'the records are being opened'),
  };
  #opening: Promise<void>;
  readonly #closing = new AbortController();

  constructor(open: (onLost: () => void) => Promise<Source>, tell: (line: string) => void) {
    this.#open = open;
    this.#tell = tell;
    this.#opening = this.#keepOpening();
  }

  /** Settles when the database is open, or will not be without a person. */
  get settled(): Promise<void> {
    return this.#opening;
  }

  /** Throws RecordsUnavailable until the database is open. */
  get source(): Source {
    if (this.#state.kind === 'open') return this.#state.source;
    throw this.#state.why;
  }

  async acquire(): Promise<SqlConnection> {
    return this.source.acquire();
  }

  release(connection: SqlConnection, sound: boolean): void {
    this.source.release(connection, sound);
  }

  async #keepOpening(): Promise<void> {
    for (let told = ''; !this.#closing.signal.aborted;) {
      try {
        const lost = Promise.withResolvers<void>();
        const source = await this.#open(lost.resolve);
        this.#state = { kind: 'open', source };
        // Also where it was lost before this: never is a source that is lost kept as the open one.
        void lost.promise.then(() => { this.#lost(); });
        return;
      } catch (why) {
        const message = messageOf(why);
        if (message !== told) this.#tell(`records: not open: ${message}`);
        told = message;
        const unavailable = new RecordsUnavailable('unreachable', `the records are not open: ${message}`);
        const passes = isPassing(why);
        this.#state = { kind: passes ? 'opening' : 'ended', why: unavailable };
        if (!passes) return;
      }
      await sleep(RETRY_MS, undefined, { signal: this.#closing.signal }).catch(() => {});
    }
  }

  #lost(): void {
    if (this.#closing.signal.aborted) return;
    this.#tell('records: the database has ended by itself; it is opened again');
    const why = new RecordsUnavailable('starting', 'the records are being opened again');
    this.#state = { kind: 'opening', why };
    this.#opening = this.#keepOpening();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#opening;
    const former = this.#state;
    this.#state = { kind: 'ended', why: new RecordsUnavailable('closed', 'the records are closed') };
    if (former.kind === 'open') await former.source.close();
  }
}
