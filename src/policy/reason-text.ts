/**
 * Reason texts: words with values in braces, `{declines_1h} declines; the limit is {limit}`. `{{` is a
 * brace.
 */
import type { Expr } from '#expression/ast.ts';
import type { Findings } from './diagnostic.ts';
import type { ScalarNode } from './document.ts';
import type { PolicyScope } from './policy-scope.ts';
import { nodesOf } from './walk.ts';

export type ReasonText = readonly ReasonPart[];
export type ReasonPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly expr: Expr };

type NamedExpr = Extract<Expr, { kind: 'feature' | 'param' | 'local' }>;

export const plainReason = (text: string): ReasonText => [{ kind: 'text', text }];

/** `open`: a brace that is not closed; nothing comes behind it. `from` counts in the text. */
type Piece =
  | { readonly kind: 'words'; readonly text: string }
  | { readonly kind: 'expression'; readonly from: number; readonly text: string }
  | { readonly kind: 'open'; readonly from: number };

function piecesOf(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let words = '';
  const endWords = (): void => {
    if (words !== '') pieces.push({ kind: 'words', text: words });
    words = '';
  };
  for (let i = 0; i < text.length; i++) {
    const char = text[i] ?? '';
    if ((char === '{' || char === '}') && text[i + 1] === char) {
      words += char;
      i += 1;
    } else if (char === '{') {
      endWords();
      const end = closingBrace(text, i);
      if (end === -1) return [...pieces, { kind: 'open', from: i }];
      pieces.push({ kind: 'expression', from: i + 1, text: text.slice(i + 1, end) });
      i = end;
    } else words += char;
  }
  endWords();
  return pieces;
}

export function parseReason(node: ScalarNode, when: Expr | undefined, scope: PolicyScope,
  findings: Findings): ReasonText {
  const parts: ReasonPart[] = [];
  for (const piece of piecesOf(node.text)) {
    if (piece.kind === 'open') {
      const start = scope.placeIn({ node, from: piece.from, text: '' }, 0);
      findings.report('P106', { start, end: start + 1 }, 'a brace is not closed',
        'Close it with `}`, or write `{{` for a brace.');
      return plainReason(node.text);
    }
    if (piece.kind === 'words') {
      parts.push({ kind: 'text', text: piece.text });
      continue;
    }
    const expr = scope.expression({ node, from: piece.from, text: piece.text });
    if (expr !== undefined) parts.push({ kind: 'value', expr });
  }
  warnOfNumbers(node, parts, when, scope, findings);
  return parts;
}

/** Where the expressions of a reason stand in its text, for an editor; none in one whose brace is open. */
export function stretchesIn(text: string): readonly { readonly from: number; readonly text: string }[] {
  const pieces = piecesOf(text);
  return pieces.at(-1)?.kind === 'open' ? [] : pieces.filter((piece) => piece.kind === 'expression');
}

/** The brace that ends the expression; braces inside its texts do not count. */
function closingBrace(text: string, from: number): number {
  let quoted = false;
  for (let i = from + 1; i < text.length; i++) {
    if (text[i] === '"') quoted = !quoted;
    if (text[i] === '}' && !quoted) return i;
  }
  return -1;
}

/** A number typed by hand goes on saying 24 hours when the rule has long said 48. */
function warnOfNumbers(
  node: ScalarNode, parts: ReasonText, when: Expr | undefined, scope: PolicyScope, findings: Findings,
): void {
  for (const part of parts) {
    const number = part.kind === 'text' ? /(?<![\p{L}\d])\d[\d.,_]*(?:\s?(?:%|[a-z]+))?/u.exec(part.text)
      : null;
    if (number === null) continue;
    const start = scope.placeIn({ node, from: Math.max(0, node.text.indexOf(number[0])), text: '' }, 0);
    const param = when && [...nodesOf(when)].find((inside): inside is NamedExpr => inside.kind === 'param');
    findings.report('P602', { start, end: start + number[0].length },
      param === undefined
        ? `the reason mentions ${number[0]} as text; it stays when the rule changes`
        : `the reason mentions ${number[0]} as text; the rule uses ${param.name}`,
      param === undefined ? 'Put the number under `params` and write its name in braces.'
        : `Write {${param.name}}.`);
    return;
  }
}
