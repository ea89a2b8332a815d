/** What a message of an editor says, from JSON that may say anything. */
import { ERROR, RequestRefused, type Diagnostic, type Position, type Range } from './protocol.ts';
import type { TextChange } from './text-document.ts';

type Json = Readonly<Record<string, unknown>>;
export type MessageId = number | string;

export type Incoming =
  | { readonly kind: 'request'; readonly id: MessageId; readonly method: string; readonly params: unknown }
  | { readonly kind: 'notification'; readonly method: string; readonly params: unknown }
  /** An answer to a question we do not ask. */
  | { readonly kind: 'response' }
  | { readonly kind: 'invalid'; readonly id: MessageId | null };

const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isId = (value: unknown): value is MessageId => typeof value === 'number' || typeof value === 'string';

export function parseIncoming(value: unknown): Incoming {
  if (!isJson(value)) return { kind: 'invalid', id: null };
  const { id, method, params } = value;
  if (typeof method !== 'string') {
    const isAnswer = isId(id) && ('result' in value || 'error' in value);
    return isAnswer ? { kind: 'response' } : { kind: 'invalid', id: isId(id) ? id : null };
  }
  if (id === undefined) return { kind: 'notification', method, params };
  return isId(id) ? { kind: 'request', id, method, params } : { kind: 'invalid', id: null };
}

const wrong = (what: string): RequestRefused =>
  new RequestRefused(`the params have no ${what}`, ERROR.invalidParams);

function parsePart(value: unknown, key: string): Json {
  const part = isJson(value) ? value[key] : undefined;
  if (!isJson(part)) throw wrong(key);
  return part;
}

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);

export function parseUri(params: unknown): string {
  const { uri } = parsePart(params, 'textDocument');
  if (typeof uri !== 'string') throw wrong('textDocument.uri');
  return uri;
}

export function parseOpened(params: unknown): { uri: string; version: number; text: string } {
  const { text, version } = parsePart(params, 'textDocument');
  if (typeof text !== 'string') throw wrong('textDocument.text');
  return { uri: parseUri(params), version: isWhole(version) ? version : 0, text };
}

export function parseChanged(params: unknown):
{ uri: string; version: number; changes: readonly TextChange[] } {
  const { version } = parsePart(params, 'textDocument');
  const changes: unknown = isJson(params) ? params['contentChanges'] : undefined;
  if (!Array.isArray(changes)) throw wrong('contentChanges');
  return {
    uri: parseUri(params), version: isWhole(version) ? version : 0,
    changes: changes.map((change: unknown): TextChange => {
      const text: unknown = isJson(change) ? change['text'] : undefined;
      if (typeof text !== 'string') throw wrong('text in a change');
      return isJson(change) && isJson(change['range']) ? { range: parseRange(change['range']), text }
        : { text };
    }),
  };
}

export const parsePosition = (params: unknown): Position => parsePoint(parsePart(params, 'position'));

function parsePoint(value: Json): Position {
  const { line, character } = value;
  if (!isWhole(line) || !isWhole(character)) throw wrong('position with line and character');
  return { line, character };
}

const parseRange = (value: Json): Range =>
  ({ start: parsePoint(parsePart(value, 'start')), end: parsePoint(parsePart(value, 'end')) });

export const parseAskedRange = (params: unknown): Range => parseRange(parsePart(params, 'range'));

export function parseNewName(params: unknown): string {
  const name: unknown = isJson(params) ? params['newName'] : undefined;
  if (typeof name !== 'string') throw wrong('newName');
  return name;
}

/** Whether the declaration is asked for with the places that use it. */
export function parseWithDeclaration(params: unknown): boolean {
  const context: unknown = isJson(params) ? params['context'] : undefined;
  return isJson(context) && context['includeDeclaration'] === true;
}

/** The diagnostics a code action is asked for; those that are not ours have no code of ours. */
export function parseAskedDiagnostics(params: unknown): readonly Diagnostic[] {
  const asked: unknown = parsePart(params, 'context')['diagnostics'];
  if (!Array.isArray(asked)) return [];
  return asked.flatMap((one: unknown): readonly Diagnostic[] => {
    if (!isJson(one) || !isJson(one['range'])) return [];
    const { code, message, severity } = one;
    if (typeof code !== 'string' || typeof message !== 'string') return [];
    const range = parseRange(one['range']);
    return [{ range, code, message, severity: isWhole(severity) ? severity : 1, source: 'assay' }];
  });
}
