/**
 * The language server of policies: messages in, messages out. Every request is answered, with a result or an
 * error; a document may be in any state, and no message of an editor ends the server but `exit`.
 */
import type { EventSchema } from '#domain/field.ts';
import { LIMITS } from '#domain/limits.ts';
import { messageOf } from '#domain/message-of.ts';
import type { OpenTestWorld } from '#policy/test-world.ts';
import { answersOf } from './answer.ts';
import { parseChanged, parseIncoming, parseOpened, parseUri, type MessageId } from './parse-params.ts';
import { PolicySession } from './policy-session.ts';
import { CAPABILITIES, ERROR, RequestRefused } from './protocol.ts';
import { TextDocument } from './text-document.ts';
import type { Later } from './test-run.ts';

export interface LanguageServerParts {
  readonly schema: EventSchema;
  /** Where tests run while somebody types. */
  readonly open: OpenTestWorld;
  readonly later: Later;
  readonly nowMs: () => number;
  readonly send: (message: object) => void;
  /** 0 after `shutdown`, otherwise 1. */
  readonly exit: (code: 0 | 1) => void;
}

const MESSAGE_ERROR = 1;

export class LanguageServer {
  readonly #parts: LanguageServerParts;
  readonly #sessions = new Map<string, PolicySession>();
  readonly #answers: ReturnType<typeof answersOf>;
  #state: 'new' | 'running' | 'down' = 'new';

  constructor(parts: LanguageServerParts) {
    this.#parts = parts;
    this.#answers = answersOf(parts.schema);
  }

  receive(value: unknown): void {
    const message = parseIncoming(value);
    switch (message.kind) {
      case 'request':
        this.#request(message.id, message.method, message.params);
        break;
      case 'notification':
        this.#notification(message.method, message.params);
        break;
      case 'invalid':
        this.#fail(message.id, ERROR.invalidRequest, 'this is no message of JSON-RPC 2.0');
        break;
      case 'response':
        break;
    }
  }

  /** Calls off what is due, so that nothing holds the process. */
  close(): void {
    for (const session of this.#sessions.values()) session.close();
    this.#sessions.clear();
  }

  /** A frame whose JSON cannot be read: nobody knows which request it was. */
  unreadable(because: string): void {
    this.#fail(null, ERROR.parse, because);
  }

  #request(id: MessageId, method: string, params: unknown): void {
    try {
      this.#parts.send({ jsonrpc: '2.0', id, result: this.#result(method, params) });
    } catch (error) {
      const code = error instanceof RequestRefused ? error.code : ERROR.internal;
      this.#fail(id, code, messageOf(error));
    }
  }

  #result(method: string, params: unknown): unknown {
    if (method === 'initialize') {
      if (this.#state !== 'new') throw new RequestRefused('it is initialized already', ERROR.invalidRequest);
      this.#state = 'running';
      return { capabilities: CAPABILITIES, serverInfo: { name: 'assay' } };
    }
    if (this.#state === 'new') throw new RequestRefused('send `initialize` first', ERROR.notInitialized);
    if (this.#state === 'down') throw new RequestRefused('it is shut down', ERROR.invalidRequest);
    if (method === 'shutdown') {
      this.#state = 'down';
      this.close();
      return null;
    }
    const answer = this.#answers.get(method);
    if (answer === undefined) throw new RequestRefused(`there is no method ${method}`, ERROR.unknownMethod);
    const uri = parseUri(params);
    const session = this.#sessions.get(uri);
    if (session === undefined) throw new RequestRefused(`${uri} is not open`, ERROR.invalidParams);
    return answer(session, params);
  }

  #fail(id: MessageId | null, code: number, message: string): void {
    this.#parts.send({ jsonrpc: '2.0', id, error: { code, message } });
  }

  #notification(method: string, params: unknown): void {
    if (method === 'exit') {
      this.#parts.exit(this.#state === 'down' ? 0 : 1);
      return;
    }
    if (this.#state !== 'running') return;
    this.#guarded(() => {
      if (method === 'textDocument/didOpen') this.#opened(params);
      else if (method === 'textDocument/didChange') this.#changed(params);
      else if (method === 'textDocument/didClose') this.#closed(params);
    });
  }

  /** Nobody waits for the answer to a notification: what went wrong is shown to the person. */
  #guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      const message = messageOf(error);
      this.#notify('window/logMessage', { type: MESSAGE_ERROR, message });
    }
  }

  #notify(method: string, params: object): void {
    this.#parts.send({ jsonrpc: '2.0', method, params });
  }

  #opened(params: unknown): void {
    const { uri, version, text } = parseOpened(params);
    if (this.#sessions.size >= LIMITS.editorDocumentCountMax && !this.#sessions.has(uri)) {
      throw new RequestRefused(
        `${this.#sessions.size} documents are open; the limit is ${LIMITS.editorDocumentCountMax}`);
    }
    this.#sessions.get(uri)?.close();
    const { later, nowMs, open, schema } = this.#parts;
    const guarded: Later = (ms, run) => later(ms, () => { this.#guarded(run); });
    this.#sessions.set(uri, new PolicySession(new TextDocument(uri, version, text), {
      schema, open, nowMs, later: guarded,
      publish: (document, diagnostics) => {
        this.#notify('textDocument/publishDiagnostics',
          { uri: document.uri, version: document.version, diagnostics });
      },
    }));
  }

  #changed(params: unknown): void {
    const { uri, version, changes } = parseChanged(params);
    const session = this.#sessions.get(uri);
    session?.change(session.document.changed(version, changes));
  }

  #closed(params: unknown): void {
    const uri = parseUri(params);
    this.#sessions.get(uri)?.close();
    this.#sessions.delete(uri);
  }
}
