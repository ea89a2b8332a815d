/**
 * Random sequences of everything that a few people can do, and an auditor with books of his own: nothing is
 * ever live without what it needs, and what has all it needs is not held up.
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { verifyAudit } from '#records/audit-chain.ts';
import type { Actor } from '#lifecycle/parts.ts';
import { seededRandom } from '../../bench/random.ts';
import { scaled } from '../test-scale.ts';
import { LifecycleWorld, person, policySource, publicationOf } from './lifecycle-world.ts';

const PEOPLE = [
  person('ann', 'risk'), person('ben', 'risk', 'compliance'), person('cas', 'compliance'), person('dev'),
];
const REVIEWERS = [[], ['risk'], ['risk', 'compliance']] as const;
const ROLES = ['risk', 'compliance', 'boss'];

/** What the auditor wrote down of something that somebody proposed. */
interface Book {
  readonly id: string;
  readonly author: string;
  readonly required: readonly string[];
  /** Every one of them, or just one of them. */
  readonly all: boolean;
  readonly single: boolean;
  readonly number: number;
  readonly sound: boolean;
  /** In the order of submission. */
  readonly place: number;
  readonly approvals: { readonly person: string; readonly role: string }[];
  closed: boolean;
}

const hasItsPeople = ({ author, required, all, single, approvals }: Book): boolean => {
  const roles = new Set(approvals.filter((one) => one.person !== author
    && (required.length === 0 || required.includes(one.role))).map(({ role }) => role));
  if (single) return true;
  return all ? roles.size > 0 && required.every((role) => roles.has(role)) : roles.size > 0;
};

const mayApprove = (book: Book, actor: Actor, role: string): boolean =>
  actor.person !== book.author && actor.roles.includes(role)
  && (book.required.length === 0 || book.required.includes(role))
  && !book.approvals.some((one) => one.person === actor.person && one.role === role);

type Random = () => number;
const pick = <One>(random: Random, all: readonly One[]): One | undefined =>
  all[Math.floor(random() * all.length)];

class Play {
  readonly #random: Random;
  readonly #world = new LifecycleWorld(publicationOf(policySource({ version: 1 })));
  readonly #versions: Book[] = [];
  readonly #changes: Book[] = [];
  readonly #snoozes: Book[] = [];
  /** Hashes that were live at each position, as the auditor saw it. */
  readonly #live: { readonly position: number; readonly hash: string; readonly number: number }[] = [];
  /** Hashes of those that judge beside what is live. */
  readonly #beside = new Set<string>();
  #acts = 0;
  went = 0;
  refused = 0;

