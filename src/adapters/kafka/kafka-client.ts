import { isIP } from 'node:net';
import {
  ConnectionPool, ResponseError, metadataV12, type Broker, type Connection, type ConnectionOptions,
} from '@platformatic/kafka';
import { TopicUnavailable } from '#ports/topic.ts';
import { troubleOf, troubleOfCode, unavailable } from './trouble.ts';

/** How Kafka is reached. */
export interface KafkaConnection {
  /** `host:port` of some of the brokers; the rest is learned from them. */
  readonly brokers: readonly string[];
  /** Our name in the broker's own log and quotas. */
  readonly clientId: string;
  /** PEM. `ca`: whom to trust instead of what Node trusts; `cert` and `key`: who we are. */
  readonly tls?: {
    readonly ca?: string; readonly cert?: string; readonly key?: string; readonly serverName?: string;
  };
  readonly sasl?: {
    readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
    readonly username: string;
    readonly password: string;
  };
  /** To connect and to log in; default 2,000. */
  readonly connectMsMax?: number;
  /** Of one request; default 5,000. */
  readonly requestMsMax?: number;
}

const CONNECT_MS_MAX = 2_000;
const REQUEST_MS_MAX = 5_000;
const PORT = 9_092;

/**
 * Connections to the brokers of one cluster. A broker answers the requests of a connection one after the
 * other, so what may wait long (a fetch, a join) has a client of its own.
 */
export class KafkaClient {
  readonly #connection: KafkaConnection;
  readonly #pool: ConnectionPool;
  readonly #first: readonly Broker[];
  #brokers: ReadonlyMap<number, Broker> = new Map();
  /** Moves on when whom we asked first does not answer. */
  #turn = 0;
  #isOpen = true;

  constructor(connection: KafkaConnection) {
    this.#connection = connection;
    this.#first = connection.brokers.map(parseBroker);
    this.#pool = new ConnectionPool(connection.clientId, wireOptions(connection));
    // An error of a connection is told to whoever waits for it. Twice told, it would end the process.
    this.#pool.on('connecting', ({ connection: made }) => { made.on('error', () => {}); });
  }

  get requestMsMax(): number {
    return this.#connection.requestMsMax ?? REQUEST_MS_MAX;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * The broker that leads each partition, now; -1 where none does. Throws TopicUnavailable, `refused` only
   * for what no retry mends; a topic that is not there is `unreachable`, for it may be about to be.
   */
  async leaders(topic: string): Promise<readonly number[]> {
    const { brokers, topics } = await this.anywhere((wire) =>
      metadataV12.api.async(wire, [topic], false, false));
    this.#brokers = new Map(brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    const found = topics.find(({ name }) => name === topic);
    const trouble = troubleOfCode(found?.errorCode ?? UNKNOWN_TOPIC);
    if (found === undefined || found.partitions.length === 0 || trouble?.mayPass === false) {
      throw unavailable(trouble ?? troubleOfCode(UNKNOWN_TOPIC)!, `topic ${topic}`);
    }
    const leaders = Array.from(found.partitions, () => -1);
    for (const { partitionIndex, leaderId } of found.partitions) leaders[partitionIndex] = leaderId;
    return leaders;
  }

  /** Learned from another answer than that about leaders. */
  learn(node: number, host: string, port: number): void {
    this.#brokers = new Map([...this.#brokers, [node, { host, port }]]);
  }

  /** Asks one broker. Rejects with what the client threw; an answer that holds error codes is an answer. */
  async on<Answer>(node: number, ask: (wire: Connection) => Promise<Answer>): Promise<Answer> {
    const broker = this.#brokers.get(node);
    if (broker === undefined) throw new TopicUnavailable('unreachable', `nobody knows broker ${node}`);
    return this.#ask(broker, ask);
  }

  /** Asks the first broker that answers. */
  async anywhere<Answer>(ask: (wire: Connection) => Promise<Answer>): Promise<Answer> {
    const brokers = [...this.#first, ...this.#brokers.values()];
    let failure: unknown;
    for (let tries = 0; tries < brokers.length; tries++) {
      try {
        return await this.#ask(brokers[this.#turn % brokers.length]!, ask);
      } catch (error) {
        failure = error;
        this.#turn += 1;
        if (!this.#isOpen) break;
      }
    }
    throw failure;
  }

  /** Whoever waits is told. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    // Not closed gently: a broker that hangs would never take the rest of what was written.
    for (const [, wire] of this.#pool) wire.socket?.destroy();
    await this.#pool.close();
  }

  async #ask<Answer>(broker: Broker, ask: (wire: Connection) => Promise<Answer>): Promise<Answer> {
    if (!this.#isOpen) throw new TopicUnavailable('unreachable', 'the connection to Kafka is closed');
    const wire = await this.#pool.get(broker);
    try {
      return await ask(wire);
    } catch (error) {
      if (error instanceof ResponseError) return parseAnswered<Answer>(error);
      throw error;
    }
  }
}

const UNKNOWN_TOPIC = 3;

/** The client throws an answer that holds an error code of any part; we look at each part by itself. */
function parseAnswered<Answer>(error: ResponseError): Answer {
  return error['response'] as Answer;
}

function wireOptions(connection: KafkaConnection): ConnectionOptions {
  const { brokers, tls, sasl, connectMsMax = CONNECT_MS_MAX, requestMsMax = REQUEST_MS_MAX } = connection;
  const { serverName, ...certificates } = tls ?? {};
  // A name is sent along, an address may not be (RFC 6066); either is held against the certificate.
  const named = serverName ?? !brokers.some((broker) => isIP(parseBroker(broker).host) !== 0);
  return {
    connectTimeout: connectMsMax,
    requestTimeout: requestMsMax,
    ...(tls === undefined ? {} : { tls: certificates, tlsServerName: named }),
    ...(sasl === undefined ? {} : { sasl: { ...sasl } }),
  };
}

/** Throws TopicUnavailable, `refused`, where it is none. */
function parseBroker(text: string): Broker {
  const found = /^\[?([^\s[\]]+?)\]?(?::(\d{1,5}))?$/.exec(text);
  const port = Number(found?.[2] ?? PORT);
  if (found?.[1] === undefined || port < 1 || port > 65_535) {
    throw new TopicUnavailable('refused', `"${text}" is no broker; write host:port`);
  }
  return { host: found[1], port };
}

/** What came of a question, with Kafka's own errors made ours. */
export async function askedOfKafka<Answer>(what: string, answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof TopicUnavailable) throw error;
    throw unavailable(troubleOf(error), what);
  }
}
