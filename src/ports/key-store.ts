/** Who may call, for which tenant, and what for. */

/**
 * - decide: ask for decisions, read them, simulate
 * - aml: see the AML side of them (no tipping off: nobody else may)
 * - events: tell facts and labels
 * - policies: read policies, and act on them as the person who holds the key
 * - admin: keys
 */
export const SCOPES = ['decide', 'aml', 'events', 'policies', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** What the bearer of a key may do. */
export interface Grant {
  readonly keyId: string;
  readonly name: string;
  readonly tenant: string;
  readonly scopes: ReadonlySet<Scope>;
  /** Who holds it; undefined: a program, which approves and publishes nothing. */
  readonly person?: string;
  /** What that person may approve as. */
  readonly roles?: readonly string[];
}

/** Small letters only, so that nobody becomes two persons by a capital. */
export const PERSON_NAME = /^[a-z0-9][a-z0-9._@-]{0,63}$/;
export const ROLE_NAME = /^[a-z][a-z0-9-]{0,31}$/;
/** The holder of the development key, and the system itself: nobody else is called so. */
export const DEVELOPER = 'dev';
export const SYSTEM_PERSON = 'assay';

export interface NewKey {
  readonly name: string;
  readonly tenant: string;
  readonly scopes: readonly Scope[];
  readonly person?: string;
  readonly roles?: readonly string[];
  /** Who made it. */
  readonly madeBy?: string;
}

export interface ListedKey extends NewKey {
  readonly id: string;
  readonly createdAt: string;
  readonly revokedAt: string | undefined;
}

export interface KeyStore {
  /**
   * The grant of a live key, or undefined. Does not wait, and takes as long for a wrong token as for a right
   * one.
   */
  find(token: string): Grant | undefined;
  list(): readonly ListedKey[];
  /** Resolves when the key is durable. The token is shown here and never again: only its hash is kept. */
  create(key: NewKey): Promise<{ readonly token: string; readonly key: ListedKey }>;
  /** False where no live key has that id. */
  revoke(id: string): Promise<boolean>;
}
