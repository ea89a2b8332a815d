import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { importsOf } from './imports.ts';
import type { Import } from './imports.ts';
import type { Complaint, SourceFile } from './source-file.ts';

// A folder's README says what the folder may import, and this file holds it to its word.
//
// A folder under src/ is a unit: inside it, imports are relative and free. A folder that holds only folders
// is a shelf (src/adapters), and each folder on it is a unit. Between units, imports read `#name/file.ts`.

const MAY_IMPORT = /^May import: ([^]*?)\.(?=\s|$)/m;

const WIRING = 'main';

/** Complains of imports that the README of their folder does not list, and of folders without a README. */
export function strangersAmong(files: readonly SourceFile[]): readonly Complaint[] {
  const source = files.filter(({ path }) => path.startsWith('src/') && path.endsWith('.ts'));
  const walls = new Walls(files, source);
  return [
    ...walls.complaintsAboutReadmes(),
    ...source
      .filter(({ path }) => !path.endsWith('.test.ts'))
      .flatMap((file) => importsOf(file).flatMap((asked) => walls.judge(file.path, asked))),
  ];
}

class Walls {
  readonly #folders: ReadonlySet<string>;
  readonly #shelves: ReadonlySet<string>;
  readonly #readmes: ReadonlyMap<string, string>;

  constructor(files: readonly SourceFile[], source: readonly SourceFile[]) {
    this.#folders = new Set(source.flatMap(({ path }) => foldersAbove(path)));
    const withFiles = new Set(source.map(({ path }) => folderOf(path)));
    this.#shelves = new Set([...this.#folders].filter((folder) => !withFiles.has(folder)));
    this.#readmes = new Map(
      files
        .filter(({ path }) => path.startsWith('src/') && path.endsWith('/README.md'))
        .map(({ path, text }) => [folderOf(path), text]),
    );
  }

  complaintsAboutReadmes(): readonly Complaint[] {
    return [...this.#folders].sort().flatMap((folder) => {
      const readme = this.#readmes.get(folder);
      const path = `src/${folder}/README.md`;
      if (folder === '') return ['src/ holds folders only: move its files into one.'];
      if (readme === undefined) return [`${path} is missing. It says what the folder is for and may import.`];
      const allowed = this.#allowedIn(folder);
      if (allowed === undefined) {
        return [`${path} needs a line "May import: domain, node:fs, fastify." (or "May import: nothing.").`];
      }
      if (allowed.includes('anything') && folder !== WIRING) {
        return [`${path} may not say "anything": only src/${WIRING} may.`];
      }
      return [];
    });
  }

  judge(path: string, { specifier, line }: Import): readonly Complaint[] {
    const home = folderOf(path);
    const allowed = this.#allowedIn(home);
    if (allowed === undefined) return [];
    const here = `${path}:${line}`;
    const mayAll = home === WIRING && allowed.includes('anything');
    if (specifier === undefined) {
      if (mayAll) return [];
      return [
        `${here} imports a module whose name is computed. Write the name out, so that it can be checked.`,
      ];
    }
    if (specifier.startsWith('.')) return this.#judgeRelative(path, specifier, here);
    if (builtinModules.includes(specifier)) {
      return [
        `${here} imports ${specifier}. Write node:${specifier}, so that no package can stand in for it.`,
      ];
    }
    const target = targetOf(specifier);
    if (mayAll || this.#isHome(home, target) || allowed.some((entry) => covers(entry, target))) return [];
    return [
      `${here} imports ${specifier}, and src/${home}/README.md does not list ${target}. ` +
        `Do without it; or, if the wall should move, add "${target}" to the "May import:" line there ` +
        'and say why in the commit.',
    ];
  }

  #judgeRelative(path: string, specifier: string, here: string): readonly Complaint[] {
    const target = posix.join(posix.dirname(path), specifier);
    const inside = target.startsWith('src/');
    if (inside && this.#unitOf(folderOf(target)) === this.#unitOf(folderOf(path))) return [];
    const remedy = inside
      ? `Write #${target.slice('src/'.length)}.`
      : 'What the engine needs lives under src/.';
    return [`${here} imports ${specifier}, which leaves its folder. ${remedy}`];
  }

  #isHome(home: string, target: string): boolean {
    return this.#folders.has(target) && this.#unitOf(home) === this.#unitOf(target);
  }

  /** The folder inside which imports are free. */
  #unitOf(folder: string): string {
    const [first = '', second] = folder.split('/');
    return this.#shelves.has(first) && second !== undefined ? `${first}/${second}` : first;
  }

  #allowedIn(folder: string): readonly string[] | undefined {
    const list = MAY_IMPORT.exec(this.#readmes.get(folder) ?? '')?.[1];
    if (list === undefined) return undefined;
    return list.split(',').map((entry) => entry.replaceAll('`', '').trim());
  }
}

/** What a README must list: a folder under src/, a `node:` module, or the name of a package. */
function targetOf(specifier: string): string {
  if (specifier.startsWith('#')) return posix.dirname(specifier.slice(1));
  if (specifier.startsWith('node:')) return specifier;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function covers(entry: string, target: string): boolean {
  return target === entry || target.startsWith(`${entry}/`);
}

/** The folder of a file, from src/. */
function folderOf(path: string): string {
  return path.split('/').slice(1, -1).join('/');
}

function foldersAbove(path: string): readonly string[] {
  const parts = folderOf(path).split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}
