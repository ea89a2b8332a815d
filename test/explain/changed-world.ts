/** Payments of few entities over three changes of policy, changes of a list, and two amendments. */
import type { Approval, Publication, Snooze } from '#decisioning/publication.ts';
import { SeededRandom } from '../simulation/seeded-random.ts';
import { EngineWorld, POLICY, publicationOf } from '../engine/engine-world.ts';
import { explainWorld, type ExplainWorld } from './explain-world.ts';

const listed = POLICY
  .replace('features:', 'lists:\n  known_cards: { of: card, managed: true, validity: true }\nfeatures:')
  .replace('card_count_1h > 3\n', 'card_count_1h > 3\n    unless: card in list("known_cards")\n')
  .replace('version: 1', 'version: 2').replace('large: 1_000 EUR', 'large: 500 EUR');
const third = listed.replace('version: 2', 'version: 3').replace('card_count_1h > 3', 'card_count_1h > 5')
  .replace('card_declines_1h: count(by card over 1h', 'card_declines_1h: count(by card over 2h');
const withList = (source: string, ...cards: string[]): Publication => ({
  ...publicationOf(source), person: 'a.ng',
  lists: [{
    name: 'known_cards',
    changes: [{ id: 'lch_1', kind: 'replace', author: 'd.roe', approvers: ['e.kim'] },
      { id: 'lch_2', kind: 'amend', author: 'f.ito', approvers: [] }],
    entries: cards.map((value) => ({ value, until: '2026-03-01T00:00:00Z',
      note: `${value} is the shop's own`, ...(value === 'c2' ? { change: 'lch_2' } : {}) })),
  }],
});

const approvalBy = (person: string): Approval => ({
  subject: 'snooze', hash: 'sha256:x', role: 'risk', person, at: '2026-01-01T00:00:00Z', seal: 'x',
});
const snoozeOf = (id: string, value: string, by: string, approver: string): Snooze => ({
  id, policy: 'small', rule: 'large', field: 'debtor.account_id', value, by, reason: 'house purchase',
  from: '2026-01-01T00:00:00Z', until: '2027-01-01T00:00:00Z', approvals: [approvalBy(approver)],
});

async function pay(world: EngineWorld, random: SeededRandom, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    world.nowMs += random.pick([1, 1_000, 60_000, 600_000]);
    const value = random.pick(['1.00', '10.00', '499.99', '750.00', '1000.01', '20000.00']);
    const currency = random.pick(['EUR', 'EUR', 'EUR', 'USD', 'JPY']);
    const account = random.pick(['a1', 'a2', 'a3']);
    await world.decide({
      kind: random.pick(['card', 'card', 'transfer', 'crypto']), channel: random.pick(['ecom', 'pos']),
      amount: { value: currency === 'JPY' ? '5000' : value, currency },
      status: random.pick(['declined', 'approved']), debtor: { account_id: account },
      creditor: { account_id: random.pick(['a1', 'a2', 'b']) },
      ...(random.chance(0.9) ? { card: { id: random.pick(['c1', 'c2', 'c3']) } } : {}),
    });
    if (random.chance(0.1)) {
      await world.tell({ id: `f${world.nowMs}-${i}`, type: 'login', debtor: { account_id: account } });
    }
  }
}

/** `each` payments under each of four of what was in force; the policy that is live at the end is a fifth. */
export async function changedWorld(each: number): Promise<ExplainWorld> {
  const world = new EngineWorld();
  const random = new SeededRandom(11);
  const engine = await world.open();
  await pay(world, random, each);
  await engine.publish(withList(listed, 'c1'));
  await pay(world, random, each);
  await engine.amend({
    person: 'b.lee', because: 'too many', snoozes: [],
    modes: [{ policy: 'small', rule: 'many', segment: { field: 'channel', value: 'ecom' }, mode: 'shadow',
      since: '2026-01-15T12:00:00Z', because: 'hits left the forecast band' }],
  });
  await pay(world, random, each);
  await engine.publish(withList(third, 'c1', 'c2'));
  await engine.amend({
    person: 'b.lee', because: 'the customer called', modes: [],
    snoozes: [snoozeOf('sn_1', 'a2', 'c.diaz', 'g.roth'), snoozeOf('sn_2', 'a3', 'h.yu', 'i.vos')],
    approvals: [approvalBy('i.vos')],
  });
  // The brake acts later: what it amends keeps the snoozes, and nobody approved it.
  await engine.amend({ person: 'assay', because: 'too many', approvals: [], modes: [{ policy: 'small',
    rule: 'many', segment: { field: 'channel', value: 'moto' }, mode: 'shadow',
    since: '2026-01-15T12:00:00Z', because: 'hits left the forecast band' }] });
  await pay(world, random, each);
  await engine.publish(publicationOf(POLICY.replace('version: 1', 'version: 4')));
  const { state } = engine;
  await engine.close();
  return explainWorld(world, state);
}
