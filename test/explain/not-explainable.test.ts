/** What this program cannot make again is said, with the reason, and is no fault of the server. */
import { equal, match, ok } from 'node:assert/strict';
import { before, test } from 'node:test';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { readPublication } from '#decisioning/publication.ts';
import { jsonPart } from '#decisioning/record.ts';
import { explainOrSay } from '#explain/explain.ts';
import { LiveAt } from '#explain/live-at.ts';
import type { LogRecord } from '#ports/decision-log.ts';
import { EngineWorld } from '../engine/engine-world.ts';
import { explainWorld, type ExplainWorld } from './explain-world.ts';

let past: ExplainWorld;
before(async () => {
  const world = new EngineWorld();
  const engine = await world.open();
  for (let i = 0; i < 8; i++) await world.decide();
  const { state } = engine;
  await engine.close();
  past = await explainWorld(world, state);
});

/** As a log that a program wrote which took what this one refuses. */
async function toldWith(changed: (record: LogRecord) => LogRecord, aml = true): Promise<string> {
  const get = async (position: number): Promise<LogRecord | undefined> => {
    const record = await past.log.get(position);
    return record && changed(record);
  };
  const liveAt = new LiveAt({ get, newStore: (schema) => new LocalWindowStore(schema) });
  const last = await get(past.decisions.at(-1) ?? 0);
  ok(last !== undefined);
  const told = await explainOrSay(last, { ...past.sources, get, liveAt }, { aml });
  return 'notExplained' in told ? told.notExplained : 'explained';
}

test('a policy of then that is refused today', async () => {
  const broken = (record: LogRecord): LogRecord => {
    if (record.kind !== 'publication') return record;
    const publication = readPublication(record);
    const policies = publication.policies.map(({ file, source }) =>
      ({ file, source: source.replace('card_count_1h > 3', 'card_count_1h >> 3') }));
    return { ...record, parts: [jsonPart({ ...publication, policies })] };
  };
  // Its rules may be those of the AML axis.
  match(await toldWith(broken, false),
    /^what was live then is refused by this program; a key with[^:]*$/);
  match(await toldWith(broken),
    /^what was live then is refused by this program:\n.*small\.policy\.yaml:\d+:\d+/s);
});

test('a request of then that is refused today', async () => {
  const change = (position: number) => (record: LogRecord): LogRecord =>
    (record.position === position ? { ...record, parts: record.parts.with(1, Buffer.from('{}')) } : record);
  match(await toldWith(change(past.decisions.at(-1) ?? 0)),
    /^the recorded request is refused by this program/);
  // Where it is only one of those that say what is usual, it says nothing of that.
  equal(await toldWith(change(past.decisions[0] ?? 0)), 'explained');
});
