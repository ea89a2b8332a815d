/** What the commands of the life cycle ask a running server, as the person who holds the key. */
import { join } from 'node:path';
import { callServer, saidIn, serverUrl } from './call-server.ts';
import { devKeyFor } from './dev-key.ts';
import type { Shell } from './shell.ts';

export const SERVER_OPTIONS = {
  url: { type: 'string' }, key: { type: 'string' }, data: { type: 'string' }, json: { type: 'boolean' },
} as const;

export const SERVER_USAGE = `  --url URL         the running server; default ASSAY_URL, or `
  + `http://127.0.0.1:8080
  --key KEY         your key; default ASSAY_KEY, or the file dev-key of the data folder (--data, ASSAY_DATA)
  --json            the answer as it came`;

export type Answered = { readonly [key: string]: unknown };
export interface ServerOptions {
  readonly url?: string | undefined;
  readonly key?: string | undefined;
  readonly data?: string | undefined;
  readonly json?: boolean | undefined;
}

/** A refusal, with every fault on a line of its own. */
export class ServerRefused extends Error {}

export interface Server {
  get(path: string): Promise<Answered>;
  text(path: string): Promise<string>;
  /** A text is CSV; of an object, what is undefined is not sent. */
  send(method: 'POST' | 'DELETE', path: string, body: object | string): Promise<Answered>;
}

export async function serverOf(shell: Shell, options: ServerOptions): Promise<Server> {
  const url = serverUrl(shell, options.url);
  const key = options.key ?? saidIn(shell, 'ASSAY_KEY') ?? await devKeyOf(shell, url, options);
  const call = async (method: string, path: string, body?: object | string): Promise<string> => {
    const { status, ok, text } =
      await callServer({ url, key, method, path, body, wayOut: 'name it with --url' });
    if (ok) return text;
    throw new ServerRefused(refusalText(status, text));
  };
  return {
    get: async (path) => parseAnswer(await call('GET', path)),
    text: (path) => call('GET', path),
    send: async (method, path, body) => parseAnswer(await call(method, path, body)),
  };
}

const devKeyOf = (shell: Shell, url: string, { data }: ServerOptions): Promise<string> =>
  devKeyFor(url, data ?? saidIn(shell, 'ASSAY_DATA') ?? join(shell.folder, '.assay'));

/** An object, as the contract says. */
const parseAnswer = (text: string): Answered => JSON.parse(text) as Answered;

/** In one line, or a line for each fault. A policy that does not compile names its own file and line. */
export function refusalText(status: number, text: string): string {
  const problem = parseProblem(text);
  const head = codeOf(problem);
  // Not ours: a proxy that stands before the server, or another server.
  if (problem === undefined || head === '') return `${status}: ${text.slice(0, 200)}`;
  const faults = mapsOf(problem['errors']).map((fault) => [fault['pointer'], fault['detail']].map(textOf)
    .filter((part) => part !== '' && part !== '/source').join(' '));
  if (faults.length > 1) return [`${head}:`, ...faults.map((fault) => `- ${fault}`)].join('\n');
  return `${head}: ${faults[0] ?? textOf(problem['detail'])}`;
}

/** Of a refusal; empty where what answers is not a server of ours. */
export const refusalCode = (text: string): string => codeOf(parseProblem(text));

const codeOf = (problem: Answered | undefined): string => textOf(problem?.['code']);

function parseProblem(text: string): Answered | undefined {
  try {
    return mapsOf([JSON.parse(text)])[0];
  } catch {
    return undefined;
  }
}

export const textOf = (value: unknown): string =>
  (typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value));

export const mapsOf = (value: unknown): readonly Answered[] =>
  (Array.isArray(value) ? value.filter((one): one is Answered => typeof one === 'object' && one !== null)
    : []);

export const textsOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(textOf) : []);
