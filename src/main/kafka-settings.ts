/** How Kafka is reached, by the environment: brokers, TLS, user and password. */
import { readFileSync } from 'node:fs';
import type { KafkaConnection } from '#adapters/kafka/kafka-client.ts';
import { UsageError } from '#cli/shell.ts';
import { messageOf } from '#domain/message-of.ts';
import type { Environment } from './settings.ts';

const MECHANISMS = ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'PLAIN'] as const;
type Mechanism = (typeof MECHANISMS)[number];

/**
 * `ASSAY_KAFKA`: brokers, `host:port,host:port`. `ASSAY_KAFKA_TLS=1`: TLS with whom Node trusts;
 * `ASSAY_KAFKA_CA`: a PEM file with whom to trust instead; `ASSAY_KAFKA_CERT` and `ASSAY_KAFKA_KEY`: PEM
 * files that say who we are. `ASSAY_KAFKA_USER`, and `ASSAY_KAFKA_PASSWORD` (or `ASSAY_KAFKA_PASSWORD_FILE`);
 * `ASSAY_KAFKA_MECHANISM`, default SCRAM-SHA-512.
 */
export function kafkaSettings(env: Environment): KafkaConnection {
  const text = env['ASSAY_KAFKA'] ?? '';
  const brokers = text.split(',').map((one) => one.trim()).filter((one) => one !== '');
  const wrong = brokers.find((one) => !/^[^:\s]+:\d+$|^\[[0-9a-f:]+\]:\d+$/i.test(one));
  if (wrong !== undefined || brokers.length === 0) {
    throw new UsageError(`ASSAY_KAFKA is a list of host:port with commas, not ${text}`);
  }
  const tls = tlsOf(env);
  const sasl = loginOf(env);
  return {
    brokers, clientId: 'assay',
    ...(tls === undefined ? {} : { tls }), ...(sasl === undefined ? {} : { sasl }),
  };
}

function tlsOf(env: Environment): KafkaConnection['tls'] {
  const ca = fileIn(env, 'ASSAY_KAFKA_CA');
  const cert = fileIn(env, 'ASSAY_KAFKA_CERT');
  const key = fileIn(env, 'ASSAY_KAFKA_KEY');
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError('ASSAY_KAFKA_CERT and ASSAY_KAFKA_KEY come together');
  }
  if (env['ASSAY_KAFKA_TLS'] !== '1' && ca === undefined && cert === undefined) return undefined;
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  };
}

function loginOf(env: Environment): KafkaConnection['sasl'] {
  const username = env['ASSAY_KAFKA_USER'];
  const password = env['ASSAY_KAFKA_PASSWORD'] ?? fileIn(env, 'ASSAY_KAFKA_PASSWORD_FILE')?.trimEnd();
  if (username === undefined && password === undefined) return undefined;
  if (username === undefined || password === undefined) {
    throw new UsageError('ASSAY_KAFKA_USER and ASSAY_KAFKA_PASSWORD (or _PASSWORD_FILE) come together');
  }
  const mechanism = env['ASSAY_KAFKA_MECHANISM'] ?? MECHANISMS[0];
  if (!isMechanism(mechanism)) {
    throw new UsageError(`ASSAY_KAFKA_MECHANISM is one of ${MECHANISMS.join(', ')}, not ${mechanism}`);
  }
  return { mechanism, username, password };
}

const isMechanism = (text: string): text is Mechanism => MECHANISMS.some((one) => one === text);

/** The content of the file that a variable names. */
function fileIn(env: Environment, name: string): string | undefined {
  const path = env[name];
  if (path === undefined || path === '') return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${name} names a file that cannot be read: ${messageOf(error)}`);
  }
}
