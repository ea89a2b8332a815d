/** Speaks the Language Server Protocol to the real `assay language-server`, as an editor does. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import type { CompletionItem, Diagnostic, Position, Range } from '#editor/protocol.ts';
import { encodeMessage, MessageStream } from '#editor/message-stream.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** What a server says may be anything. */
type Json = ReturnType<typeof JSON.parse>;
interface Answer {
  readonly id: number | null;
  readonly result?: Json;
  readonly error?: { readonly code: number; readonly message: string };
}
interface Published {
  readonly uri: string;
  readonly version: number;
  readonly diagnostics: readonly Diagnostic[];
}

export class EditorClient {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #stream = new MessageStream();
  readonly #waiting = new Map<number | null, PromiseWithResolvers<Answer>>();
  readonly #published: Published[] = [];
  #nextPublish = Promise.withResolvers<void>();
  #ended: Error | undefined;
  #id = 0;
  #version = 1;
  errors = '';

  constructor(name = 'language-server') {
    this.#child = spawn(process.execPath, ['src/main/assay.ts', name, '--stdio'], { cwd: ROOT });
    // Nobody waits for a process that has ended.
    this.#child.on('exit', (code) => {
      const ended = new Error(`the language server ended with ${code}: ${this.errors}`);
      this.#ended = ended;
      this.#nextPublish.promise.catch(() => {});
      this.#nextPublish.reject(ended);
      for (const { reject } of this.#waiting.values()) reject(ended);
    });
    this.#child.stdin.on('error', () => {});
    this.#child.stderr.on('data', (bytes: Buffer) => { this.errors += bytes.toString(); });
    this.#child.stdout.on('data', (bytes: Buffer) => {
      for (const frame of this.#stream.push(bytes)) {
        assert.equal(frame.kind, 'message');
  if (frame.kind === 'message') this.#receive(frame.value);
      }
    });
  }

  #receive(message: Json): void {
    if ('id' in message) {
      this.#waiting.get(message.id)?.resolve(message);
      this.#waiting.delete(message.id);
    } else if (message.method === 'textDocument/publishDiagnostics') {
      this.#published.push(message.params);
      this.#nextPublish.resolve();
      this.#nextPublish = Promise.withResolvers();
    }
  }

  raw(text: string | Uint8Array): void {
    this.#child.stdin.write(text);
  }

  /** The answer to the message whose id nobody could read. */
  async answerTo(id: number | null): Promise<Answer> {
    if (this.#ended !== undefined) throw this.#ended;
    const answer = Promise.withResolvers<Answer>();
    this.#waiting.set(id, answer);
    return answer.promise;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async ask(method: string, params: unknown): Promise<Answer> {
    const id = ++this.#id;
    const answer = this.answerTo(id);
    this.raw(encodeMessage({ jsonrpc: '2.0', id, method, params }));
    return answer;
  }

  async result(method: string, params: unknown): Promise<Json> {
    const answer = await this.ask(method, params);
    assert.equal(answer.error, undefined, `${method}: ${answer.error?.message}`);
    return answer.result;
  }

  tell(method: string, params: unknown): void {
    this.raw(encodeMessage({ jsonrpc: '2.0', method, params }));
  }

  async start(): Promise<Json> {
    const { capabilities } = await this.result('initialize',
      { processId: null, rootUri: null, capabilities: {} });
    this.tell('initialized', {});
    return capabilities;
  }

  open(uri: string, text: string): void {
    this.#version = 1;
    this.tell('textDocument/didOpen', { textDocument: { uri, languageId: 'yaml', version: 1, text } });
  }

  /** The whole text, or a part of it. */
  change(uri: string, text: string, range?: Range): number {
    this.#version += 1;
    this.tell('textDocument/didChange', { textDocument: { uri, version: this.#version },
      contentChanges: [range === undefined ? { text } : { range, text }] });
    return this.#version;
  }

  /** What is published of this version and meets the condition; what came before is forgotten. */
  async diagnostics(version: number,
    meets: (found: readonly Diagnostic[]) => boolean = () => true): Promise<readonly Diagnostic[]> {
    for (;;) {
      const found = this.#published.find((one) => one.version === version && meets(one.diagnostics));
      if (found !== undefined) {
        this.#published.length = 0;
        return found.diagnostics;
      }
      await this.#nextPublish.promise;
    }
  }

  /** Labels, the best first. */
  async complete(uri: string, position: Position): Promise<readonly CompletionItem[]> {
    const { items } = await this.result('textDocument/completion', { textDocument: { uri }, position });
    return items.toSorted((a: CompletionItem, b: CompletionItem) => (a.sortText < b.sortText ? -1 : 1));
  }

  /** Ends its input without a word. */
  async hangUp(): Promise<number | null> {
    this.#child.stdin.end();
    return this.exitCode();
  }

  async exitCode(): Promise<number | null> {
    const { exitCode } = this.#child;
    if (exitCode !== null || this.#child.signalCode !== null) return exitCode;
    const [code] = await once(this.#child, 'exit');
    return code;
  }

  async stop(): Promise<number | null> {
    await this.result('shutdown', null);
    this.tell('exit', null);
    return this.exitCode();
  }
}

/** The text without its mark, and where the mark was. */
export function marked(text: string, mark = '¦'): { text: string; position: Position; offset: number } {
  const offset = text.indexOf(mark);
  assert.notEqual(offset, -1, `no ${mark} in ${text}`);
  const before = text.slice(0, offset).split('\n');
  return { text: text.replace(mark, ''), offset,
    position: { line: before.length - 1, character: before.at(-1)?.length ?? 0 } };
}
