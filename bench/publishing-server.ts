/**
 * The engine behind its server, as `npm start` wires them, without what a publication has to pass: at each
 * SIGUSR2 the policy goes live as the next version, with another threshold in one of its rules.
 */
import process from 'node:process';
import { nodeDisk } from '#adapters/log-files/node-disk.ts';
import { openKeyStore } from '#adapters/key-file/key-store.ts';
import { requestLog } from '#api/request-log.ts';
import { buildServer } from '#api/server.ts';
import { apiParts } from '#main/api-parts.ts';
import { keepBrake } from '#main/brake-timer.ts';
import { openEmbedded } from '#main/open-embedded.ts';
import { readPublication } from '#main/read-publication.ts';
import { dataFolder, devKey, policyFolder } from '#main/settings.ts';
import { systemClock } from '#main/system-clock.ts';

const folder = dataFolder(process.env);
const publication = await readPublication(policyFolder(process.env));
const engine = await openEmbedded({ disk: nodeDisk, folder, clock: systemClock, publication });
const server = buildServer(apiParts(engine, await openKeyStore(folder, { devKey: devKey(process.env) })),
  requestLog());
let version = 1;

process.on('SIGUSR2', () => {
  version += 1;
  const policies = publication.policies.map(({ file, source }) =>
    ({ file, source: nextVersion(source) }));
  engine.publish({ ...publication, policies }).catch((error: unknown) => { console.error(error); });
});

const nextVersion = (source: string): string => source.replace(/^version: \d+$/m, `version: ${version}`)
  .replace(/(?<=_sum_24h > )\d+/, (threshold) => `${Number(threshold) + version}`);
const stopBrake = keepBrake(engine);
process.on('SIGTERM', () => {
  stopBrake();
  void server.drain().then(() => engine.close()).then(() => process.exit(0));
});
console.log(await server.http.listen({ host: '127.0.0.1', port: 0 }));
