/** The requests about a document, each answered from its session. */
import type { EventSchema } from '#domain/field.ts';
import { policyJsonSchema, type JsonSchema } from '#policy/policy-json-schema.ts';
import { completeDocument } from './complete-document.ts';
import { documentSymbols } from './document-symbols.ts';
import { hoverAt } from './hover.ts';
import { declarationOf, nameAt, placesOf, renameable, renamed } from './navigate.ts';
import {
  parseAskedDiagnostics, parseAskedRange, parseNewName, parsePosition, parseWithDeclaration,
} from './parse-params.ts';
import type { PolicySession } from './policy-session.ts';
import { toDiagnostic } from './policy-session.ts';
import {
  RequestRefused, type CodeAction, type CompletionItem, type Hover, type Location, type WorkspaceEdit,
} from './protocol.ts';
import { quickFix } from './quick-fixes.ts';

type Answer = (session: PolicySession, params: unknown) => unknown;

/** By method; each throws RequestRefused where the params or the document do not allow an answer. */
export function answersOf(schema: EventSchema): ReadonlyMap<string, Answer> {
  const jsonSchema = policyJsonSchema(schema);
  return new Map<string, Answer>([
    ['textDocument/completion', (session, params) => complete(session, params, jsonSchema)],
    ['textDocument/hover', (session, params) => hover(session, params, jsonSchema)],
    ['textDocument/definition', definition],
    ['textDocument/references', references],
    ['textDocument/documentSymbol', ({ document, outline }) => documentSymbols(document, outline)],
    ['textDocument/prepareRename', prepareRename],
    ['textDocument/rename', rename],
    ['textDocument/codeAction', codeActions],
  ]);
}

const PROPOSALS_MAX = 1_000;

function complete(session: PolicySession, params: unknown, schema: JsonSchema):
{ isIncomplete: false; items: readonly CompletionItem[] } {
  const { document } = session;
  const offset = document.offsetAt(parsePosition(params));
  const { proposals, word, style } = completeDocument(document.text, offset, session.fullestOutline, schema);
  const range = document.rangeOf({ start: offset - word.length, end: offset });
  const isClosed = document.text.startsWith(style === '"' ? '\\"' : '"', offset);
  const items = [...proposals].toSorted((a, b) => a.rank - b.rank).slice(0, PROPOSALS_MAX)
    .map(({ label, insert, kind, detail, doc }, i): CompletionItem => ({
      label, kind, sortText: String(i).padStart(4, '0'), filterText: label,
      textEdit: { range, newText: escaped(isClosed ? unclosed(insert ?? label) : insert ?? label, style) },
      ...(detail === undefined ? {} : { detail }),
      ...(doc === undefined ? {} : { documentation: { kind: 'markdown' as const, value: doc } }),
    }));
  return { isIncomplete: false, items };
}

/** Many editors close a quote as it is opened: what is proposed behind it does not close it again. */
function unclosed(text: string): string {
  const closes = text.endsWith('"') && text.split('"').length % 2 === 0;
  return closes ? text.slice(0, -1) : text;
}

/** As it is written inside of quotes of the document. */
function escaped(text: string, style: string): string {
  if (style === '"') return text.replaceAll(/["\\]/g, '\\$&');
  return style === "'" ? text.replaceAll("'", "''") : text;
}

function hover(session: PolicySession, params: unknown, schema: JsonSchema): Hover | null {
  const { document } = session;
  const found = hoverAt(session, document.offsetAt(parsePosition(params)), schema);
  return found === undefined ? null
    : { contents: { kind: 'markdown', value: found.text }, range: document.rangeOf(found) };
}

function definition({ document, outline, uses }: PolicySession, params: unknown): Location | null {
  const use = nameAt(uses, outline, document.offsetAt(parsePosition(params)));
  const declared = use && declarationOf(outline, use);
  return declared === undefined ? null : { uri: document.uri, range: document.rangeOf(declared.keyPlace) };
}

function references({ document, outline, uses }: PolicySession, params: unknown): readonly Location[] {
  const use = nameAt(uses, outline, document.offsetAt(parsePosition(params)));
  if (use === undefined) return [];
  return placesOf(uses, outline, use, parseWithDeclaration(params))
    .map((place) => ({ uri: document.uri, range: document.rangeOf(place) }));
}

function prepareRename({ document, outline, uses }: PolicySession, params: unknown): object {
  const use = renameable(uses, outline, document.offsetAt(parsePosition(params)));
  return { range: document.rangeOf(use), placeholder: use.name };
}

function rename(session: PolicySession, params: unknown): WorkspaceEdit {
  const { document, outline, uses } = session;
  const newText = parseNewName(params);
  const places = renamed(uses, outline, document.offsetAt(parsePosition(params)), newText);
  // From the end, so that no edit moves the places of another.
  const text = places.toSorted((a, b) => b.start - a.start).reduce((before, { start, end }) =>
    before.slice(0, start) + newText + before.slice(end), document.text);
  const mistake = session.mistakeIn(text);
  if (mistake !== undefined) throw new RequestRefused(`\`${newText}\` cannot be its name: ${mistake}`);
  const edits = places.map((place) => ({ range: document.rangeOf(place), newText }));
  return { changes: { [document.uri]: edits } };
}

function codeActions({ document, found }: PolicySession, params: unknown): readonly CodeAction[] {
  const asked = parseAskedRange(params);
  const [from, to] = [document.offsetAt(asked.start), document.offsetAt(asked.end)];
  const given = parseAskedDiagnostics(params);
  return found.filter(({ start, end }) => start <= to && end >= from).flatMap((one) => {
    const fix = quickFix(one, document.text);
    if (fix === undefined) return [];
    const diagnostic = toDiagnostic(document, one);
    const same = given.filter(({ code, message }) =>
      code === diagnostic.code && message === diagnostic.message);
    return [{
      title: fix.title, kind: 'quickfix' as const, isPreferred: true,
      diagnostics: same.length > 0 ? same : [diagnostic],
      edit: { changes: { [document.uri]: [{ range: document.rangeOf(fix), newText: fix.text }] } },
    }];
  });
}
