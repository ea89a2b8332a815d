/**
 * A process that compares challengers with the champion, behind all others, until it is asked to stop.
 */
import { LocalLogReader } from '#adapters/log-files/decision-log-reader.ts';
import { nodeDisk } from '#adapters/log-files/node-disk.ts';
import { logHistory } from '#backtest/history.ts';
import { ShadowComparison } from '#backtest/shadow-comparison.ts';
import { windowsOf } from './backtest-parts.ts';
import { inBackground, type Background } from './in-background.ts';
import { logPlaces } from './open-embedded.ts';
import type { ShadowAnswer, ShadowAsk, ShadowProcessOrder } from './shadow-keeper.ts';

const CHECKPOINT_EVERY_MS = 600_000;

async function follow(
  { folder, until, order, checkpoint }: ShadowProcessOrder,
  { tell, onAsk }: Background<ShadowAsk, ShadowAnswer>,
): Promise<void> {
  const log = await LocalLogReader.open(nodeDisk, logPlaces(folder), until);
  let durable = until;
  let stopping = false;
  let wake = (): void => {};
  const comparison = new ShadowComparison(order, {
    history: logHistory(log, `the log of ${folder}`), ...windowsOf(order.publication),
    checkpoint: { file: checkpoint, everyMs: CHECKPOINT_EVERY_MS },
    async more() {
      while (!stopping && durable <= log.durable.position) {
        await new Promise<void>((resolve) => { wake = resolve; });
      }
      if (!stopping) await log.advance(durable);
      return !stopping;
    },
    cancelled: () => stopping,
  });
  onAsk((ask) => {
    if (ask.kind === 'durable') durable = Math.max(durable, ask.position);
    else if (ask.kind === 'stop') stopping = true;
    else tell({ id: ask.id, report: comparison.report() });
    wake();
  });
  await comparison.follow();
}

inBackground<ShadowProcessOrder, ShadowAsk, ShadowAnswer>(follow);
