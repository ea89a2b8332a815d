/** A client with its own connections. */
import { Agent, request } from 'node:http';

export interface Response {
  readonly status: number;
  /**
   * The body as it came, and without `replayed`, which is all that may differ between copies of an answer.
   */
  readonly body: string;
  readonly stored: string;
  readonly replayed: boolean;
}

export interface PaymentSent {
  readonly id: string;
  readonly card: string;
  readonly amount: string;
  readonly occurredAt: string;
  readonly channel?: string;
}

/** The parts of an answer that the tests read. */
export interface AnswerRead {
  readonly id: string;
  readonly outcome: string;
  readonly reasons: readonly { readonly rule: string; readonly effect: string; readonly text: string }[];
  readonly degraded: readonly { readonly part: string; readonly cause: string }[];
  readonly policy: { readonly version: number; readonly hash: string };
  readonly features: Readonly<Record<string, number | string | null>>;
  readonly log_position: { readonly position: number };
}

export class Caller {
  readonly #agent: Agent;
  readonly #port: number;
  readonly #key: string;

  constructor(parts: { port: number; key: string; connectionCountMax: number }) {
    this.#port = parts.port;
    this.#key = parts.key;
    this.#agent = new Agent({ keepAlive: true, maxSockets: parts.connectionCountMax });
  }

  /** Rejects where the connection breaks: then nobody knows whether it counted. */
  decide({ id, card, amount, occurredAt, channel }: PaymentSent): Promise<Response> {
    const transaction = {
      id,
      occurred_at: occurredAt,
      kind: 'card',
      channel,
      amount: { value: amount, currency: 'EUR' },
      card: { id: card },
      merchant: { id: 'm1' },
    };
    return this.#call('POST', '/v1/decisions?explain=full', JSON.stringify({ transaction }));
  }

  find(id: string): Promise<Response> {
    return this.#call('GET', `/v1/decisions/${id}`);
  }

  async isReady(): Promise<boolean> {
    return this.#call('GET', '/health/ready').then(
      ({ status }) => status === 200,
      () => false,
    );
  }

  #call(method: string, path: string, body?: string): Promise<Response> {
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          agent: this.#agent,
          host: '127.0.0.1',
          port: this.#port,
          method,
          path,
          headers: {
            authorization: `Bearer ${this.#key}`,
            ...(body === undefined
              ? {}
              : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('aborted', () => reject(new Error('the connection broke in the answer')));
          response.on('end', () =>
            resolve(read(response.statusCode ?? 0, Buffer.concat(chunks).toString('utf8'))),
          );
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

const REPLAYED = /"replayed":(true|false),/;

function read(status: number, body: string): Response {
  return { status, body, stored: body.replace(REPLAYED, ''), replayed: REPLAYED.exec(body)?.[1] === 'true' };
}

export const parseAnswer = (body: string): AnswerRead => JSON.parse(body) as AnswerRead;