  constructor(seed: number) { this.#random = seededRandom(seed); }

  async run(steps: number): Promise<void> {
    const [hash = ''] = this.#world.liveHashes;
    this.#live.push({ position: 1, hash, number: 1 });
    for (let step = 0; step < steps; step++) {
      await this.#step();
      // Nobody's clock is trusted.
      this.#world.nowMs += Math.floor((this.#random() - 0.4) * 60_000);
      deepEqual(this.#world.liveHashes, [this.#live.at(-1)?.hash]);
    }
    equal((await verifyAudit(this.#world.store)).damage, undefined);
  }

  async #step(): Promise<void> {
    const actor = pick(this.#random, PEOPLE) ?? PEOPLE[0] as Actor;
    const verbs = [
      () => this.#submit(actor), () => this.#submit(actor), () => this.#approve(actor), () =>
        this.#approve(actor),
      () => this.#approve(actor), () => this.#publish(actor), () => this.#publish(actor),
      () => this.#withdraw(actor), () => this.#rollBack(actor), () => this.#change(actor),
      () => this.#approveChange(actor), () => this.#publishChange(actor), () => this.#snooze(actor),
      () => this.#approveSnooze(actor), () => this.#publishSnooze(actor), () => this.#share(actor),
    ];
    await pick(this.#random, verbs)?.();
  }

  /** The answer is what the auditor expects. */
  #judge(answer: object, expected: boolean, what: string): boolean {
    const done = !('code' in answer && 'errors' in answer);
    equal(done, expected, `${what}: ${JSON.stringify(answer).slice(0, 300)}`);
    if (done) this.went += 1;
    else this.refused += 1;
    return done;
  }

  async #submit(actor: Actor): Promise<void> {
    const number = 1 + Math.floor(this.#random() * 6);
    const required = pick(this.#random, REVIEWERS) ?? [];
    const sound = this.#random() < 0.8;
    const place = this.#acts += 1;
    const id = await this.#world.submitted({
      version: number, limit: 1_000 + place, reviewers: `[${required.join(', ')}]`, expect: sound ? 'hit'
        : 'miss',
    }, actor);
    this.#versions.push({
      id, author: actor.person, required, all: true, single: false, number, sound, place, approvals: [],
        closed: false,
    });
  }

  async #approve(actor: Actor): Promise<void> {
    const book = pick(this.#random, this.#versions);
    const role = pick(this.#random, ROLES) ?? 'risk';
    if (book === undefined) return;
    const newer = this.#versions.some((other) => !other.closed
      && (other.number > book.number || (other.number === book.number && other.place > book.place)));
    const expected = mayApprove(book, actor, role) && !newer && !book.closed;
    const answer = await this.#world.life.approve(actor, book.id, role);
    if (this.#judge(answer, expected, `${actor.person} approves ${book.number} of ${book.author} as `
      + `${role}`)) {
      book.approvals.push({ person: actor.person, role });
    }
  }

  async #publish(actor: Actor): Promise<void> {
    const book = pick(this.#random, this.#versions);
    if (book === undefined) return;
    const expected = hasItsPeople(book) && book.sound && !book.closed
      && book.number > (this.#live.at(-1)?.number ?? 0);
    const answer = await this.#world.life.publish(actor, book.id, { because: 'x', expected: undefined });
    if (this.#judge(answer, expected, `${actor.person} publishes ${book.number}`)) {
      this.#wentLive(answer, book.id, book.number);
      this.#beside.delete(book.id);
    }
  }

  #wentLive(answer: object, hash: string, number: number): void {
    ok('position' in answer && typeof answer.position === 'number');
    this.#live.push({ position: answer.position, hash, number });
  }

  async #withdraw(actor: Actor): Promise<void> {
    const book = pick(this.#random, this.#versions);
    if (book === undefined) return;
    const expected = !book.closed && book.id !== this.#live.at(-1)?.hash && !this.#beside.has(book.id);
    const answer = await this.#world.life.withdraw(actor, book.id, 'x');
    if (this.#judge(answer, expected, 'withdraw')) book.closed = true;
  }

  async #rollBack(actor: Actor): Promise<void> {
    const target = pick(this.#random, this.#live);
    const now = this.#live.at(-1);
    if (target === undefined || now === undefined) return;
    const isWithdrawn = this.#versions.some(({ id, closed }) => id === target.hash && closed);
    const expected = target.position < this.#world.engine.inForce().base && target.hash !== now.hash
      && !isWithdrawn;
    const answer = await this.#world.life.rollBack(actor, target.position,
      { because: 'x', expected: undefined });
    if (this.#judge(answer, expected, `roll back to ${target.position}`)) {
      this.#wentLive(answer, target.hash, target.number);
    }
  }

  /** A challenger that decides anything needs what a publication needs. */
  async #share(actor: Actor): Promise<void> {
    const book = pick(this.#random, this.#versions);
    if (book === undefined) return;
    const share = this.#random() < 0.5 ? 0 : 0.1;
    const isOpen = book.sound && !book.closed;
    const expected = share === 0 ? isOpen
      : isOpen && hasItsPeople(book) && book.number > (this.#live.at(-1)?.number ?? 0);
    const answer = await this.#world.life.startShadow(actor, book.id, { share, by: undefined });
    if (this.#judge(answer, expected, `${actor.person} lets ${book.number} decide ${share}`)) {
      this.#beside.add(book.id);
    }
  }

  async #change(actor: Actor): Promise<void> {
    const list = pick(this.#random, ['trusted', 'blocked']) ?? 'blocked';
    const kind = pick(this.#random, ['replace', 'amend'] as const) ?? 'amend';
    const place = this.#acts += 1;
    const until = { until: '2027-01-01T00:00:00Z' };
    const answer = await this.#world.life.proposeListChange(actor, {
      list, kind, add: [{ value: `c${place}`, ...until }], remove: [], reason: 'x',
    });
    this.#judge(answer, true, 'propose');
    ok('change' in answer);
    const { id } = (answer.change);
    const { reviewers = [] } = this.#world.engine.inForce().policies[0] ?? {};
    this.#changes.push({
      id, author: actor.person, required: reviewers, all: false, single: list === 'blocked'
        && kind === 'amend',
      number: 0, sound: true, place, approvals: [], closed: false,
    });
  }

  /** As the live policy asks now: it may have changed since the proposal. */
  #now(book: Book): Book {
    const { reviewers = [] } = this.#world.engine.inForce().policies[0] ?? {};
    return { ...book, required: reviewers };
  }

  async #approveChange(actor: Actor): Promise<void> {
    const book = pick(this.#random, this.#changes);
    const role = pick(this.#random, ROLES) ?? 'risk';
    if (book === undefined) return;
    const answer = await this.#world.life.approveListChange(actor, book.id, role);
    const expected = mayApprove(this.#now(book), actor, role) && !book.closed;
    if (this.#judge(answer, expected, 'approve a change')) book.approvals.push(
      { person: actor.person, role });
  }

  async #publishChange(actor: Actor): Promise<void> {
    const book = pick(this.#random, this.#changes);
    if (book === undefined) return;
    const expected = hasItsPeople(this.#now(book)) && !book.closed;
    const answer = await this.#world.life.publishListChange(actor, book.id,
      { because: 'x', expected: undefined });
    if (this.#judge(answer, expected, 'publish a change')) book.closed = true;
  }

  async #snooze(actor: Actor): Promise<void> {
    const place = this.#acts += 1;
    const answer = await this.#world.life.proposeSnooze(actor, {
      policy: 'small', rule: 'large', field: 'card.id', value: `c${place}`, fromMs: this.#world.nowMs,
      untilMs: this.#world.nowMs + 86_400_000 * 30, reason: 'x',
    });
    this.#judge(answer, true, 'propose a snooze');
    ok('snooze' in answer);
    const { id } = answer.snooze;
    this.#snoozes.push({ id, author: actor.person, required: [], all: false, single: false, number: 0,
      sound: true,
      place, approvals: [], closed: false });
  }

  async #approveSnooze(actor: Actor): Promise<void> {
    const book = pick(this.#random, this.#snoozes);
    const role = pick(this.#random, ROLES) ?? 'risk';
    if (book === undefined) return;
    const answer = await this.#world.life.approveSnooze(actor, book.id, role);
    const expected = mayApprove(this.#now(book), actor, role) && !book.closed;
    if (this.#judge(answer, expected, 'approve a snooze')) book.approvals.push(
      { person: actor.person, role });
  }

  async #publishSnooze(actor: Actor): Promise<void> {
    const book = pick(this.#random, this.#snoozes);
    if (book === undefined) return;
    const expected = hasItsPeople(this.#now(book)) && !book.closed;
    const answer = await this.#world.life.publishSnooze(actor, book.id, 'x');
    if (this.#judge(answer, expected, 'publish a snooze')) book.closed = true;
  }
}

test('whatever a few people do in whatever order, only what has its people goes live', async () => {
  let went = 0;
  let refused = 0;
  for (let seed = 1; seed <= scaled(12); seed++) {
    const play = new Play(seed);
    await play.run(120).catch((error: unknown) => {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`);
    });
    went += play.went;
    refused += play.refused;
  }
  // A play in which nothing is refused, or nothing goes, shows nothing.
  ok(went > 200 && refused > 200, `${went} went, ${refused} were refused`);
});
