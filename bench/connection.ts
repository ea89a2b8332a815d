import { connect } from 'node:net';
import type { Socket } from 'node:net';

export interface Answer { readonly status: number; readonly body: string }

/** What is wrong with an answer, in short; undefined for a decision. */
export const faultOf = ({ status, body }: Answer): string | undefined =>
  (status === 200 ? undefined : `${status} ${body}`.slice(0, 300));

export const isDegraded = ({ body }: Answer): boolean => /"degraded":\[\{/.test(body);

/**
 * One keep-alive HTTP/1.1 connection with one call at a time, over a plain socket: a general client would
 * cost more CPU than the server it loads. Understands answers with a content-length, which is what our
 * servers send.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #head: string;
  #received: Buffer = Buffer.alloc(0);
  #settle: ((answer: Answer | Error) => void) | undefined;
  #broken = false;

  constructor(url: URL, key: string) {
    this.#head = `POST ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nAuthorization: Bearer ${key}\r\n` +
      'Content-Type: application/json\r\nContent-Length: ';
    this.#socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  get broken(): boolean {
    return this.#broken;
  }

  /** Calls back once, with the answer or with what went wrong. */
  call(body: string, settle: (answer: Answer | Error) => void): void {
    this.#settle = settle;
    this.#socket.write(`${this.#head}${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }

  async ask(body: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.call(body, (answer) => (answer instanceof Error ? reject(answer) : resolve(answer)));
    });
  }

  close(): void {
    this.#broken = true;
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const headEnd = this.#received.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const head = this.#received.toString('latin1', 0, headEnd);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length === undefined) {
      this.#fail(new Error(`an answer without content-length: ${head}`));
      return;
    }
    const end = headEnd + 4 + Number(length);
    if (this.#received.length < end) return;
    const body = this.#received.toString('utf8', headEnd + 4, end);
    const answer = { status: Number(head.slice(9, 12)), body };
    this.#received = this.#received.subarray(end);
    if (/\r\nconnection: *close/i.test(head)) this.close();
    this.#give(answer);
  }

  #fail(error: Error): void {
    this.#broken = true;
    this.#socket.destroy();
    this.#give(error);
  }

  #give(answer: Answer | Error): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(answer);
  }
}
