/** `assay policy diff BEFORE AFTER`: what changed between two versions, in words and on a sample. */
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { EventSchema } from '#domain/field.ts';
import { LIMITS } from '#domain/limits.ts';
import type { DecideAnswer, RecordAnswer } from '#decisioning/call.ts';
import {
  effectDifference, englishEffect, type EffectDifference, type JudgedPayment,
} from '#policy/effect-difference.ts';
import { englishDifference } from '#policy/english-difference.ts';
import { policyDifference } from '#policy/policy-difference.ts';
import { drive, readCalls, type DecideParts } from './decide.ts';
import { readPolicy } from './policy.ts';
import { UsageError, type ExitCode, type Shell } from './shell.ts';

export const POLICY_DIFF_USAGE = `\
assay policy diff BEFORE AFTER    what changed between two versions, by name; exit code 0: nothing
  --sample FILE     and what it does to the payments and events of a file, one JSON call a line, oldest first
  --json            as data`;

export async function policyDiff(shell: Shell, parts: DecideParts, schema: EventSchema): Promise<ExitCode> {
  const { values, positionals } = parseArgs({
    args: shell.args.slice(1), allowPositionals: true,
    options: { json: { type: 'boolean', default: false }, sample: { type: 'string' } },
  });
  const [from, to] = positionals.map((path) => resolve(shell.folder, path));
  if (from === undefined || to === undefined || positionals.length > 2) {
    throw new UsageError(POLICY_DIFF_USAGE);
  }
  const [before, after] = [await readPolicy(shell, from, schema), await readPolicy(shell, to, schema)];
  if (before === undefined || after === undefined) return 2;
  const difference = policyDifference(before, after);
  const sample = values.sample === undefined ? undefined : resolve(shell.folder, values.sample);
  const effect = sample === undefined ? undefined : await effectOn(shell, sample, from, to, parts);
  if (values.json) {
    shell.out(JSON.stringify(effect === undefined ? difference : { ...difference, effect }, null, 2));
  } else {
    shell.out(englishDifference(difference).trimEnd());
    if (effect !== undefined) shell.out(`\n${englishEffect(effect).trimEnd()}`);
  }
  return difference.changes.length === 0 && (effect?.changed ?? 0) === 0 ? 0 : 1;
}

/** Lines that one of the two refuses are compared by neither. */
async function effectOn(shell: Shell, sample: string, from: string, to: string,
  parts: DecideParts): Promise<EffectDifference> {
  const [before, after] = [await judged(sample, from, parts), await judged(sample, to, parts)];
  const lines = [...before.payments.keys()].filter((line) => after.payments.has(line));
  const refused = new Set([...before.refused, ...after.refused]);
  if (refused.size > 0) {
    const [first] = [...refused].toSorted((a, b) => a - b);
    shell.err(`${refused.size} lines of ${relative(shell.folder, sample)} were refused, the first is line `
      + `${first}; \`assay decide\` says why`);
  }
  const of = ({ payments }: Judged): readonly JudgedPayment[] =>
    lines.flatMap((line) => payments.get(line) ?? []);
  return effectDifference(of(before), of(after));
}

interface Judged {
  /** By line of the sample. */
  readonly payments: ReadonlyMap<number, JudgedPayment>;
  readonly refused: readonly number[];
}

/** The very engine that decides payments, on an empty log, with this policy alone. */
async function judged(sample: string, policyFile: string, parts: DecideParts): Promise<Judged> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-'));
  const payments = new Map<number, JudgedPayment>();
  const refused: number[] = [];
  try {
    const engine = await parts.open(folder, [policyFile]);
    try {
      await drive(engine, readCalls(createReadStream(sample)), true, (answer, line) => {
        if (answer.kind === 'refused') refused.push(line);
        const payment = paymentOf(answer);
        if (payment !== undefined) payments.set(line, payment);
        if (payments.size > LIMITS.samplePaymentCountMax) {
          throw new UsageError(`the sample has more than ${LIMITS.samplePaymentCountMax} payments`);
        }
      });
    } finally {
      await engine.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return { payments, refused };
}

/** A re-send counts once. */
function paymentOf(answer: DecideAnswer | RecordAnswer): JudgedPayment | undefined {
  if (answer.kind !== 'decided' || answer.replayed) return undefined;
  const { transaction_id: transactionId, outcome, reasons } = answer.decision;
  const hits = reasons.flatMap(({ rule, effect }) => (effect === 'excepted' ? [] : [rule]));
  return { transactionId, outcome, hits };
}
