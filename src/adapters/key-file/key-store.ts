import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmod, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { makeOnce } from './make-once.ts';
import { DEVELOPER, PERSON_NAME, ROLE_NAME, SCOPES } from '#ports/key-store.ts';
import type { Grant, KeyStore, ListedKey, NewKey, Scope } from '#ports/key-store.ts';

const KEYS_FILE = 'keys.json';
const DEV_KEY_FILE = 'dev-key';
const DEV_KEY_ID = 'key_dev';
const OWNER_ONLY = 0o600;
const TOKEN_CHARS_MAX = 512;
const KEY_COUNT_MAX = 10_000;

interface StoredKey extends ListedKey {
  /** SHA-256 of the token, hex. A token has 256 random bits, so a slow hash would protect nothing more. */
  readonly hash: string;
}

export interface KeyStoreOptions {
  /**
   * The token of the key with all scopes; default: the one in the file `dev-key`, made at the first start.
   */
  readonly devKey?: string | undefined;
  readonly now?: () => number;
}

export interface LocalKeyStore extends KeyStore {
  readonly devKey: { readonly token: string; readonly isNew: boolean };
}

/**
 * The token of the key with all scopes in a folder that several processes have: `wanted`, or a new one, where
 * there is none yet. It may be another than `wanted`.
 */
export async function sharedDevKey(folder: string, wanted: string | undefined): Promise<string> {
  const file = join(folder, DEV_KEY_FILE);
  if (await readIfThere(file) === undefined) {
    await makeOnce(folder, DEV_KEY_FILE, `${wanted ?? newToken()}\n`);
  }
  const kept = (await readIfThere(file))?.trim() ?? '';
  if (kept === '') throw new KeyStoreDamaged(file, 'empty');
  return kept;
}

/** The file is there and says nothing that can be trusted: nobody is let in, and nothing is overwritten. */
export class KeyStoreDamaged extends Error {
  constructor(file: string, why: string) {
    super(`${file} is damaged: ${why}. Restore it, or remove it to start without keys.`);
  }
}

/**
 * Keys in `keys.json` of the data folder, hashed; both files are for the owner's eyes only and replaced in
 * one step. Throws KeyStoreDamaged. INVARIANT: one process at a time has the folder (the data folder's lock).
 */
export async function openKeyStore(folder: string, options: KeyStoreOptions = {}): Promise<LocalKeyStore> {
  const now = options.now ?? Date.now;
  const keysFile = join(folder, KEYS_FILE);
  const devKeyFile = join(folder, DEV_KEY_FILE);
  const keys = new Keys(
    await readKeys(keysFile),
    (stored) => writeOwnerOnly(folder, KEYS_FILE, `${stored}\n`),
    now,
  );

  const kept = (await readIfThere(devKeyFile))?.trim();
  const token = options.devKey ?? (kept === undefined || kept === '' ? newToken() : kept);
  if (token === '' || token.length > TOKEN_CHARS_MAX || /\s/.test(token)) {
    throw new RangeError(`the development key must have 1 to ${TOKEN_CHARS_MAX} characters and no spaces`);
  }
  if (kept !== token) await writeOwnerOnly(folder, DEV_KEY_FILE, `${token}\n`);
  // No roles: whoever has only this key can propose, and approve nothing.
  const developer = { name: 'development', tenant: 'default', scopes: SCOPES, person: DEVELOPER };
  await keys.put(DEV_KEY_ID, developer, token);
  return Object.assign(keys, { devKey: { token, isNew: kept === undefined } });
}

