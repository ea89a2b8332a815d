import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** A file as the rules see it: its path from the top of the repository, with `/`, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** What a rule finds: one line a person can act on, which starts with the file (and line) it is about. */
export type Complaint = string;

export const ROOT = join(import.meta.dirname, '..', '..');

const CODE = /\.(?:ts|mts|mjs|js|sql|lua)$/;

/** The files that have a size and a width. Data, prose and the lock file are as long as they must be. */
export function isCode(path: string): boolean {
  return CODE.test(path);
}

/** Every text file that is in the repository or about to be: tracked, or neither tracked nor ignored. */
export function readRepository(): readonly SourceFile[] {
  return paths()
    .filter((path) => existsSync(join(ROOT, path)) && statSync(join(ROOT, path)).isFile())
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))
    .filter(({ text }) => !text.includes('\0'));
}

function paths(): readonly string[] {
  const listed = askGit();
  return listed.length > 0 ? listed : walk(ROOT);
}

function askGit(): readonly string[] {
  try {
    const answer = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 64 * 1024 * 1024,
    });
    return [...new Set(answer.split('\0').filter((path) => path !== ''))].sort();
  } catch {
    return [];
  }
}

/** For a copy without its git folder, such as an unpacked archive. */
function walk(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(
      ({ name }) => name !== 'node_modules' && name !== '.git' && name !== '.assay' && name !== '.cache',
    )
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? walk(path) : [relative(ROOT, path).split(sep).join('/')];
    })
    .sort();
}
