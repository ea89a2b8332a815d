/** A node of a fleet: `npm start` with ASSAY_KAFKA, ASSAY_REDIS and ASSAY_POSTGRES. */
import { mkdir } from 'node:fs/promises';
import process from 'node:process';
import type { ApiParts } from '#api/parts.ts';
import { requestLog } from '#api/request-log.ts';
import { buildServer } from '#api/server.ts';
import { readDecision } from '#decisioning/record.ts';
import { expiryOf } from '#lifecycle/expiry.ts';
import type { KeyStore } from '#ports/key-store.ts';
import { settleFolder } from './bootstrap.ts';
import { brakeLine } from './brake-line.ts';
import { keepBrake } from './brake-timer.ts';
import { claimSealKey } from './claim-seal-key.ts';
import { openFleetKeys } from './fleet-keys.ts';
import { fleetEngine, publicationMeasurements } from './fleet-lifecycle.ts';
import type { FleetSettings } from './fleet-settings.ts';
import { fleetMeasurements } from './fleet-measurements.ts';
import { openFleetNode, type OpenedNode } from './open-fleet-node.ts';
import { openIntake, type OpenedIntake } from './open-intake.ts';
import { readPublication } from './read-publication.ts';
import { serveLifecycle } from './serve-lifecycle.ts';
import {
  dataFolder, host, isSettling, policyFolder, port, recordsPlace, sealKeyReplaced,
} from './settings.ts';
import { systemClock } from './system-clock.ts';

const say = (line: string): void => { process.stdout.write(`${line}\n`); };

export async function serveFleet(settings: FleetSettings): Promise<void> {
  const folder = dataFolder(process.env);
  await mkdir(folder, { recursive: true });
  const publication = await readPublication(policyFolder(process.env));
  const { folder: keyFolder, keys } = await openFleetKeys(process.env, say);
  let braked = (): void => {};
  const opened = await openFleetNode(settings, folder, publication, say, (news) => {
    say(brakeLine(news));
    if (news.kind === 'braked' || news.kind === 'share_taken') braked();
  });
  const { node } = opened;
  const isTold = isSettling(process.env) ? 'published' : 'told';
  const engine = fleetEngine(node, systemClock);
  for (const note of await settleFolder(engine, publication, isTold)) say(note);
  const served = serveLifecycle({
    engine, folder: keyFolder, keys, tell: say, place: recordsPlace(process.env, folder),
    claim: (records, key) => claimSealKey(
      { records, key, replaces: sealKeyReplaced(process.env), clock: systemClock }),
  });
  braked = () => { served.braked(); };
  const intake = await openIntake(settings, node, say);
  const server = buildServer(
    { ...fleetParts(opened, intake, keys), lifecycle: () => served.lifecycle() }, requestLog());
  const address = await server.http.listen({ host: host(process.env), port: port(process.env) });
  const stopBrake = keepBrake(node.brake);
  let stopping: Promise<void> | undefined;
  const stop = (signal: string): void => {
    say(`\n${signal}: answering what is in flight ...`);
    stopBrake();
    const drained = Promise.all([server.drain(), intake?.close()]);
    stopping ??= drained.then(() => served.stop()).then(() => opened.close()).then(() => {
      say('stopped');
      process.exit(0);
    }).catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => { stop(signal); });
  const { position = 0 } = node.state.live ?? {};
  say(`Assay decides at ${address}, as a node of a fleet; live: publication ${position}`);
}

/** Without explanations, which are made from the log of a node alone. */
const fleetParts = (
  { node, finder, house }: OpenedNode, intake: OpenedIntake | undefined, keys: Pick<KeyStore, 'find'>,
): ApiParts => ({
  decide: (call) => node.decide(call),
  simulate: (call) => node.simulate(call),
  recordEvent: (call) => node.record(call),
  async findDecision(tenant, id) {
    const found = await finder.findDecision(tenant, id);
    return found && readDecision(found.record);
  },
  async findByTransaction(tenant, id) {
    const found = await finder.findTransaction(tenant, id);
    return found && readDecision(found.record);
  },
  policies: () => (node.state.live?.policies ?? []).map(({ policy }) => ({
    name: policy.name, version: policy.version, hash: policy.hash, title: policy.title, kinds: policy.kinds,
    rule_count: policy.rules.length, feature_count: policy.features.length,
  })),
  readiness: () => (node.apart === undefined ? { ready: true } : {
    ready: false, code: 'log_unavailable', detail: 'what is live for the fleet cannot go live on this node',
  }),
  measurements: () => ({
    stages: node.stages, windowStore: node.state.store.size, logPosition: 0,
    brake: node.brake.measurements(),
    more: [
      ...fleetMeasurements(node), ...publicationMeasurements(node), ...house.measurements(),
      ...intake?.measurements() ?? [],
    ],
  }),
  expiry: () => expiryOf((node.state.live?.policies ?? []).map(({ policy }) => policy), Date.now()),
  schema: () => node.state.schema,
  keys,
});
