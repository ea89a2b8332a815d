import type { Complaint, SourceFile } from './source-file.ts';

interface Ban {
  readonly pattern: RegExp;
  readonly because: string;
}

// The patterns are written so that they do not match themselves.
const BANS: readonly Ban[] = [
  {
    pattern: /\b(?:TO[D]O|FIX[M]E|X[X]X)\b/,
    because: 'marks work that is not done: do it, or open an issue and leave no mark',
  },
  {
    pattern: /@ts-(?:ignore|nocheck)/,
    because: 'switches the type checker off: fix the type, or use @ts-expect-error with the reason',
  },
  {
    pattern: /\bas[ ]any\b(?=\s*[;,)\].=|&?!]|$)/,
    because: 'throws the type away: parse the value instead',
  },
  {
    pattern: /(?<![\w.~})\]:/-])\/(?:work|root|tmp|home\/\w+|Users\/\w+)(?=[/\s"'`),;]|$)/,
    because: 'is a path of one machine: use a relative path, or os.tmpdir()',
  },
  {
    pattern:
      /\b(?:registry|artifactory|nexus|verdaccio)[\w-]*\.[\w-]+(?:\.[\w-]+)*\.?(?::\d+)?\/|_auth[T]oken/,
    because: 'names a package registry: that is the business of the machine, not of the repository',
  },
];

const LOCK_FILE = 'package-lock.json';

/** The one host a lock file may name: npm puts whichever registry is configured in its place. */
const PUBLIC_REGISTRY = ['https://registry', 'npmjs.org/'].join('.');

export function bannedText(files: readonly SourceFile[]): readonly Complaint[] {
  return files.flatMap((file) => (file.path === LOCK_FILE ? foreignHosts(file) : banned(file)));
}

function banned({ path, text }: SourceFile): readonly Complaint[] {
  return text.split('\n').flatMap((line, index) =>
    BANS.flatMap(({ pattern, because }) => {
      const found = pattern.exec(line);
      return found === null ? [] : [`${path}:${index + 1} "${found[0].trim()}" ${because}.`];
    }),
  );
}

function foreignHosts({ path, text }: SourceFile): readonly Complaint[] {
  return text.split('\n').flatMap((line, index) => {
    const resolved = /"resolved": "([^"]*)"/.exec(line)?.[1];
    if (resolved === undefined || resolved.startsWith(PUBLIC_REGISTRY)) return [];
    return [`${path}:${index + 1} was not resolved from the public registry. Make it again from there.`];
  });
}