class Keys implements KeyStore {
  #byHash = new Map<string, { readonly digest: Buffer; readonly grant: Grant }>();
  #stored: readonly StoredKey[];
  readonly #write: (text: string) => Promise<void>;
  readonly #now: () => number;
  /** One change at a time. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(stored: readonly StoredKey[], write: (text: string) => Promise<void>, now: () => number) {
    this.#stored = stored;
    this.#write = write;
    this.#now = now;
    this.#index();
  }

  find(token: string): Grant | undefined {
    if (token.length > TOKEN_CHARS_MAX) return undefined;
    const digest = hash('sha256', token, 'hex');
    // The map is asked for half of the hash; the whole is compared in constant time.
    const found = this.#byHash.get(digest.slice(0, 32));
    const right = timingSafeEqual(Buffer.from(digest), found?.digest ?? NO_DIGEST);
    return right ? found?.grant : undefined;
  }

  list(): readonly ListedKey[] {
    return this.#stored.map(listed);
  }

  create(key: NewKey): Promise<{ readonly token: string; readonly key: ListedKey }> {
    const token = newToken();
    return this.#change(async () => {
      if (this.#stored.length >= KEY_COUNT_MAX)
        throw new RangeError(`there are ${KEY_COUNT_MAX} keys already`);
      const stored = this.#make(`key_${randomBytes(8).toString('hex')}`, key, token);
      await this.#save([...this.#stored, stored]);
      return { token, key: listed(stored) };
    });
  }

  revoke(id: string): Promise<boolean> {
    return this.#change(async () => {
      if (!this.#stored.some((key) => key.id === id && key.revokedAt === undefined)) return false;
      const revokedAt = new Date(this.#now()).toISOString();
      await this.#save(this.#stored.map((key) => (key.id === id ? { ...key, revokedAt } : key)));
      return true;
    });
  }

  /** The key of that id has this token from now on. */
  put(id: string, key: NewKey, token: string): Promise<void> {
    return this.#change(async () => {
      const stored = this.#make(id, key, token);
      const same = this.#stored.find((other) => other.id === id);
      const unchanged = same?.hash === stored.hash && same.person === stored.person;
      if (unchanged && same.revokedAt === undefined) return;
      await this.#save([...this.#stored.filter((other) => other.id !== id), stored]);
    });
  }

  #make(id: string, key: NewKey, token: string): StoredKey {
    const createdAt = new Date(this.#now()).toISOString();
    return { id, ...key, createdAt, revokedAt: undefined, hash: hash('sha256', token, 'hex') };
  }

  #change<T>(step: () => Promise<T>): Promise<T> {
    const result = this.#last.then(step);
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Written first: a key that was shown or revoked stays so after a crash. */
  async #save(next: readonly StoredKey[]): Promise<void> {
    await this.#write(JSON.stringify({ format: 1, keys: next }, null, 2));
    this.#stored = next;
    this.#index();
  }

  #index(): void {
    this.#byHash = new Map(
      this.#stored
        .filter((key) => key.revokedAt === undefined)
        .map((key) => [
          key.hash.slice(0, 32),
          {
            digest: Buffer.from(key.hash),
            grant: grantOf(key),
          },
        ]),
    );
  }
}

const listed = ({ hash: _hash, ...key }: StoredKey): ListedKey => key;

const grantOf = ({ id, name, tenant, scopes, person, roles }: StoredKey): Grant => ({
  keyId: id,
  name,
  tenant,
  scopes: new Set(scopes),
  ...(person === undefined ? {} : { person }),
  ...(roles === undefined ? {} : { roles }),
});

const NO_DIGEST = Buffer.alloc(64);
const newToken = (): string => `assay_${randomBytes(32).toString('base64url')}`;

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    const text = await readFile(file, 'utf8');
    // Whoever copied the folder may have widened it.
    await chmod(file, OWNER_ONLY);
    return text;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function readKeys(file: string): Promise<readonly StoredKey[]> {
  const text = await readIfThere(file);
  if (text === undefined) return [];
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw new KeyStoreDamaged(file, 'not JSON');
  }
  if (!isRecord(content) || content['format'] !== 1) throw new KeyStoreDamaged(file, 'not of format 1');
  const keys = content['keys'];
  if (!Array.isArray(keys)) throw new KeyStoreDamaged(file, '`keys` is not a list');
  return keys.map((key: unknown, i) => {
    const parsed = parseKey(key);
    if (parsed === undefined) throw new KeyStoreDamaged(file, `key ${i} is not one`);
    return parsed;
  });
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
const isScope = (value: unknown): value is Scope => SCOPES.some((scope) => scope === value);

function parseKey(value: unknown): StoredKey | undefined {
  if (!isRecord(value)) return undefined;
  const { id, name, tenant, scopes, createdAt, revokedAt, hash: digest } = value;
  if (typeof id !== 'string' || typeof name !== 'string' || typeof tenant !== 'string') return undefined;
  if (typeof createdAt !== 'string' || typeof digest !== 'string' || !/^[0-9a-f]{64}$/.test(digest))
    return undefined;
  if (revokedAt !== undefined && typeof revokedAt !== 'string') return undefined;
  if (!Array.isArray(scopes) || !scopes.every(isScope)) return undefined;
  const holder = parseHolder(value);
  if (holder === undefined) return undefined;
  return { id, name, tenant, scopes, ...holder, createdAt, revokedAt, hash: digest };
}

/** Whose key it is, as far as it says; undefined where it says something that cannot be. */
function parseHolder(
  value: Readonly<Record<string, unknown>>,
): Pick<NewKey, 'person' | 'roles' | 'madeBy'> | undefined {
  const { person, roles, madeBy } = value;
  if (person !== undefined && (typeof person !== 'string' || !PERSON_NAME.test(person))) return undefined;
  if (madeBy !== undefined && typeof madeBy !== 'string') return undefined;
  const isRole = (role: unknown): role is string => typeof role === 'string' && ROLE_NAME.test(role);
  if (roles !== undefined && (!Array.isArray(roles) || !roles.every(isRole))) return undefined;
  return {
    ...(person === undefined ? {} : { person }),
    ...(roles === undefined ? {} : { roles }),
    ...(madeBy === undefined ? {} : { madeBy }),
  };
}

/** The old content or the new one is there, whatever happens in between. */
async function writeOwnerOnly(folder: string, name: string, text: string): Promise<void> {
  const temporary = join(folder, `.${name}.new`);
  const file = await open(temporary, 'w', OWNER_ONLY);
  try {
    await file.chmod(OWNER_ONLY);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(folder, name));
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
