/** Runs of the past: asked for by a person, recorded as evidence by the system. */
import { isRefusal } from '#domain/parse-event.ts';
import type { Refusal, RefusalCode } from '#domain/refusal.ts';
import { RecordsUnavailable, type BacktestRunRecord, type Json } from '#ports/records.ts';
import { BacktestRefused, type BacktestEnd } from './backtest-runner.ts';
import type { Actor, LifecycleParts } from './parts.ts';
import { audited, refuse } from './refuse.ts';
import { isMap } from './seals.ts';
import { noVersion } from './version-facts.ts';
import { recordBacktest } from './versions.ts';

const RECORD_PAUSE_MS = 1_000;
const RECORD_ATTEMPTS_MAX = 600;

/** That somebody asks for it is on the record before anything of it is done; what becomes of it, after. */
export async function startBacktest(
  parts: LifecycleParts, actor: Actor, hash: string, options: { readonly [key: string]: Json },
): Promise<{ readonly id: string } | Refusal> {
  const { backtests, records } = parts;
  if (backtests === undefined) return refuse('part_unavailable', 'this server runs no backtests');
  const version = await records.version(hash);
  if (version === undefined) return noVersion(hash);
  const { file, source } = version;
  const onEnd = (id: string, end: BacktestEnd): Promise<void> => ended(parts, actor.person, hash, id, end);
  const noted = await audited(parts, actor, {
    action: 'backtest.ask', subject: `version/${hash}`, detail: { options },
  }, () => Promise.resolve({}));
  if (isRefusal(noted)) return noted;
  return unlessRefused('invalid', async () =>
    ({ id: await backtests.start({ hash, file, source, person: actor.person, options }, onEnd) }));
}

async function unlessRefused<Done extends object>(
  code: RefusalCode, step: () => Promise<Done | Refusal>,
): Promise<Done | Refusal> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof BacktestRefused) return refuse(code, error.message, '');
    throw error;
  }
}

/** A run may have taken an hour: its evidence is worth some patience with the records. */
async function ended(
  parts: LifecycleParts, person: string, hash: string, id: string, end: BacktestEnd,
): Promise<void> {
  if (end.status !== 'done') return;
  for (let attempt = 1; ; attempt++) {
    try {
      await recordBacktest(parts, person, hash, id, end.figures);
      return;
    } catch (error) {
      if (!(error instanceof RecordsUnavailable) || attempt === RECORD_ATTEMPTS_MAX) throw error;
      await new Promise((resolve) => { setTimeout(resolve, RECORD_PAUSE_MS); });
    }
  }
}

export async function backtestRun({ records }: LifecycleParts,
  id: string): Promise<BacktestRunRecord | Refusal> {
  return await records.backtestRun(id) ?? refuse('not_found', `no backtest has the id ${id}`);
}

export async function steerBacktest(
  parts: LifecycleParts, actor: Actor, id: string, verb: 'cancel' | 'resume',
): Promise<BacktestRunRecord | Refusal> {
  const { backtests } = parts;
  const run = await backtestRun(parts, id);
  if (isRefusal(run)) return run;
  if (backtests === undefined) return refuse('part_unavailable', 'this server runs no backtests');
  const isIdle = refuse('conflict', `${id} is ${run.status}: there is nothing to ${verb}`);
  if (verb === 'resume' && run.status === 'done' && await isShown(parts, run)) return isIdle;
  const noted = await audited(parts, actor, {
    action: `backtest.ask_to_${verb}`, subject: `version/${run.hash}`, detail: { id },
  }, () => Promise.resolve({}));
  if (isRefusal(noted)) return noted;
  // A run of an earlier start leaves its evidence as any other does.
  const onEnd = (_: string, end: BacktestEnd): Promise<void> => ended(parts, run.person, run.hash, id, end);
  return unlessRefused('conflict', async () => {
    const isDone = await (verb === 'cancel' ? backtests.cancel(id) : backtests.resume(id, onEnd));
    return isDone ? backtestRun(parts, id) : isIdle;
  });
}

/**
 * Evidence is written after the run says that it is done; where the server ended between, it is lost, and
 * judging again is the only way to it: the report stands in the records without a seal.
 */
async function isShown({ records, seals }: LifecycleParts,
  { id, hash }: BacktestRunRecord): Promise<boolean> {
  return (await records.evidence(hash)).some((evidence) => {
    const found = evidence.kind === 'backtest' ? seals.found(evidence) : undefined;
    return isMap(found) && found['run'] === id;
  });
}

export async function backtestReport(
  parts: LifecycleParts, id: string, as: 'html' | 'text',
): Promise<{ readonly page: string } | Refusal> {
  const run = await backtestRun(parts, id);
  if (isRefusal(run)) return run;
  const page = await parts.backtests?.report(id, as);
  return page === undefined ? refuse('not_found', `${id} is ${run.status}; it has no report`) : { page };
}
