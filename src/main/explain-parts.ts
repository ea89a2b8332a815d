/** Where `assay explain` gets its explanations. */
import process from 'node:process';
import { openDecisionLog } from '#adapters/log-files/decision-log-open.ts';
import { nodeDisk } from '#adapters/log-files/node-disk.ts';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { explainDecision } from '#api/explain-decision.ts';
import { callServer } from '#cli/call-server.ts';
import { devKeyFor } from '#cli/dev-key.ts';
import type { ExplainParts } from '#cli/explain.ts';
import { refusalCode, refusalText } from '#cli/lifecycle-client.ts';
import { UsageError } from '#cli/shell.ts';
import { positionOfDecision } from '#decisioning/decision-id.ts';
import { inForceAt } from '#decisioning/in-force.ts';
import { makeState } from '#decisioning/make-state.ts';
import { readVersions, recordKey, splitKey } from '#decisioning/record.ts';
import { eventSchema, type EventSchema } from '#domain/field.ts';
import { earlierDecisions } from '#explain/earlier-decisions.ts';
import { explainOrSay } from '#explain/explain.ts';
import { LiveAt, schemaNamed } from '#explain/live-at.ts';
import { replayOne } from '#explain/replay-one.ts';
import type { DecisionLog, LogRecord } from '#ports/decision-log.ts';
import { refuseWithoutLog } from './cli-parts.ts';
import { logPlaces, snapshotsIn } from './open-embedded.ts';
import { dataFolder } from './settings.ts';

export const explainParts: ExplainParts = {
  async fromServer(url, key, id) {
    const token = key ?? await devKeyFor(url, dataFolder(process.env));
    const found = positionOfDecision(id) === undefined ? await decisionOf(url, token, id) : id;
    return found === undefined ? undefined : get(url, token, `/v1/decisions/${found}/explain`);
  },

  async fromFolder(folder, tenant, id) {
    await refuseWithoutLog(folder);
    const { log, snapshot: opened } = await openDecisionLog(nodeDisk, logPlaces(folder));
    try {
      const record = await recordOf(log, tenant, id);
      if (record?.kind !== 'decision' || splitKey(record.key).tenant !== tenant) return undefined;
      const schema = await schemaOfLog(log);
      const newStore = (fields: EventSchema): LocalWindowStore => new LocalWindowStore(fields);
      const snapshots = snapshotsIn(folder, { disk: nodeDisk, log, opened });
      const partsOf = (of: EventSchema) =>
        ({ log, snapshots, schema: of, newWindowStore: () => newStore(of) });
      const { store } = await makeState(partsOf(schema));
      const then = schemaNamed(readVersions(record).schema);
      const recordAt = (position: number): Promise<LogRecord | undefined> => log.get(position);
      const explanation = await explainOrSay(record, {
        get: recordAt, earlier: (ask) => Promise.resolve(earlierDecisions(store, schema, ask)),
        liveAt: new LiveAt({ get: recordAt, newStore }), replayOne: (one) => replayOne(one, partsOf(then)),
      }, { aml: true });
      if ('notExplained' in explanation) throw new UsageError(explanation.notExplained);
      return explainDecision(explanation, true);
    } finally {
      await log.close();
    }
  },
};

/** With all the custom fields that were ever used: a field that was used stays declared. */
async function schemaOfLog(log: DecisionLog): Promise<EventSchema> {
  for (let position = log.durable.position; position > 0; position--) {
    const record = await log.get(position);
    if (record?.kind === 'decision') return schemaNamed(readVersions(record).schema);
    if (record?.kind !== 'publication') continue;
    const { publication } = await inForceAt(log, position);
    return eventSchema(publication.custom);
  }
  return eventSchema();
}

const recordOf = (log: DecisionLog, tenant: string, id: string): Promise<LogRecord | undefined> => {
  const position = positionOfDecision(id);
  return position === undefined ? log.find(recordKey(tenant, 'tx', id)) : log.get(position);
};

/** The decision of a transaction. */
async function decisionOf(url: string, key: string, transactionId: string): Promise<string | undefined> {
  const body = await get(url, key, `/v1/decisions?transaction_id=${encodeURIComponent(transactionId)}`);
  return body === undefined ? undefined : parseFirstId(body);
}

const parseFirstId = (body: string): string | undefined =>
  (JSON.parse(body) as { data: { id: string }[] }).data[0]?.id;

/** Undefined where there is nothing; anything else that is not an answer is said in the server's words. */
async function get(url: string, key: string, path: string): Promise<string | undefined> {
  const { status, ok, text } = await callServer({ url, key, path, wayOut: 'name a folder (--data)' });
  // Another server, or none at that path, says it otherwise.
  if (status === 404 && refusalCode(text) === 'not_found') return undefined;
  if (!ok) throw new UsageError(`${url} answers ${refusalText(status, text)}`);
  return text;
}
