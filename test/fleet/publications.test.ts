/** What is live in a fleet is one: whoever publishes, on whichever node, and whoever is faster. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Amendment } from '#decisioning/publication.ts';
import { amendmentRecord, publicationRecord } from '#decisioning/publication.ts';
import { jsonPart } from '#decisioning/record.ts';
import { PublicationOvertaken, PublicationRefused } from '#decisioning/publication-refused.ts';
import type { FleetNode } from '#fleet/fleet-node.ts';
import { publishedRecord } from '#fleet/fleet-publications.ts';
import { LogUnavailable } from '#ports/decision-log.ts';
import { seededRandom } from '../../bench/random.ts';
import { code, decided, payment, POLICY, publicationOf } from '../engine/engine-world.ts';
import { scaled } from '../test-scale.ts';
import { FleetWorld, fleetOf } from './fleet-world.ts';

const version = (number: number) => publicationOf(POLICY.replace('version: 1', `version: ${number}`));
const HELD = { policy: 'small', rule: 'many', segment: undefined, mode: 'shadow',
  since: '2026-01-15T12:00:00Z', because: 'it hits too often' } as const;
/** As JSON has it. */
const { segment: _segment, ...HELD_READ } = HELD;
const amending = { person: 'ann', because: 'a try', modes: [HELD] };

const inForce = (node: FleetNode): unknown => {
  const { position, base, publication, amendment } = node.state.live ?? {};
  return { position, base, policies: publication?.policies, modes: amendment?.modes ?? [] };
};

