import { deepEqual, match } from 'node:assert/strict';
import { test } from 'node:test';
import {
  ANN, BEN, LifecycleWorld, policySource, publicationOf, publishOrder, refusalOf, told,
} from './lifecycle-world.ts';

const RIVAL = 'rival';

/** Two policies, and of each a version that decides a share of its payments; their hashes. */
async function worldOfTwo() {
  const rival = { name: RIVAL, kinds: '[transfer]' };
  const world = new LifecycleWorld(
    publicationOf(policySource({ version: 1 }), policySource({ version: 1, ...rival })));
  const approved = async (shape: Parameters<typeof policySource>[0]): Promise<string> => {
    const hash = await world.submitted(shape);
    told(await world.life.approve(BEN, hash, 'risk'));
    return hash;
  };
  const small = await approved({ version: 2, limit: 3 });
  const other = await approved({ version: 2, limit: 3, ...rival });
  for (const hash of [small, other]) {
    told(await world.life.startShadow(ANN, hash, { share: 0.2, by: undefined }));
  }
  return { world, small, other };
}

/** The brake has its turn just before that of what is ordered next: it takes every share of a policy. */
function brakedBefore({ engine }: LifecycleWorld, policy: string): void {
  const amend = engine.amend.bind(engine);
  const publish = engine.publish.bind(engine);
  const brake = async (): Promise<void> => {
    Object.assign(engine, { amend, publish });
    await amend(({ challengers }) => ({
      person: 'assay', because: 'a flood',
      challengers: challengers.map((one) =>
        (one.source.startsWith(`policy: ${policy}\n`) ? { ...one, share: 0 } : one)),
    }));
  };
  engine.amend = async (amending) => brake().then(() => amend(amending));
  engine.publish = async (...order) => brake().then(() => publish(...order));
}

const sharesOf = ({ engine }: LifecycleWorld): readonly string[] =>
  (engine.inForce().amendment?.challengers ?? []).map(({ source, share }) =>
    `${source.slice('policy: '.length, source.indexOf('\n'))} ${share}`);

test('a share that the brake takes while another version is published stays taken', async () => {
  const { world, small } = await worldOfTwo();
  brakedBefore(world, RIVAL);
  told(await world.life.publish(ANN, small, publishOrder));
  deepEqual(sharesOf(world), ['rival 0']);
});

test('and while another gets a share, or no longer judges', async () => {
  const { world, small } = await worldOfTwo();
  brakedBefore(world, RIVAL);
  told(await world.life.startShadow(ANN, small, { share: 0.5, by: undefined }));
  deepEqual(sharesOf(world), ['rival 0', 'small 0.5']);

  const { world: ending, small: ended } = await worldOfTwo();
  brakedBefore(ending, RIVAL);
  told(await ending.life.stopShadow(ANN, ended, 'enough'));
  deepEqual(sharesOf(ending), ['rival 0']);
});

test('a share ordered for the very version that the brake stops in this moment is refused', async () => {
  const { world, small } = await worldOfTwo();
  brakedBefore(world, 'small');
  match(refusalOf(await world.life.startShadow(ANN, small, { share: 0.5, by: undefined })),
    /^gate_closed: the brake has taken its share in this moment/);
  deepEqual(sharesOf(world), ['small 0', 'rival 0.2']);
  told(await world.life.startShadow(ANN, small, { share: 0.1, by: undefined }));
  deepEqual(sharesOf(world), ['rival 0.2', 'small 0.1']);

  const { world: shadowing, small: shadow } = await worldOfTwo();
  brakedBefore(shadowing, 'small');
  told(await shadowing.life.startShadow(ANN, shadow, { share: 0, by: undefined }));
  deepEqual(sharesOf(shadowing), ['rival 0.2', 'small 0']);
});
