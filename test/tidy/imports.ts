import { parseSync, Visitor } from 'oxc-parser';
import type { SourceFile } from './source-file.ts';

/** One place where a file asks for another module; `specifier` is undefined where it is computed. */
export interface Import {
  readonly specifier: string | undefined;
  readonly line: number;
}

interface Expression {
  readonly type: string;
  readonly value?: unknown;
}

/**
 * Every import of a file, read from its syntax tree and so never from a comment or a string: static,
 * type-only, re-exported, dynamic, and the `import('x').Y` of a type.
 */
export function importsOf({ path, text }: SourceFile): readonly Import[] {
  const imports: Import[] = [];
  const note = (start: number, source: Expression | null): void => {
    if (source === null) return;
    const specifier = typeof source.value === 'string' ? source.value : undefined;
    imports.push({ specifier, line: text.slice(0, start).split('\n').length });
  };
  const { program, errors } = parseSync(path, text);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${path} cannot be parsed: ${error.message}`);
  new Visitor({
    ImportDeclaration: ({ start, source }) => note(start, source),
    ExportNamedDeclaration: ({ start, source }) => note(start, source),
    ExportAllDeclaration: ({ start, source }) => note(start, source),
    ImportExpression: ({ start, source }) => note(start, source),
    TSImportType: ({ start, source }) => note(start, source),
  }).visit(program);
  return imports;
}
