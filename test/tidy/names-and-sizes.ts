import { isCode } from './source-file.ts';
import type { Complaint, SourceFile } from './source-file.ts';

export const LINE_COUNT_MAX = 400;
export const COLUMN_COUNT_MAX = 110;

/** A file or folder in kebab-case, with any number of dotted endings. A leading dot is a tool's choice. */
const KEBAB = /^\.?[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*$/;

/** The documents that the world expects in capitals: README.md, LICENSE, CONTRIBUTING.md. */
const CAPITALS = /^[A-Z]+(?:[_-][A-Z]+)*(?:\.md)?$/;

/** Names that say only that something is in there. The last word of a name must say what. */
const EMPTY_WORDS = [
  'util',
  'utils',
  'helper',
  'helpers',
  'common',
  'manager',
  'processor',
  'info',
  'data',
  'misc',
];

export function oversized(files: readonly SourceFile[]): readonly Complaint[] {
  return files
    .filter(({ path }) => isCode(path))
    .flatMap(({ path, text }) => {
      const lines = text.replace(/\n$/, '').split('\n');
      const complaints = lines.flatMap((line, index) => {
        const columns = Array.from(line).length;
        if (columns <= COLUMN_COUNT_MAX || /https?:\/\//.test(line)) return [];
        return [
          `${path}:${index + 1} has ${columns} columns; the limit is ${COLUMN_COUNT_MAX}. Break the line.`,
        ];
      });
      if (lines.length <= LINE_COUNT_MAX) return complaints;
      const size = `${path} has ${lines.length} lines; the limit is ${LINE_COUNT_MAX}.`;
      return [`${size} Find the second idea in it and give it a file.`, ...complaints];
    });
}

export function misnamed(files: readonly SourceFile[]): readonly Complaint[] {
  return files.flatMap(({ path }) => path.split('/').flatMap((name) => complaintAboutName(path, name)));
}

function complaintAboutName(path: string, name: string): readonly Complaint[] {
  if (CAPITALS.test(name)) return [];
  if (!KEBAB.test(name)) return [`${path}: "${name}" is not kebab-case.`];
  const stem = name.replace(/^\./, '').split('.')[0] ?? '';
  const last = stem.split('-').at(-1) ?? '';
  if (!EMPTY_WORDS.includes(last)) return [];
  return [
    `${path}: "${last}" says nothing about what is inside. Name the file for the one thing it exports.`,
  ];
}
