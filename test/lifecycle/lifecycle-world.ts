/** A life cycle over records in memory and an engine that only remembers what was published. */
import { MemoryRecordStore } from '#adapters/memory/record-store.ts';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { PublicationRefused } from '#decisioning/publication-refused.ts';
import type { Amended, Amendment, Publication } from '#decisioning/publication.ts';
import type { Amending, Keeping } from '#decisioning/publisher.ts';
import { eventSchema } from '#domain/field.ts';
import type { Refusal } from '#domain/refusal.ts';
import { compilePolicy } from '#policy/compile-policy.ts';
import type { CompiledPolicy } from '#policy/compiled-policy.ts';
import { storeWorld } from '#policy/store-world.ts';
import { Lifecycle } from '#lifecycle/lifecycle.ts';
import type { RecordStore } from '#ports/records.ts';
import type { BacktestRunner } from '#lifecycle/backtest-runner.ts';
import type { Actor, CheckedPolicy, InForceView, LiveEngine, Published } from '#lifecycle/parts.ts';
import { Seals } from '#lifecycle/seals.ts';
import { readListUpload } from '../../src/main/read-list-upload.ts';
import { checkPolicy } from '../../src/main/check-policy.ts';

const schema = eventSchema();
const openWorld = storeWorld((custom) => new LocalWindowStore(custom));

export interface PolicyShape {
  readonly version: number;
  readonly name?: string;
  readonly limit?: number;
  readonly reviewers?: string;
  readonly head?: string;
  /** Of its one test. */
  readonly expect?: 'hit' | 'miss';
  readonly kinds?: string;
}

/** One rule that reviews large payments, a list that blocks and one that exempts, and a test. */
export const policySource = ({
  version, name = 'small', limit = 1_000, reviewers = '[risk]', head = '', expect = 'hit', kinds = '[card]',
}: PolicyShape): string => `policy: ${name}
version: ${version}
event: transaction.v1
reviewers: ${reviewers}
kinds: ${kinds}
${head}lists:
  blocked: { of: card, managed: true, validity: true }
  trusted: { of: card, managed: true, validity: required }
rules:
  blocked-card:
    when: card in list("blocked")
    then: { action: decline }
    unknown: review
    final: true
  large:
    when: amount as EUR > ${limit} EUR
    unless: card in list("trusted")
    then: { action: review }
    unknown: review
tests:
  - name: a large payment
    given: [{ at: 0s, kind: card, card.id: c, amount: ${limit + 1} EUR, expect: { large: ${expect} } }]
`;

const compiled = (source: string): CompiledPolicy => {
  const result = compilePolicy(source, 'small.policy.yaml', schema);
  if ('policy' in result) return result.policy;
  throw new Error(result.diagnostics.map(({ message }) => message).join('\n'));
};

/** As a checking thread would say of it. */
export const checkPolicySource = (source: string): CheckedPolicy => {
  const checked = checkPolicy('small.policy.yaml', source, schema, openWorld);
  if ('mistakes' in checked) throw new Error(checked.mistakes.join('\n'));
  return checked;
};

export const publicationOf = (...sources: readonly string[]): Publication => ({
  format: 1, policies: sources.map((source) => ({ file: 'small.policy.yaml', source })), lists: [],
  rates: { version: 'none', base: 'EUR', rates: {} }, custom: [],
});

/** Two hundred lines of the engine in twenty: what is in force, by position. */
export class RememberingEngine implements LiveEngine {
  readonly #records: { position: number; publication: Publication; amendment: Amendment | undefined }[] = [];
  records = 5;

  constructor(first: Publication) {
    this.#records.push({ position: 1, publication: first, amendment: undefined });
  }

