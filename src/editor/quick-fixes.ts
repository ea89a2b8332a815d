/** Fixes that a diagnostic spells out: the name that was meant. */
import { editDistance } from '#domain/nearest-name.ts';
import type { PolicyDiagnostic } from '#policy/diagnostic.ts';
import type { Place } from '#policy/diagnostic.ts';

export interface QuickFix extends Place { readonly title: string; readonly text: string }

export function quickFix(found: PolicyDiagnostic, source: string): QuickFix | undefined {
  const meant = /^Did you mean `([^`]+)`\?$/.exec(found.help ?? '')?.[1];
  if (meant === undefined) return undefined;
  const marked = source.slice(found.start, found.end);
  const named = [...found.message.matchAll(/`([^`]+)`|"([^"]+)"/g)].map((one) => one[1] ?? one[2] ?? '');
  // The words that the message quotes; what was meant is near to the one that is wrong.
  const wrong = named.filter((word) => word !== meant && marked.includes(word))
    .toSorted((a, b) => Number(b === marked) - Number(a === marked)
      || editDistance(a, meant) - editDistance(b, meant))[0];
  if (wrong === undefined) return undefined;
  const start = found.start + marked.indexOf(wrong);
  return { title: `Write \`${meant}\``, text: meant, start, end: start + wrong.length };
}
