/** A node of a fleet: `npm start` with ASSAY_KAFKA, ASSAY_REDIS and ASSAY_POSTGRES. */
import { mkdir } from 'node:fs/promises';
import process from 'node:process';
import { openKeyStore } from '#adapters/key-file/key-store.ts';
import type { ApiParts } from '#api/parts.ts';
import { requestLog } from '#api/request-log.ts';
import { buildServer } from '#api/server.ts';
import { readDecision } from '#decisioning/record.ts';
import { expiryOf } from '#lifecycle/expiry.ts';
import type { KeyStore } from '#ports/key-store.ts';
import type { FleetSettings } from './fleet-settings.ts';
import { fleetMeasurements } from './fleet-measurements.ts';
import { openFleetNode, type OpenedNode } from './open-fleet-node.ts';
import { openIntake, type OpenedIntake } from './open-intake.ts';
import { readPublication } from './read-publication.ts';
import { dataFolder, devKey, host, policyFolder, port } from './settings.ts';

const say = (line: string): void => { process.stdout.write(`${line}\n`); };

export async function serveFleet(settings: FleetSettings): Promise<void> {
  const folder = dataFolder(process.env);
  await mkdir(folder, { recursive: true });
  const publication = await readPublication(policyFolder(process.env));
  const keys = await openKeyStore(folder, { devKey: devKey(process.env) });
  const opened = await openFleetNode(settings, folder, publication, say);
  const intake = await openIntake(settings, opened.node, say);
  const server = buildServer(fleetParts(opened, intake, keys), requestLog());
  const address = await server.http.listen({ host: host(process.env), port: port(process.env) });
  let stopping: Promise<void> | undefined;
  const stop = (signal: string): void => {
    say(`\n${signal}: answering what is in flight ...`);
    stopping ??= Promise.all([server.drain(), intake?.close()]).then(() => opened.close()).then(() => {
      say('stopped');
      process.exit(0);
    }).catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => { stop(signal); });
  const { position = 0 } = opened.node.state.live ?? {};
  say(`Assay decides at ${address}, as a node of a fleet; live: publication ${position}`);
}

/**
 * What stands on the log of a node alone (the life cycle, the brake, explanations) a fleet does not have yet.
 */
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
  readiness: () => ({ ready: true }),
  measurements: () => ({
    stages: node.stages, windowStore: node.state.store.size, logPosition: 0,
    brake: { held: NONE, engaged: NONE, paged: NONE, hits: [] },
    more: [...fleetMeasurements(node), ...house.measurements(), ...intake?.measurements() ?? []],
  }),
  expiry: () => expiryOf((node.state.live?.policies ?? []).map(({ policy }) => policy), Date.now()),
  schema: () => node.state.schema,
  keys,
});

const NONE = { fraud: 0, aml: 0 };
