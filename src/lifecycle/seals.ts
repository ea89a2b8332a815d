/**
 * Seals: HMAC-SHA256 with a key that no database has. A row written by hand has none, so it approves nothing
 * and shows nothing.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { ApprovalRecord, ApprovalSubject, EvidenceRecord, Json } from '#ports/records.ts';
import { canonicalText } from '#records/canonical-text.ts';

const ID_HEX_CHARS = 24;

/** The author is sealed in: whoever changes the author of a row, so as to approve it himself, breaks it. */
export type SealedApproval = Omit<ApprovalRecord, 'seal'> & { readonly author: string };
type Evidence = Omit<EvidenceRecord, 'summary'>;

/** What somebody wrote: by its content hash, and when. */
export interface Authored { readonly hash: string; readonly author: string; readonly atMs: number }

export interface RetirementAsked {
  /** Content hash of the policy that is to go. */
  readonly hash: string;
  readonly person: string;
  readonly atMs: number;
}
export interface SealedRetirement {
  readonly asked: RetirementAsked;
  readonly person: string;
  readonly role: string;
  readonly atMs: number;
  readonly seal: string;
}

export class Seals {
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  approval({ subject, hash, author, role, person, atMs }: SealedApproval): string {
    return this.#seal(['approval', subject, hash, author, role, person, atMs]);
  }

  holdsApproval(approval: ApprovalRecord, author: string): boolean {
    const { subject, hash, role, person, atMs, seal } = approval;
    return same(seal, this.approval({ subject, hash, author, role, person, atMs }));
  }

  author(subject: ApprovalSubject, { hash, author, atMs }: Authored): string {
    return this.#seal(['author', subject, hash, author, atMs]);
  }

  /** False also for what carries no seal. */
  holdsAuthor(subject: ApprovalSubject, row: Authored & { readonly authorSeal?: string }): boolean {
    return row.authorSeal !== undefined && same(row.authorSeal, this.author(subject, row));
  }

  /** That somebody asked to take a policy out of force. */
  retirement({ hash, person, atMs }: RetirementAsked): string {
    return this.#seal(['retirement', hash, person, atMs]);
  }

  /** It is of that asking alone: another one of the same content is another. */
  retirementApproval({ asked, person, role, atMs }: Omit<SealedRetirement, 'seal'>): string {
    return this.#seal(['retirement_approval', this.retirement(asked), person, role, atMs]);
  }

  /** The summary of evidence as it is stored: what was found, and the seal of it. */
  evidence(evidence: Evidence, found: Json): Json {
    return { found, seal: this.#seal(evidenceParts(evidence, found)) };
  }

  /** What was found; undefined where the seal does not hold. */
  found({ summary, ...evidence }: EvidenceRecord): Json | undefined {
    if (!isMap(summary)) return undefined;
    const { found, seal } = summary;
    if (found === undefined || typeof seal !== 'string') return undefined;
    return same(seal, this.#seal(evidenceParts(evidence, found))) ? found : undefined;
  }

  /** An id that only we can give to this content: `lch_...`. */
  idOf(prefix: 'lch' | 'snz', contentHash: string): string {
    return `${prefix}_${this.#seal([prefix, contentHash]).slice(0, ID_HEX_CHARS)}`;
  }

  #seal(parts: Json): string {
    return createHmac('sha256', this.#key).update(canonicalText(parts)).digest('hex');
  }
}

const evidenceParts = ({ hash, kind, passed, atMs, person }: Evidence, found: Json): Json =>
  ['evidence', hash, kind, passed, atMs, person, found];

export const isMap = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `sha256:...` of a content, whatever the order of its keys. */
export const contentHash = (content: Json): string =>
  `sha256:${createHash('sha256').update(canonicalText(content)).digest('hex')}`;

/** The same of what JSON makes of it: what is undefined is left out. */
export const hashOfJson = (content: object): string => contentHash(parseJson(JSON.stringify(content)));

const parseJson = (text: string): Json => JSON.parse(text) as Json;

const same = (left: string, right: string): boolean =>
  left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));
