/** How a diagnostic is shown: place, sentence, the line with the spot marked, and one way to put it right. */
import type { PolicyDiagnostic } from './diagnostic.ts';

export interface LinePlace {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  readonly text: string;
}

export function linePlace(source: string, offset: number): LinePlace {
  const at = Math.min(offset, source.length);
  const lineStart = source.lastIndexOf('\n', at - 1) + 1;
  const lineEnd = source.indexOf('\n', lineStart);
  let line = 1;
  for (let i = source.indexOf('\n'); i !== -1 && i < at; i = source.indexOf('\n', i + 1)) line += 1;
  const text = source.slice(lineStart, lineEnd === -1 ? source.length : lineEnd).replace(/\r$/, '');
  return { line, column: at - lineStart + 1, text };
}

const COLUMNS_SHOWN_MAX = 100;

/**
 * ```
 * cards.policy.yaml:41:11 error[E201] unknown field `declins_1h`
 *    41 |     when: declins_1h > 3
 *       |           ^^^^^^^^^^
 *       = Did you mean `declines_1h`?
 * ```
 */
function renderDiagnostic(found: PolicyDiagnostic, source: string, fileName: string): string {
  const { line, column, text } = linePlace(source, found.start);
  const gutter = String(line).padStart(5);
  const from = Math.max(0, column - COLUMNS_SHOWN_MAX);
  const shown = text.slice(from, from + COLUMNS_SHOWN_MAX + 20).replaceAll('\t', ' ');
  const length = Math.max(1, Math.min(found.end - found.start, shown.length - (column - 1 - from)));
  const lines = [
    `${fileName}:${line}:${column} ${found.severity}[${found.code}] ${found.message}`,
    `${gutter} | ${shown}`.trimEnd(),
    `      | ${' '.repeat(column - 1 - from)}${'^'.repeat(length)}`,
  ];
  if (found.help !== undefined) lines.push(`      = ${found.help}`);
  return lines.join('\n');
}

export const renderDiagnostics = (found: readonly PolicyDiagnostic[], source: string,
  fileName: string): string =>
  found.map((one) => renderDiagnostic(one, source, fileName)).join('\n\n');
