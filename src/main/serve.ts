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
import type { Publication } from '#decisioning/publication.ts';
import { apiParts } from './api-parts.ts';
import { liveKeys } from './live-keys.ts';
import { listNotes } from './list-notes.ts';
import { isNodeError, messageOf } from './messages.ts';
import { openEmbedded } from './open-embedded.ts';
import { readPublication } from './read-publication.ts';
import { keepSnapshots } from './snapshot-keeper.ts';
import { dataFolder, devKey, host, policyFolder, port } from './settings.ts';
import { systemClock } from './system-clock.ts';

const say = (line: string): void => { process.stdout.write(`${line}\n`); };
const sayError = (error: unknown): void => { process.stderr.write(`${messageOf(error)}\n`); };

function sayLog({ position, readBytes, tornTail, skippedSnapshots }: LogReport): void {
  if (position > 0) say(`log: ${position} records, ${readBytes} bytes read`);
  for (const { file, why } of skippedSnapshots) say(`log: snapshot ${file} is not used: it ${why}`);
  if (tornTail !== undefined) {
    const { file, offset, bytes, keptAs, why } = tornTail;
    say(`log: a write that did not end was cut from ${file} at byte ${offset} (${bytes} bytes, kept as `
      + `${keptAs}): ${why}. Nothing in it had been answered.`);
  }
}

function sayNews(news: EngineNews): void {
  if (news.kind === 'phase') say(`engine: ${news.phase}: ${news.because}`);
  else if (news.kind === 'snapshot_not_written') say(`snapshot: not written: ${news.because}`);
  else if (news.kind === 'snapshot_not_used') say(`snapshot: not used: ${news.because}`);
  else if (news.kind === 'restored') say(`state: from the snapshot at position ${news.position}`);
  else if (news.position % 100_000 === 0) say(`state: position ${news.position}`);
}

async function serve(): Promise<void> {
  const folder = dataFolder(process.env);
  const listening = { host: host(process.env), port: port(process.env) };
  await mkdir(folder, { recursive: true });
  const publication = await readPublication(policyFolder(process.env));
  const engine = await openEmbedded({
    disk: nodeDisk, folder, clock: systemClock, publication, onLog: sayLog, tell: sayNews,
  });
  try {
    await open(engine, folder, listening, publication);
  } catch (error) {
    await engine.close();
    throw isNodeError(error, 'EADDRINUSE') || isNodeError(error, 'EADDRNOTAVAIL')
      ? new UsageError(`${error.message}: PORT and HOST name another address`) : error;
  }
}

/** Opens the door of an engine that is open. */
async function open(
  engine: Engine, folder: string, listening: { host: string; port: number }, publication: Publication,
): Promise<void> {
  const compiled = (engine.state.live?.policies ?? []).map(({ policy }) => policy);
  for (const note of listNotes(publication.lists, compiled)) say(note);
  const keys = await openKeyStore(folder, { devKey: devKey(process.env) });
  const server = buildServer(apiParts(engine, liveKeys(folder, keys, say)), requestLog());
  const address = await server.http.listen(listening);
  const snapshots = keepSnapshots(engine, folder, say);
  let stopping: Promise<void> | undefined;
  const stop = (signal: string): void => {
    say(`\n${signal}: answering what is in flight ...`);
    stopping ??= server.drain().then(() => snapshots.stop()).then(() => engine.close()).then(() => {
      say('stopped');
      process.exit(0);
    }).catch((error: unknown) => {
      sayError(error);
      process.exit(1);
    });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => { stop(signal); });
  say(welcome(address, keys.devKey.token, folder));
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
  await serve();
} catch (error) {
  sayError(error);
  process.exitCode = 1;
}
