/** One call to a running server, and where a command finds it. */
import { UsageError, type Shell } from './shell.ts';

/** A variable that is set to nothing is not set. */
export const saidIn = ({ env }: Shell, name: string): string | undefined =>
  (env[name] === '' ? undefined : env[name]);

export const serverUrl = (shell: Shell, said: string | undefined): string =>
  said ?? saidIn(shell, 'ASSAY_URL') ?? 'http://127.0.0.1:8080';

export interface ServerCall {
  /** It may have a path of its own, where a proxy stands before the server. */
  readonly url: string;
  readonly key: string;
  readonly method?: string;
  readonly path: string;
  /** A text is CSV; of an object, what is undefined is not sent. */
  readonly body?: object | string | undefined;
  /** What a person can do where no server answers. */
  readonly wayOut: string;
}

/** Throws UsageError where no server answers. */
export async function callServer(
  { url, key, method = 'GET', path, body, wayOut }: ServerCall,
): Promise<{ readonly status: number; readonly ok: boolean; readonly text: string }> {
  const type = typeof body === 'string' ? 'text/csv' : 'application/json';
  const answer = await fetch(`${url.replace(/\/+$/, '')}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': type }) },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  }).catch((error: unknown) => {
    const why = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
    throw new UsageError(`no server answers at ${url}${why}; start one, or ${wayOut}`);
  });
  return { status: answer.status, ok: answer.ok, text: await answer.text() };
}
