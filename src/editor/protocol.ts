/** The part of the Language Server Protocol 3.17 that is spoken here, with the numbers it gives to things. */

/** Both from 0; a character is a UTF-16 unit. */
export interface Position { readonly line: number; readonly character: number }
export interface Range { readonly start: Position; readonly end: Position }
export interface Location { readonly uri: string; readonly range: Range }
export interface TextEdit { readonly range: Range; readonly newText: string }
export interface WorkspaceEdit { readonly changes: Readonly<Record<string, readonly TextEdit[]>> }

export const ERROR = {
  parse: -32_700, invalidRequest: -32_600, unknownMethod: -32_601, invalidParams: -32_602,
  internal: -32_603, notInitialized: -32_002, requestFailed: -32_803,
} as const;

export const SEVERITY = { error: 1, warning: 2, information: 3 } as const;

export interface Diagnostic {
  readonly range: Range;
  readonly severity: number;
  readonly code: string;
  readonly source: string;
  readonly message: string;
}

export const COMPLETION = {
  function: 3, field: 5, variable: 6, module: 9, property: 10, unit: 11, keyword: 14, reference: 18,
  enumMember: 20, constant: 21, operator: 24,
} as const;

export interface CompletionItem {
  readonly label: string;
  readonly kind: number;
  readonly detail?: string;
  readonly documentation?: Markup;
  readonly sortText: string;
  readonly filterText: string;
  readonly textEdit: TextEdit;
}

export interface Markup { readonly kind: 'markdown'; readonly value: string }
export interface Hover { readonly contents: Markup; readonly range: Range }

export const SYMBOL = {
  module: 2, property: 7, function: 12, variable: 13, constant: 14, array: 18, event: 24, boolean: 17,
} as const;

export interface DocumentSymbol {
  readonly name: string;
  readonly detail?: string;
  readonly kind: number;
  readonly range: Range;
  readonly selectionRange: Range;
  readonly children?: readonly DocumentSymbol[];
}

export interface CodeAction {
  readonly title: string;
  readonly kind: 'quickfix';
  readonly diagnostics: readonly Diagnostic[];
  readonly isPreferred: boolean;
  readonly edit: WorkspaceEdit;
}

/** A request that cannot be met, said to the person who asked. */
export class RequestRefused extends Error {
  readonly code: number;
  constructor(message: string, code: number = ERROR.requestFailed) {
    super(message);
    this.code = code;
  }
}

export const CAPABILITIES = {
  positionEncoding: 'utf-16',
  textDocumentSync: { openClose: true, change: 2, save: false },
  completionProvider: { triggerCharacters: [' ', '"', '(', '[', '{', '.', ',', ':'] },
  hoverProvider: true,
  definitionProvider: true,
  referencesProvider: true,
  documentSymbolProvider: true,
  renameProvider: { prepareProvider: true },
  codeActionProvider: { codeActionKinds: ['quickfix'] },
} as const;
