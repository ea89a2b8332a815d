// F47 A node of today beside one of a version to come: what it does with what that one writes.
import { deepEqual, equal } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { recordKey } from '#decisioning/record.ts';
import { entryId } from '#fleet/identity.ts';
import { SEEN_BYTES } from '#fleet/window-entry.ts';
import type { Topic } from '#ports/topic.ts';
import { NOTHING_KNOWN, type LogName, type WindowLog } from '#ports/window-log.ts';
import { code, decided, payment } from '../engine/engine-world.ts';
import { fleetOf, type FleetWorld } from './fleet-world.ts';

/** A kind of entry, and a field, that no program of today knows. */
const NEW_KIND = 200;
const NEW_FIELD = Uint8Array.of(250, 7, ...new Uint8Array(16), 0, 2, 0x6f, 0x6b);

const card = (value: string): LogName => ({ tenant: 'acme', field: 'card.id', value });

/** Logs as a node of that version sees them: it knows the kind, and writes the field. */
function seenByNewer(log: WindowLog): WindowLog {
  return {
    async call(calls, options) {
      const answers = await log.call(calls.map((one) => {
        const isEvent = one.bytes?.[0] === 1;
        return isEvent ? { ...one, bytes: Buffer.concat([one.bytes, NEW_FIELD]) } : one;
      }), options);
      return answers.map((answer) => (answer.kind !== 'read' ? answer : {
        ...answer,
        behind: answer.behind.map((entry) =>
          (entry.bytes[0] === NEW_KIND ? { ...entry, bytes: SEEN_BYTES } : entry)),
      }));
    },
    close: async () => {},
  };
}

/** A topic to which that version writes. */
const toCome = (topic: Topic): Topic => ({
  name: topic.name, partitionCount: topic.partitionCount,
  append: (record) => topic.append({
    ...record, headers: { ...record.headers, 'to-come': Buffer.from('more') },
  }),
  starts: () => topic.starts(), ends: () => topic.ends(), read: (from) => topic.read(from),
  follow: (from, signal) => topic.follow(from, signal), close: () => topic.close(),
});

async function newKindAt(world: FleetWorld, name: LogName): Promise<void> {
  const bytes = Uint8Array.of(NEW_KIND, 1, 2, 3);
  await world.log.call([{ name, known: NOTHING_KNOWN, id: entryId('of a newer version'), bytes }]);
}

const countOf = (answer: Parameters<typeof decided>[0]): unknown => decided(answer).features['card_count_1h'];

describe('F47 two versions side by side', () => {
  test('F47 fields that only the newer one knows are passed over: both count as one', async () => {
    const { world, nodes: [older] } = await fleetOf(1);
    const newer = await world.join({ log: seenByNewer(world.log) });
    const counts: unknown[] = [];
    for (let i = 0; i < 40; i++) counts.push(countOf(await world.decide(i % 2 === 0 ? older! : newer)));
    deepEqual(counts, Array.from({ length: 40 }, (_, i) => i + 1));
    const bytes = payment(world.nowMs, { id: 'copied' });
    const first = decided(await newer.decide({ bytes, tenant: 'acme' }));
    deepEqual(decided(await older!.decide({ bytes, tenant: 'acme' })), first);
    await world.close();
  });

  test('F47 an entry that the older one cannot read: it judges nothing by it, a newer one does', async () => {
    const { world, nodes: [older] } = await fleetOf(1);
    const newer = await world.join({ log: seenByNewer(world.log) });
    for (let i = 0; i < 3; i++) await world.decide(older!, { card: { id: 'c9' } });
    await newKindAt(world, card('c9'));
    const bytes = payment(world.nowMs, { id: 'first', card: { id: 'c9' } });
    for (let tries = 0; tries < 3; tries++) {
      equal(code(await older!.decide({ bytes, tenant: 'acme' })), 'log_unavailable');
    }
    equal(countOf(await world.decide(older!, { card: { id: 'c1' } })), 1, 'other entities go on');
    equal(countOf(await newer.decide({ bytes, tenant: 'acme' })), 4, 'as it was when it first came');
    equal(countOf(await world.decide(newer, { card: { id: 'c9' } })), 5, 'and it counts once');
    await world.close();
  });

  test('F47 a record with headers to come is answered by the older one, and kept as it is', async () => {
    const { world } = await fleetOf(1);
    const { decisions } = world;
    const newer = await world.join({ decisions: toCome(decisions) });
    const bytes = payment(world.nowMs, { id: 'p' });
    const first = decided(await newer.decide({ bytes, tenant: 'acme' }));
    await world.project();
    const older = await world.join({ index: world.fleetIndex });
    const again = await older.decide({ bytes, tenant: 'acme' });
    deepEqual([decided(again), again.kind === 'decided' && again.replayed], [first, true]);
    const kept = await world.index.find(entryId(recordKey('acme', 'tx', 'p')));
    equal(Buffer.from(kept?.headers['to-come'] ?? []).toString(), 'more');
    await world.close();
  });

  test('F47 a record of a format to come: its copy gets no other answer from the older one', async () => {
    const { world, nodes: [older] } = await fleetOf(1);
    const bytes = payment(world.nowMs, { id: 'p' });
    await older!.decide({ bytes, tenant: 'acme' });
    for await (const record of world.decisions.read([])) {
      const headers = { ...record.headers, format: Buffer.from('2') };
      await world.index.project({
        from: [], reached: [], records: [{ ...record, headers, id: entryId(record.key) }],
      });
    }
    const late = await world.join({ index: world.fleetIndex });
    equal(code(await late.decide({ bytes, tenant: 'acme' })), 'log_unavailable');
    equal(countOf(await world.decide(late)), 2, 'what it can read it decides');
    await world.close();
  });
});
