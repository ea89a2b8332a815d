/** The one session of an embedded PostgreSQL in a thread: it may block there, and this thread goes on. */
import { Worker } from 'node:worker_threads';
import { messageOf } from '#domain/message-of.ts';
import { SqlFault, type SqlConnection, type SqlResult } from '#records/sql-source.ts';
import type { Answer, Question } from './pglite-call.ts';

type WithoutId<One> = One extends unknown ? Omit<One, 'id'> : never;

export class PgliteSession implements SqlConnection {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, PromiseWithResolvers<SqlResult>>();
  #nextId = 1;
  #ended: SqlFault | undefined;
  readonly #end: PromiseWithResolvers<SqlFault> = Promise.withResolvers();

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (answer: Answer) => { this.#hear(answer); });
    worker.on('error', (why) => { this.#hearEnd(messageOf(why)); });
    worker.on('exit', (code) => { this.#hearEnd(`the thread of the database ended with ${code}`); });
  }

  /** Makes the database where the folder is not there. Throws SqlFault `lost` where it cannot be opened. */
  static async open(folder: string): Promise<PgliteSession> {
    const worker = new Worker(new URL('./pglite-thread.ts', import.meta.url), { workerData: folder });
    const session = new PgliteSession(worker);
    const open = Promise.withResolvers<SqlResult>();
    session.#waiting.set(0, open);
    await open.promise;
    return session;
  }

  /** Resolves when the thread has ended, whoever ended it; never rejects. */
  get ended(): Promise<SqlFault> {
    return this.#end.promise;
  }

  query(sql: string, params: readonly unknown[]): Promise<SqlResult> {
    return this.#ask({ kind: 'query', sql, params });
  }

  async script(sql: string): Promise<void> {
    await this.#ask({ kind: 'script', sql });
  }

  /** Everything is on the disk when it resolves. */
  async close(): Promise<void> {
    await this.#ask({ kind: 'close' });
    await this.#worker.terminate();
  }

  /** Without a word, as if the process had died. */
  async abandon(): Promise<void> {
    await this.#worker.terminate();
  }

  #ask(question: WithoutId<Question>): Promise<SqlResult> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = this.#nextId++;
    const waiting = Promise.withResolvers<SqlResult>();
    this.#waiting.set(id, waiting);
    this.#worker.postMessage({ ...question, id });
    return waiting.promise;
  }

  #hear(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (!('fault' in answer)) waiting?.resolve(answer);
    else waiting?.reject(new SqlFault(answer.fault.code, answer.fault.message));
  }

  #hearEnd(why: string): void {
    const ended = this.#ended ??= new SqlFault('lost', why);
    for (const { reject } of this.#waiting.values()) reject(ended);
    this.#waiting.clear();
    this.#end.resolve(ended);
  }
}
