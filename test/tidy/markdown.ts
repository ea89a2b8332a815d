import { posix } from 'node:path';
import type { Complaint, SourceFile } from './source-file.ts';

const INLINE_LINK = /\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g;
const REFERENCE = /^ {0,3}\[[^\]]+\]:\s+<?(\S+?)>?(?:\s|$)/gm;
const HEADING = /^#{1,6} +(.*?)\s*#*$/gm;

/** Complains of a document without exactly one title, and of links that lead nowhere in the repository. */
export function brokenDocuments(files: readonly SourceFile[]): readonly Complaint[] {
  const paths = new Set(files.flatMap(({ path }) => withFoldersAbove(path)));
  const documents = files.filter(({ path }) => path.endsWith('.md'));
  const anchors = new Map(documents.map((document) => [document.path, anchorsOf(document)]));
  return documents.flatMap((document) => [
    ...complaintsAboutTitle(document),
    ...linksOf(document).flatMap((link) => complaintAboutLink(document.path, link, paths, anchors)),
  ]);
}

function complaintsAboutTitle({ path, text }: SourceFile): readonly Complaint[] {
  const titles = withoutCode(text).match(/^# .+$/gm) ?? [];
  return titles.length === 1 ? [] : [`${path} has ${titles.length} titles ("# ..."); a document has one.`];
}

function complaintAboutLink(
  from: string,
  link: string,
  paths: ReadonlySet<string>,
  anchors: ReadonlyMap<string, ReadonlySet<string>>,
): readonly Complaint[] {
  if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return [];
  const [target = '', anchor] = link.split('#');
  const path = target === '' ? from : posix.join(posix.dirname(from), decodeURI(target)).replace(/\/$/, '');
  if (!paths.has(path)) return [`${from} links to ${link}, and there is no ${path}.`];
  const known = anchors.get(path);
  if (anchor === undefined || known === undefined || known.has(anchor)) return [];
  return [`${from} links to ${link}, and ${path} has no heading for #${anchor}.`];
}

function linksOf({ text }: SourceFile): readonly string[] {
  const prose = withoutCode(text).replace(/(`+)[^`][^]*?\1/g, '');
  return [...prose.matchAll(INLINE_LINK), ...prose.matchAll(REFERENCE)].map(([, link]) => link ?? '');
}

/** The anchors that code hosts make from headings: lower case, no punctuation, hyphens for spaces. */
function anchorsOf({ text }: SourceFile): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of withoutCode(text).matchAll(HEADING)) {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = plain.replace(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-');
    let unique = anchor;
    for (let copy = 1; anchors.has(unique); copy += 1) unique = `${anchor}-${copy}`;
    anchors.add(unique);
  }
  return anchors;
}

function withoutCode(text: string): string {
  return text.replace(/^ {0,3}(```+|~~~+)[^]*?^ {0,3}\1[`~]*\s*$/gm, '');
}

function withFoldersAbove(path: string): readonly string[] {
  const parts = path.split('/');
  return ['.', ...parts.map((_, index) => parts.slice(0, index + 1).join('/'))];
}