describe('publications of a fleet', () => {
  test('two nodes publish the first at once: one holds, on both, and the other hears of it', async () => {
    const world = new FleetWorld();
    const [a, b] = [await world.join(), await world.join()];
    const told = await Promise.allSettled([a.publish(version(1)), b.publish(version(2))]);
    deepEqual(told.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
    const [lost] = told.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    ok(lost instanceof PublicationOvertaken);
    deepEqual(inForce(a), inForce(b));
    const isFirst = a.state.live?.publication.policies[0]?.source.includes('version: 1');
    equal(isFirst, told[0]?.status === 'fulfilled');
    await world.close();
  });

  test('what was made on what is not in force any more is void, and may be tried again', async () => {
    const { world, nodes: [a, b] } = await fleetOf(2);
    const base = a!.state.live?.base;
    await a!.publish(version(2));
    await b!.hasEnacted(a!.state.live!.position);
    await rejects(b!.publish(version(3), {}, base), PublicationOvertaken);
    await rejects(b!.amend(amending, base), PublicationOvertaken);
    const position = await b!.publish(version(3), {}, b!.state.live?.base);
    await a!.hasEnacted(position);
    deepEqual(inForce(a!), inForce(b!));
    await world.close();
  });

  test('amendments of two nodes at once are both in force: each is asked again at its turn', async () => {
    const { world, nodes: [a, b] } = await fleetOf(2);
    const adding = (rule: 'many' | 'watched') => ({ modes = [] }: Partial<Pick<Amendment, 'modes'>>) =>
      ({ ...amending, modes: [...modes, { ...HELD, rule }] });
    await Promise.all([a!.amend(adding('many')), b!.amend(adding('watched'))]);
    await Promise.all([a!, b!].map((node) =>
      node.hasEnacted(Math.max(...[a!, b!].map(({ state }) => state.live!.position)))));
    deepEqual(a!.state.live?.amendment?.modes.map(({ rule }) => rule).toSorted(), ['many', 'watched']);
    deepEqual(inForce(a!), inForce(b!));
    await world.close();
  });

  test('what the brake holds stays held when another version goes live on another node', async () => {
    const { world, nodes: [a, b] } = await fleetOf(2);
    await b!.hasEnacted(await a!.amend(amending));
    const base = await b!.publish(version(2));
    await a!.hasEnacted(base);
    for (const node of [a!, b!, await world.join()]) {
      const { live } = node.state;
      deepEqual([live?.base, live?.position, live?.amendment?.base], [base, base + 1, base]);
      deepEqual(live?.amendment?.modes, [HELD_READ]);
    }
    const listed: number[] = [];
    for await (const record of a!.published.after(base - 1)) listed.push(record.position);
    deepEqual(listed, [base, base + 1]);
    await world.close();
  });

  test('what cannot go live is refused before anybody hears of it', async () => {
    const { world, nodes: [a] } = await fleetOf(1);
    const ends = await world.publications.ends();
    await rejects(a!.publish(publicationOf(POLICY.replace('> 3', '> "three"'))), PublicationRefused);
    deepEqual(await world.publications.ends(), ends);
    await world.close();
  });
});

describe('publications of a fleet that a node cannot make live', () => {
  /** Into the topic, by whoever. */
  const written = async (world: FleetWorld, source: string, madeOn: number, headers: object = {}) => {
    const record = publicationRecord(jsonPart(publicationOf(source)), 0, world.nowMs);
    const one = publishedRecord(record, madeOn);
    const { offset } = await world.publications.append({ ...one, headers: { ...one.headers, ...headers } });
    return 2 * offset + 1;
  };

  test('it decides nothing, says so, and decides again when something goes live that it can', async () => {
    const said: string[] = [];
    const { world, nodes: [a] } = await fleetOf(1, publicationOf(POLICY), new FleetWorld(),
      { tell: (what) => { said.push(what); } });
    const position = await written(world, POLICY.replace('count(by card', 'tally(by card'), 1);
    await a!.hasEnacted(position);
    equal(code(await world.decide(a!)), 'log_unavailable');
    match(a!.apart ?? '', /position 3 cannot go live on this node.*tally/s);
    await rejects(a!.publish(version(2)), LogUnavailable);
    const late = await world.join();
    equal(code(await world.decide(late)), 'log_unavailable', 'nor does one that comes then');
    const mended = await written(world, POLICY, position);
    for (const node of world.nodes) {
      await node.hasEnacted(mended);
      equal(code(await world.decide(node)), 'decided');
    }
    match(said.at(-1) ?? '', /position 5 is in force here; this node decides/);
    await world.close();
  });

  test('a record of a newer format: nobody knows what holds behind it', async () => {
    const { world, nodes: [a] } = await fleetOf(1);
    await written(world, POLICY, 1, { format: Buffer.from('2') });
    const behind = await written(world, POLICY, 1);
    await a!.hasEnacted(behind);
    match(a!.apart ?? '', /format 2.*of a newer version\?/s);
    equal(code(await world.decide(a!)), 'log_unavailable');
    await world.close();
  });

  test('what is no record of ours is void for all', async () => {
    const { world, nodes: [a] } = await fleetOf(1);
    const append = (value: string, headers: Record<string, Uint8Array>) =>
      world.publications.append({ key: 'k', value: Buffer.from(value), headers });
    const { headers } = publishedRecord(publicationRecord(Buffer.from('{'), 0, 0), 1);
    await append('rubbish', {});
    await append('{', headers);
    const { offset } = await append('{}', { ...headers, kind: Buffer.from('decision') });
    await a!.hasEnacted(2 * offset + 1);
    equal(code(await world.decide(a!)), 'decided');
    equal(a!.state.live?.position, 1);
    await world.close();
  });
});

test('whatever is written to the topic, by whomever, every node has the same in force', async () => {
  for (let seed = 1; seed <= scaled(6); seed++) {
    const random = seededRandom(seed);
    const { world, nodes } = await fleetOf(2);
    /** The naive reading: one after the other, what names the position in force goes on. */
    let now = { position: 1, base: 1 };
    let last = 1;
    for (let i = 0; i < 30; i++) {
      const madeOn = random() < 0.6 ? now.position : 1 + Math.floor(random() * (last + 3));
      const isKeeping = random() < 0.3;
      const kept = { modes: [HELD], snoozes: [], challengers: [], person: 'ann' };
      const isAmending = random() < 0.5;
      const base = random() < 0.8 ? now.base : 1;
      const amendment: Amendment = { ...kept, format: 1, base, because: `${i}`, approvals: [] };
      const record = isAmending ? amendmentRecord(amendment, 0, world.nowMs)
        : publicationRecord(jsonPart(version(i)), 0, world.nowMs);
      const { offset } = await world.publications.append(
        publishedRecord(record, madeOn, !isAmending && isKeeping ? kept : undefined));
      last = 2 * offset + 1;
      if (madeOn !== now.position || (isAmending && base !== now.base)) continue;
      now = isAmending ? { position: last, base } : { position: isKeeping ? last + 1 : last, base: last };
    }
    for (const node of [...nodes, await world.join()]) {
      await node.hasEnacted(last);
      const { position, base } = node.state.live ?? {};
      deepEqual({ position, base }, now, `seed ${seed}`);
    }
    await world.close();
  }
});

test('published and amended while all decide: each decision is by what it names', async () => {
  const { world, nodes } = await fleetOf(2);
  const calls: { readonly bytes: Uint8Array; readonly answer: string }[] = [];
  let isOver = false;
  const deciding = nodes.map(async (node, n) => {
    for (let i = 0; !isOver; i++) {
      const bytes = payment(world.nowMs, { id: `p${n}-${i}`, card: { id: `c${i % 7}` } });
      calls.push({ bytes, answer: JSON.stringify(decided(await node.decide({ bytes, tenant: 'acme' }))) });
      await world.clock.sleep();
    }
  });
  for (let i = 2; i < 6; i++) {
    await nodes[i % 2]!.publish(version(i));
    await nodes[(i + 1) % 2]!.amend(i % 2 === 0 ? amending : { ...amending, modes: [] });
  }
  isOver = true;
  await Promise.all(deciding);
  const byVersion = Map.groupBy(calls, ({ answer }) =>
    (JSON.parse(answer) as { policy: { version: number } }).policy.version);
  ok(byVersion.size >= 3, `${[...byVersion.keys()].join()} decided`);
  // A node that knows nothing of them judges each again, by the publication that its entry names.
  const late = await world.join();
  for (const { bytes, answer } of calls) {
    equal(JSON.stringify(decided(await late.decide({ bytes, tenant: 'acme' }))), answer);
  }
  await world.close();
});
