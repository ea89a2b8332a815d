/** The server: `npm start`. */
import { mkdir } from 'node:fs/promises';
import process from 'node:process';
import { nodeDisk } from '#adapters/log-files/node-disk.ts';
import { openKeyStore } from '#adapters/key-file/key-store.ts';
import { requestLog } from '#api/request-log.ts';
import { buildServer } from '#api/server.ts';
import type { LogReport } from '#adapters/log-files/decision-log-open.ts';
import { UsageError } from '#cli/shell.ts';
import type { Engine, EngineNews } from '#decisioning/engine.ts';
import { backtestRunner } from './backtest-runner.ts';
import { settleFolder } from './bootstrap.ts';
import { apiParts } from './api-parts.ts';
import { brakeLine } from './brake-line.ts';
import { keepBrake } from './brake-timer.ts';
import { explainingThread } from './explaining-thread.ts';
import { fleetSettings } from './fleet-settings.ts';
import { liveKeys, type LiveKeys } from './live-keys.ts';
import { liveEngine } from './lifecycle-parts.ts';
import { listNotes } from './list-notes.ts';
import { isNodeError, messageOrTrace } from './messages.ts';
import { openEmbedded } from './open-embedded.ts';
import { readPublication } from './read-publication.ts';
import { serveLifecycle, type ServedLifecycle } from './serve-lifecycle.ts';
import { keepShadow } from './shadow-keeper.ts';
import { keepSnapshots } from './snapshot-keeper.ts';
import { dataFolder, devKey, host, policyFolder, port, recordsPlace } from './settings.ts';
import { systemClock } from './system-clock.ts';

const say = (line: string): void => { process.stdout.write(`${line}\n`); };
const sayError = (error: unknown): void => { process.stderr.write(`${messageOrTrace(error)}\n`); };

function sayLog({ position, readBytes, tornTail, skippedSnapshots }: LogReport): void {
  if (position > 0) say(`log: ${position} records, ${readBytes} bytes read`);
  for (const { file, why } of skippedSnapshots) say(`log: snapshot ${file} is not used: it ${why}`);
  if (tornTail !== undefined) {
    const { file, offset, bytes, keptAs, why } = tornTail;
    say(`log: a write that did not end was cut from ${file} at byte ${offset} (${bytes} bytes, kept as `
      + `${keptAs}): ${why}. Nothing in it had been answered.`);
  }
}

const sayProgress = (position: number): void => {
  if (position % 100_000 === 0) say(`state: position ${position}`);
};

function sayNews(news: EngineNews): void {
  if (news.kind === 'phase') say(`engine: ${news.phase}: ${news.because}`);
  else if (news.kind === 'snapshot_not_written') say(`snapshot: not written: ${news.because}`);
  else if (news.kind === 'snapshot_not_used') say(`snapshot: not used: ${news.because}`);
  else if (news.kind === 'restored') say(`state: from the snapshot at position ${news.position}`);
  else if (news.kind === 'replayed') sayProgress(news.position);
  else say(brakeLine(news));
}

async function serve(): Promise<void> {
  const folder = dataFolder(process.env);
  const listening = { host: host(process.env), port: port(process.env) };
  await mkdir(folder, { recursive: true });
  const publication = await readPublication(policyFolder(process.env));
  let served: ServedLifecycle | undefined;
  const tell = (news: EngineNews): void => {
    sayNews(news);
    if (news.kind === 'braked' || news.kind === 'share_taken') served?.braked();
  };
  const engine = await openEmbedded({
    disk: nodeDisk, folder, clock: systemClock, publication, publish: 'first', onLog: sayLog, tell,
  });
  try {
    for (const note of await settleFolder(engine, publication)) say(note);
    const keys = await openKeyStore(folder, { devKey: devKey(process.env) });
    const live = liveKeys(folder, keys, say);
    const shadow = keepShadow({
      folder, tell: say, now: () => systemClock.now(),
      live: () => {
        const inForce = engine.inForce();
        const { logPosition: durable } = engine.measurements();
        return { publication: inForce.publication, amendment: inForce.amendment, durable };
      },
    });
    served = serveLifecycle({
      engine: liveEngine(engine), folder, place: recordsPlace(process.env, folder), keys: live, tell: say,
      shadow,
      backtests: (records) => backtestRunner({
        folder, records, now: () => systemClock.now(), tell: say,
        live: () => {
          const inForce = engine.inForce();
          const { logPosition: position } = engine.measurements();
          return { base: inForce.base, publication: inForce.publication, position };
        },
        publicationAt: (position) => engine.publicationAt(position),
      }),
    });
    await open({ engine, folder, listening, live, served, devKey: keys.devKey.token });
  } catch (error) {
    await served?.stop();
    await engine.close();
    throw isNodeError(error, 'EADDRINUSE') || isNodeError(error, 'EADDRNOTAVAIL')
      ? new UsageError(`${error.message}: PORT and HOST name another address`) : error;
  }
}

interface Opening {
  readonly engine: Engine;
  readonly folder: string;
  readonly listening: { readonly host: string; readonly port: number };
  readonly live: LiveKeys;
  readonly served: ServedLifecycle;
  readonly devKey: string;
}

/** Opens the door of an engine that is open. */
async function open({ engine, folder, listening, live, served, devKey: token }: Opening): Promise<void> {
  const compiled = (engine.state.live?.policies ?? []).map(({ policy }) => policy);
  for (const note of listNotes(engine.inForce().publication.lists, compiled)) say(note);
  const explaining = explainingThread(engine, folder, say);
  const parts = { ...apiParts(engine, live, explaining), lifecycle: () => served.lifecycle() };
  const server = buildServer(parts, requestLog());
  const address = await server.http.listen(listening);
  const snapshots = keepSnapshots(engine, folder, say);
  const stopBrake = keepBrake(engine);
  let stopping: Promise<void> | undefined;
  const stop = (signal: string): void => {
    say(`\n${signal}: answering what is in flight ...`);
    stopBrake();
    stopping ??= server.drain().then(() => explaining.stop()).then(() => served.stop())
      .then(() => snapshots.stop()).then(() => engine.close()).then(() => {
      say('stopped');
      process.exit(0);
    }).catch((error: unknown) => {
      sayError(error);
      process.exit(1);
    });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => { stop(signal); });
  say(welcome(address, token, folder));
}

const welcome = (address: string, key: string, folder: string): string => `
Assay decides at ${address}
Data in ${folder}; the key with all scopes is in its file dev-key: ${key}

Try it:
  curl -s '${address}/v1/decisions?explain=full' -H 'Authorization: Bearer ${key}' \\
    -H 'Content-Type: application/json' -d '{"transaction": {"id": "tx_1", "kind": "card",
      "occurred_at": "${new Date().toISOString()}", "amount": {"value": "120.50", "currency": "EUR"},
      "channel": "ecom", "card": {"id": "card_1"}, "merchant": {"id": "shop_1"},
      "device": {"ip": "192.0.2.1"}}}'
Send it again: the same answer, counted once. The contract is at ${address}/openapi.json.
Ctrl-C stops; nothing answered is lost, however it stops.
`;

try {
  const fleet = fleetSettings(process.env);
  // A node alone does not load the clients of a fleet.
  if (fleet === undefined) await serve();
  else await (await import('./serve-fleet.ts')).serveFleet(fleet);
} catch (error) {
  sayError(error);
  process.exitCode = 1;
}
