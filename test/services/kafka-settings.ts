import { join } from 'node:path';

export interface KafkaOptions {
  /** What clients are told to connect to instead of the port of the broker: the port of a proxy. */
  readonly advertisedPort?: number;
  /** Clients must log in, by PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512. */
  readonly login?: { readonly user: string; readonly password: string };
  /** Clients must speak TLS. Both as PEM; the key as PKCS 8, not encrypted. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** Any setting of a broker, over ours: `{ 'message.max.bytes': '1000' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Where one broker stands among those of its cluster. */
export interface KafkaPlace {
  readonly nodeId: number;
  /** For clients; for brokers and for us; for the quorum of controllers. */
  readonly ports: { readonly client: number; readonly inside: number; readonly controller: number };
}

/** The file `server.properties` of a broker that is a controller too, small enough for a busy machine. */
export function kafkaSettings(
  folder: string,
  { nodeId, ports }: KafkaPlace,
  cluster: readonly KafkaPlace[],
  options: KafkaOptions,
): string {
  const copies = `${cluster.length}`;
  const inSync = cluster.length > 1 ? '2' : '1';
  const at = (port: number): string => `127.0.0.1:${port}`;
  const settings: Readonly<Record<string, string>> = {
    'process.roles': 'broker,controller',
    'node.id': `${nodeId}`,
    'controller.quorum.voters': cluster.map((one) => `${one.nodeId}@${at(one.ports.controller)}`).join(','),
    listeners:
      `CLIENT://${at(ports.client)},INSIDE://${at(ports.inside)},CONTROLLER://${at(ports.controller)}`,
    'advertised.listeners':
      `CLIENT://${at(options.advertisedPort ?? ports.client)},INSIDE://${at(ports.inside)}`,
    'listener.security.protocol.map':
      `CLIENT:${protocol(options)},INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT`,
    'inter.broker.listener.name': 'INSIDE',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': join(folder, 'data'),
    // A topic that nobody asked for hides a wrong name.
    'auto.create.topics.enable': 'false',
    'default.replication.factor': copies,
    'min.insync.replicas': inSync,
    'unclean.leader.election.enable': 'false',
    'offsets.topic.num.partitions': '2',
    'offsets.topic.replication.factor': copies,
    'transaction.state.log.num.partitions': '2',
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': inSync,
    'group.initial.rebalance.delay.ms': '0',
    // A broker that was killed is missed sooner, and one that comes back is taken in sooner, than by default.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    'num.network.threads': '2',
    'num.io.threads': '4',
    'background.threads': '2',
    'log.cleaner.dedupe.buffer.size': `${4 << 20}`,
    ...loginSettings(options),
    ...tlsSettings(folder, options),
    ...options.settings,
  };
  return Object.entries(settings).map(([name, value]) => `${name}=${value}\n`).join('');
}

/** Where a broker with TLS reads its key and certificate. */
export function keyStorePath(folder: string): string {
  return join(folder, 'key-store.pem');
}

function protocol({ login, tls }: KafkaOptions): string {
  if (login === undefined) return tls === undefined ? 'PLAINTEXT' : 'SSL';
  return tls === undefined ? 'SASL_PLAINTEXT' : 'SASL_SSL';
}

function loginSettings({ login }: KafkaOptions): Readonly<Record<string, string>> {
  if (login === undefined) return {};
  const module = (kind: string, more: string): string =>
    `org.apache.kafka.common.security.${kind.toLowerCase()}.${kind}LoginModule required${more};`;
  const on = 'listener.name.client';
  return {
    [`${on}.sasl.enabled.mechanisms`]: 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    [`${on}.plain.sasl.jaas.config`]: module('Plain', ` user_${login.user}="${login.password}"`),
    [`${on}.scram-sha-256.sasl.jaas.config`]: module('Scram', ''),
    [`${on}.scram-sha-512.sasl.jaas.config`]: module('Scram', ''),
  };
}

function tlsSettings(folder: string, { tls }: KafkaOptions): Readonly<Record<string, string>> {
  if (tls === undefined) return {};
  const on = 'listener.name.client.ssl.keystore';
  return { [`${on}.type`]: 'PEM', [`${on}.location`]: keyStorePath(folder) };
}
