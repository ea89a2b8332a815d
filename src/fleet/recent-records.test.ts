import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { LogRecord } from '#ports/decision-log.ts';
import { RecentRecords } from './recent-records.ts';

const record = (key: string): LogRecord => ({ kind: 'event', position: 0, receivedAtMs: 0, key, parts: [] });

test('the latest two thousand are found, and a copy pushes nothing out', () => {
  const recent = new RecentRecords();
  for (let i = 0; i < 2_500; i++) for (let copy = 0; copy < 2; copy++) recent.add(record(`${i}`));
  for (const [key, isThere] of [['0', false], ['499', false], ['500', true], ['2499', true]] as const) {
    equal(recent.find(key) !== undefined, isThere, key);
  }
});
