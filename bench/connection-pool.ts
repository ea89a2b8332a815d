import { Connection } from './connection.ts';
import { sharedNowMs } from './pacer.ts';

const CONNECTION_COUNT_MAX = 256;
/** Servers close connections that were idle for 5 s (Node's default); a call must not meet that moment. */
const IDLE_MS_MAX = 3_000;

/** Keep-alive connections to one server. The one used last is used next, so that few are open. */
export class ConnectionPool {
  readonly #url: URL;
  readonly #key: string;
  readonly #idle: { readonly connection: Connection; readonly sinceMs: number }[] = [];
  readonly #busy = new Set<Connection>();

  constructor(url: URL, key: string) {
    this.#url = url;
    this.#key = key;
  }

  /** Undefined where as many are busy as may be. */
  take(): Connection | undefined {
    const connection = this.#free() ?? this.#open();
    if (connection !== undefined) this.#busy.add(connection);
    return connection;
  }

  giveBack(connection: Connection): void {
    this.#busy.delete(connection);
    if (!connection.broken) this.#idle.push({ connection, sinceMs: sharedNowMs() });
  }

  close(): void {
    for (const connection of [...this.#busy, ...this.#idle.map((one) => one.connection)]) connection.close();
  }

  /** The one used last; where that is too long ago, so it is for all below it. */
  #free(): Connection | undefined {
    const last = this.#idle.pop();
    if (last === undefined || (!last.connection.broken && sharedNowMs() - last.sinceMs < IDLE_MS_MAX)) {
      return last?.connection;
    }
    for (const { connection } of [last, ...this.#idle]) connection.close();
    this.#idle.length = 0;
    return undefined;
  }

  #open(): Connection | undefined {
    if (this.#busy.size + this.#idle.length >= CONNECTION_COUNT_MAX) return undefined;
    return new Connection(this.#url, this.#key);
  }
}
