// The engine as it is wired, in short worlds; and the same engine, tampered with, which the auditor has to
// catch.
import { deepEqual, notEqual, ok, rejects } from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DecideAnswer } from '#decisioning/call.ts';
import type { Disk, DiskFile } from '#ports/disk.ts';
import { EngineMachine } from './engine-machine.ts';
import type { Tampering } from './engine-machine.ts';
import { edition } from './naive-policy.ts';
import { BrokenStory, runSeed } from './run-seed.ts';
import type { Story } from './run-seed.ts';
import type { Subject } from './subject.ts';

/** Seeds with a storm in which nothing stops the brake. */
const STORMS = [5, 12, 20, 26];

const story = (seed: number, tampering?: Tampering): Promise<Story> =>
  runSeed(seed, 100, (parts) => new EngineMachine(tampering === undefined ? parts : { ...parts, tampering }));

test('the same seed tells the same story, to the byte', async () => {
  const first = await story(7);
  deepEqual(await story(7), first);
  notEqual((await story(8)).traceHash, first.traceHash);
});

test('in storms the brake holds rules, at positions and for reasons that the auditor finds in its books',
  async () => {
    let brakes = 0;
    for (const seed of STORMS) brakes += (await story(seed)).brakes;
    ok(brakes >= STORMS.length, `${brakes} brakes`);
  });

/** Rewrites the text of what is answered. */
const saying = (subject: Subject, rewrite: (text: string, replayed: boolean) => string): Subject => ({
  ...subject,
  async decide(call) {
    const answer = await subject.decide(call);
    return answer.kind === 'refused' ? answer : parseAnswer(rewrite(JSON.stringify(answer), answer.replayed));
  },
});
const parseAnswer = (text: string): DecideAnswer => JSON.parse(text) as DecideAnswer;

/** Does something else with every twentieth payment. */
function everyTwentieth(subject: Subject, decide: Subject['decide']): Subject {
  let count = 0;
  return { ...subject, decide: (call) => (++count % 20 === 0 ? decide(call) : subject.decide(call)) };
}

/** Says that bytes are durable when they are not. */
function lying(disk: Disk): Disk {
  const file = (inner: DiskFile): DiskFile => ({
    ...inner,
    writeThrough: (bytes, at) => inner.write(bytes, at),
    fdatasync: () => Promise.resolve(),
  });
  return { ...disk, open: async (path, mode) => file(await disk.open(path, mode)) };
}

/** Names the policy that should have been live. */
const underTheName = (text: string): string =>
  text.replace(
    /"version":(\d+),"hash":"[^"]*"/,
    (_, version: string) => `"version":${version},"hash":"${edition(Number(version)).hash}"`,
  );

const TAMPERINGS: readonly (readonly [what: string, tampering: Tampering, promise: RegExp])[] = [
  [
    'drops a payment from the windows',
    { subject: (it) => everyTwentieth(it, (call) => it.decide({ ...call, tenant: 'nobody' })) },
    /P[234] broken/,
  ],
  [
    'counts a payment twice',
    {
      subject: (it) =>
        everyTwentieth(it, (call) => {
          const again = Buffer.from(call.bytes)
            .toString('utf8')
            .replace(/"id": ?"p/, '"id":"again-p');
          return Promise.all([it.decide({ ...call, bytes: Buffer.from(again) }), it.decide(call)]).then(
            ([, own]) => own,
          );
        }),
    },
    /P2 broken/,
  ],
  ['answers before the disk has it', { disk: lying }, /P4 broken|record \d+/],
  [
    'says something else when asked again',
    {
      subject: (it) =>
        saying(it, (text, replayed) => (replayed ? text.replace('"features"', '"measured"') : text)),
    },
    /P3 broken: two bodies/,
  ],
  [
    'sees a payment that is exactly an hour old',
    {
      policy: (source) => source.replace('count(by card over 1h)', 'count(by card over 1h1ms)'),
      subject: (it) => saying(it, underTheName),
    },
    /P2 broken: card_count_1h at position/,
  ],
  [
    'forgets what a rule does that cannot say',
    {
      policy: (source) => source.replace('unknown: review', 'unknown: miss'),
      subject: (it) => saying(it, underTheName),
    },
    /P6 broken: /,
  ],
];

describe('the auditor catches the engine when it', () => {
  for (const [what, tampering, promise] of TAMPERINGS) {
    test(what, async () => {
      await rejects(
        async () => {
          for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) await story(seed, tampering);
        },
        (error) => error instanceof BrokenStory && promise.test(error.message),
      );
    });
  }
});
