/** P6: a decision is made again, byte for byte, from its record, whatever was published since. */
import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { LogRecord } from '#ports/decision-log.ts';
import { derive } from '#explain/derive.ts';
import { readDecision, readFacts } from '#decisioning/record.ts';
import { scaled } from '../test-scale.ts';
import { EngineWorld } from '../engine/engine-world.ts';
import { changedWorld } from './changed-world.ts';
import { explainWorld } from './explain-world.ts';

const EACH = scaled(250);
const past = await changedWorld(EACH);
const { liveAt, replayOne } = past.sources;

test(`P6: ${EACH * 4} random decisions are made again after three changes of policy`, async () => {
  equal(past.decisions.length, EACH * 4);
  const seen = new Map<string, number>();
  const publications = new Set<number>();
  for (const position of past.decisions) {
    const { equal: same, from, versions } = await derive(await past.record(position), liveAt, replayOne);
    ok(same, `position ${position}`);
    seen.set(from, (seen.get(from) ?? 0) + 1);
    publications.add(versions.publication);
  }
  deepEqual([...seen], [['facts', EACH * 4]]);
  equal(publications.size, 4);
});

test('what was measured over summed-up events is made again with its bounds', async () => {
  const world = new EngineWorld();
  const engine = await world.open();
  // More within the hour than are kept one by one, so that its edge cuts a tile.
  await Promise.all(Array.from({ length: 5_200 }, () => {
    world.nowMs += 800;
    return world.decide();
  }));
  const { state } = engine;
  await engine.close();
  const busy = await explainWorld(world, state);
  let tiled = 0;
  for (const position of busy.decisions.slice(-40)) {
    const record = await busy.record(position);
    const { equal: same, from } = await derive(record, busy.sources.liveAt, busy.sources.replayOne);
    deepEqual({ same, from }, { same: true, from: 'facts' });
    if (readDecision(record).precision !== undefined) tiled += 1;
  }
  ok(tiled > 10, `${tiled} were not exact`);
});

/** As records were before they held the marks that rules asked for. */
function withoutMarks(record: LogRecord): LogRecord {
  const { marks: _, ...facts } = readFacts(record);
  return { ...record, parts: record.parts.with(2, Buffer.from(JSON.stringify(facts))) };
}

test('a record that does not hold the marks that were asked for is made again by replay', async () => {
  const records = await Promise.all(past.decisions.slice(0, 400).map((position) => past.record(position)));
  const marked = records.filter((record) => readFacts(record).marks !== undefined).slice(0, 5);
  equal(marked.length, 5);
  for (const record of marked) {
    const { equal: same, from, facts } = await derive(withoutMarks(record), liveAt, replayOne);
    deepEqual({ same, from }, { same: true, from: 'replay' });
    deepEqual(facts, readFacts(record));
  }
});

test('an answer that was tampered with is made again otherwise, and that is said', async () => {
  const record = await past.record(past.decisions[20] ?? 0);
  const answer = Buffer.from(record.parts[3] ?? []).toString('utf8');
  const tampered = answer.replace('"outcome":"', '"outcome":"de');
  notEqual(tampered, answer);
  const forged = { ...record, parts: record.parts.with(3, Buffer.from(tampered)) };
  const { equal: same, from } = await derive(forged, liveAt, replayOne);
  deepEqual({ same, from }, { same: false, from: 'replay' });
});
