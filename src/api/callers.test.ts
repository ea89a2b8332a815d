import { equal } from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import type { Grant } from '#ports/key-store.ts';
import { Callers } from './callers.ts';

function start() {
  const grants = new Map<string, Grant>(
    ['a', 'b'].map((keyId) => [
      keyId,
      { keyId, name: keyId, tenant: 't', scopes: new Set(['decide'] as const) },
    ]),
  );
  const clock = { ms: 0, asked: 0 };
  const find = (token: string) => {
    clock.asked += 1;
    return grants.get(token);
  };
  return { grants, clock, callers: new Callers({ find }, () => clock.ms) };
}

test('a key is asked for once a second on each connection', () => {
  const { clock, callers } = start();
  const [one, two] = [new Socket(), new Socket()];
  for (let i = 0; i < 3; i++) equal(callers.grantOf(one, 'Bearer a')?.keyId, 'a');
  equal(clock.asked, 1);
  equal(callers.grantOf(two, 'Bearer a')?.keyId, 'a');
  equal(clock.asked, 2);
  clock.ms = 1_000;
  equal(callers.grantOf(one, 'Bearer a')?.keyId, 'a');
  equal(clock.asked, 3);
});

test('a revoked key opens nothing after that second, and a new connection never', () => {
  const { grants, clock, callers } = start();
  const [one, two] = [new Socket(), new Socket()];
  equal(callers.grantOf(one, 'Bearer a')?.keyId, 'a');
  grants.delete('a');
  equal(callers.grantOf(two, 'Bearer a'), undefined);
  clock.ms = 999;
  equal(callers.grantOf(one, 'Bearer a')?.keyId, 'a');
  clock.ms = 1_000;
  equal(callers.grantOf(one, 'Bearer a'), undefined);
});

test('another key on the same connection is another caller, and a wrong one is nobody', () => {
  const { callers } = start();
  const socket = new Socket();
  equal(callers.grantOf(socket, 'Bearer a')?.keyId, 'a');
  equal(callers.grantOf(socket, 'Bearer b')?.keyId, 'b');
  for (const header of ['Bearer c', 'Bearer ', 'Bearer', '', 'b', undefined]) {
    equal(callers.grantOf(socket, header), undefined);
  }
  equal(callers.grantOf(socket, 'Bearer b')?.keyId, 'b');
});