  get all() { return this.#records; }

  inForce(): InForceView {
    const last = this.#records.at(-1);
    if (last === undefined) throw new Error('nothing is live');
    const { position, publication, amendment } = last;
    return {
      position, base: amendment?.base ?? position, publication, amendment,
      policies: publication.policies.map(({ source }) => compiled(source)),
    };
  }

  async publish(publication: Publication, keeping: Keeping = {}): Promise<number> {
    const names = publication.policies.flatMap(({ source }) => compiled(source).kinds);
    if (new Set(names).size < names.length) throw new PublicationRefused(['two policies decide one kind']);
    const before = this.inForce();
    const position = this.#next();
    this.#records.push({ position, publication, amendment: undefined });
    if (before.amendment !== undefined) {
      const keep = typeof keeping === 'function' ? keeping(before.amendment) : keeping;
      const { modes, snoozes, challengers } = { ...before.amendment, ...keep };
      if (modes.length + snoozes.length + challengers.length > 0) {
        const kept = { modes, snoozes, challengers, person: 'assay', because: 'kept', approvals: [] };
        const amendment = { format: 1, base: position, ...kept } as const;
        this.#records.push({ position: position + 1, publication, amendment });
      }
    }
    return position;
  }

  async amend(amending: Amending | ((inForce: Amended) => Amending)): Promise<number> {
    const { base, publication, amendment: before } = this.inForce();
    const { modes = [], snoozes = [], challengers = [] } = before ?? {};
    const change = typeof amending === 'function' ? amending({ modes, snoozes, challengers }) : amending;
    const amendment = { modes, snoozes, challengers, approvals: [], ...change };
    const position = this.#next();
    this.#records.push({ position, publication, amendment: { format: 1, base, ...amendment } });
    return position;
  }

  async publicationAt(position: number): Promise<Publication | undefined> {
    return this.#records.find((one) => one.position === position && one.amendment === undefined)?.publication;
  }

  async *publishedAfter(after: number): AsyncGenerator<Published> {
    for (const { position, publication, amendment } of this.#records) {
      if (position <= after) continue;
      yield { position, atMs: position, ...(amendment === undefined ? { publication } : { amendment }) };
    }
  }

  recordCount(): number { return this.records; }
  #next(): number { return this.records += 10; }
}

export const person = (name: string, ...roles: readonly string[]): Actor => ({ person: name, roles });
export const ANN = person('ann', 'risk');
export const BEN = person('ben', 'risk', 'compliance');
export const CAS = person('cas');

export class LifecycleWorld {
  nowMs = Date.UTC(2026, 10, 24, 12);
  readonly store: RecordStore;
  readonly seals = new Seals(Buffer.alloc(32, 7));
  readonly engine: RememberingEngine;
  readonly life: Lifecycle;

  constructor(first: Publication = publicationOf(policySource({ version: 1 })),
    store: RecordStore = new MemoryRecordStore(), backtests?: BacktestRunner) {
    this.store = store;
    this.engine = new RememberingEngine(first);
    this.life = new Lifecycle({
      records: this.store, engine: this.engine, seals: this.seals, now: () => this.nowMs,
        backtests,
      readList: (upload) => Promise.resolve(readListUpload(upload)),
      check: (file, source) => Promise.resolve(checkPolicy(file, source, schema, openWorld)),
    });
  }

  /** Submitted by Ann; the hash. */
  async submitted(shape: PolicyShape, author: Actor = ANN): Promise<string> {
    const source = policySource(shape);
    const status = told(await this.life.submit(author,
      { policy: shape.name ?? 'small', file: undefined, source, note: 'why' }));
    return status.version.hash;
  }

  get liveHashes(): readonly string[] { return this.engine.inForce().policies.map(({ hash }) => hash); }
}

/** The answer; throws what refuses. */
export function told<Answer extends object>(answer: Answer | Refusal): Answer {
  if ('code' in answer && 'errors' in answer) throw new Error(`${answer.code}: ${answer.detail}`);
  return answer as Answer;
}

/** Code, detail and faults of a refusal, as one text. */
export function refusalOf(answer: object): string {
  if (!('code' in answer && 'errors' in answer)) throw new Error(`no refusal: ${JSON.stringify(answer)}`);
  const { code, detail, errors } = answer as Refusal;
  return [`${code}: ${detail}`, ...errors.map((error) => `${error.pointer} ${error.detail}`)].join('\n');
}

export const publishOrder = { because: 'agreed', expected: undefined };
