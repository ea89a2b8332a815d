/** `assay explain`: one decision, made again and told. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { saidIn, serverUrl } from './call-server.ts';
import { UsageError, type ExitCode, type Shell } from './shell.ts';

export const EXPLAIN_USAGE = `\
assay explain ID [--json]      why a payment was decided as it was: every rule, what is usual, what would
                               have lowered the outcome; ID is of the decision or of the transaction
  --url URL --key KEY          of a running server; default ASSAY_URL, ASSAY_KEY, or 127.0.0.1:8080 and the
                               key of the data folder, which is sent to no other machine
  --data FOLDER                of a stopped server: its data folder
  --tenant TENANT              whose decision, in a data folder; default \`default\``;

export interface ExplainParts {
  /** The explanation, as the API gives it; undefined where the server has no such decision. */
  fromServer(url: string, key: string | undefined, id: string): Promise<string | undefined>;
  /** The same from the files of a server that does not run. */
  fromFolder(folder: string, tenant: string, id: string): Promise<string | undefined>;
}

export async function explain(shell: Shell, parts: ExplainParts): Promise<ExitCode> {
  const { values, positionals: [id, ...more] } = parseArgs({
    args: [...shell.args], allowPositionals: true, options: {
      url: { type: 'string' }, key: { type: 'string' }, data: { type: 'string' },
      tenant: { type: 'string', default: 'default' }, json: { type: 'boolean', default: false },
    },
  });
  const { url, key, data, tenant, json } = values;
  if (id === undefined || more.length > 0) throw new UsageError(EXPLAIN_USAGE);
  if (url !== undefined && data !== undefined) {
    throw new UsageError('name a running server (--url) or the folder of a stopped one (--data), not both');
  }
  const body = data === undefined
    ? await parts.fromServer(serverUrl(shell, url), key ?? saidIn(shell, 'ASSAY_KEY'), id)
    : await parts.fromFolder(resolve(shell.folder, data), tenant, id);
  if (body === undefined) {
    shell.err(`there is no decision ${id}, and none of a transaction with that id`);
    return 1;
  }
  if (json) shell.out(body);
  else for (const line of parseText(body)) shell.out(line);
  return parseEqual(body) ? 0 : 1;
}

function parseText(body: string): readonly string[] {
  return (JSON.parse(body) as { text: string[] }).text;
}

/** Whether the decision, made again, is what was recorded. */
function parseEqual(body: string): boolean {
  return (JSON.parse(body) as { derived: { equal: boolean } }).derived.equal;
}
