/** What an error of the client or a code of a broker means for us. */
import {
  AuthenticationError, NetworkError, ProtocolError, TimeoutError, UserError, protocolErrors,
  protocolErrorsCodesById,
} from '@platformatic/kafka';
import { messageOf } from '#domain/message-of.ts';
import { TopicUnavailable, type TopicFault } from '#ports/topic.ts';

export interface Trouble {
  readonly fault: TopicFault;
  /** Kafka's name of what went wrong, as NOT_ENOUGH_REPLICAS; empty where no broker said it. */
  readonly id: string;
  readonly text: string;
  /** Whether to ask again can help. */
  readonly mayPass: boolean;
}

/** A trouble on its way to whoever knows what it means there. */
class Troubled extends Error {
  readonly trouble: Trouble;
  constructor(trouble: Trouble) {
    super(trouble.text);
    this.trouble = trouble;
  }
}

/** For the codes in answers: 0 is none. */
export function troubleOfCode(code: number): Trouble | undefined {
  if (code === 0) return undefined;
  const id = protocolErrorsCodesById[code] ?? `${code}`;
  const mayPass = protocolErrors[id]?.canRetry ?? false;
  const why = protocolErrors[id]?.message ?? 'no client knows this code';
  return { fault: mayPass ? 'unreachable' : 'refused', id, text: `Kafka says ${id}: ${why}`, mayPass };
}

/** Throws Troubled where the code of an answer is not 0. */
export function mustBeWell(code: number): void {
  const trouble = troubleOfCode(code);
  if (trouble !== undefined) throw new Troubled(trouble);
}

export function troubleOf(error: unknown): Trouble {
  if (error instanceof Troubled) return error.trouble;
  if (error instanceof TopicUnavailable) {
    return { fault: error.code, id: '', text: error.message, mayPass: error.code !== 'refused' };
  }
  const causes = [...causesOf(error)];
  const door = refusedAtTheDoor(causes);
  if (door !== undefined) return door;
  for (const cause of causes) {
    if (cause instanceof ProtocolError && typeof cause['apiCode'] === 'number') {
      const told = troubleOfCode(cause['apiCode']);
      if (told !== undefined) return told;
    }
  }
  return silent(causes) ?? {
    fault: 'unreachable', id: '', mayPass: true, text: `Kafka cannot be reached: ${innermost(causes)}`,
  };
}

export function unavailable(trouble: Trouble, what: string): TopicUnavailable {
  return new TopicUnavailable(trouble.fault, `${what}: ${trouble.text}`);
}

const MENDS: readonly (readonly [code: RegExp, mend: string])[] = [
  [/CERT_HAS_EXPIRED/, 'the certificate of the broker has expired'],
  [/ALTNAME/, 'the certificate of the broker is for another name: set tls.serverName, or give it another'],
  [/ERR_SSL/, 'TLS failed: does this port of the broker speak it?'],
  [/SELF_SIGNED|UNABLE_TO|CERT|TLS|SSL/, 'the certificate of the broker is not trusted: set tls.ca'],
];

/** A wrong password, a certificate that is not trusted, TLS with who has none: no retry helps. */
function refusedAtTheDoor(causes: readonly unknown[]): Trouble | undefined {
  const login = causes.findIndex((cause) => cause instanceof AuthenticationError);
  // A broker that ends in the middle of the login, or hears none for it wants TLS first, has refused nobody.
  const wasCutOff = causes.slice(login + 1).some((cause) => cause instanceof NetworkError);
  if (login >= 0 && wasCutOff) {
    return {
      fault: 'unreachable', id: '', mayPass: true,
      text: 'Kafka cannot be reached: it ended the connection at the login; does this port want TLS?',
    };
  }
  if (login >= 0) {
    return {
      fault: 'refused', id: 'SASL_AUTHENTICATION_FAILED', mayPass: false,
      text: 'Kafka does not accept the user and password (sasl.username, sasl.password, sasl.mechanism)',
    };
  }
  for (const cause of causes) {
    const code = codeOf(cause);
    const mend = MENDS.find(([pattern]) => pattern.test(code) && !code.startsWith('PLT_'))?.[1];
    if (mend !== undefined) {
      return { fault: 'refused', id: code, mayPass: false, text: `${mend} (${messageOf(cause)})` };
    }
  }
  const user = causes.find((cause) => cause instanceof UserError);
  return user === undefined ? undefined
    : { fault: 'refused', id: '', mayPass: false, text: messageOf(user) };
}

function silent(causes: readonly unknown[]): Trouble | undefined {
  const late = causes.find((cause) => cause instanceof TimeoutError);
  return late === undefined ? undefined
    : { fault: 'late', id: '', mayPass: true, text: `Kafka does not answer: ${messageOf(late)}` };
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

const innermost = (causes: readonly unknown[]): string => messageOf(causes.at(-1));

function* causesOf(error: unknown): Iterable<unknown> {
  yield error;
  if (error instanceof AggregateError) for (const one of error.errors) yield* causesOf(one);
  if (error instanceof Error && error.cause !== undefined) yield* causesOf(error.cause);
}
