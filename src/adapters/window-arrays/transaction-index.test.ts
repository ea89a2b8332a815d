import { strictEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { eventSchema } from '#domain/field.ts';
import { Dictionary } from './dictionary.ts';
import { NO_ROW, RowTable } from './row-table.ts';
import { hashId, TransactionIndex } from './transaction-index.ts';

const COUNT = 4_000;
const id = (i: number): string => `tx_${String(i).padStart(8, '0')}`;

test('ids lead to their rows, through removal and growth', () => {
  const schema = eventSchema();
  const table = new RowTable(schema, new Dictionary());
  const index = new TransactionIndex(table);
  const hash = (i: number): { high: number; low: number } => hashId('main', id(i), { high: 0, low: 0 });
  const rows: number[] = [];
  for (let i = 0; i < COUNT; i++) {
    const numbers = Array.from({ length: schema.numberSlotCount }, () => i);
    rows.push(table.take({ type: 'transaction', tenant: 'main', id: id(i), position: i, receivedAtMs: 0,
      numbers, texts: [] }));
    index.add(rows[i]!, hash(i));
    if (i % 2 === 1) index.remove(rows[i - 1]!);
  }
  for (let i = 0; i < COUNT; i++) strictEqual(index.find(hash(i)), i % 2 === 1 ? rows[i] : NO_ROW);
});

test('near ids, and the same id of two tenants, have hashes of their own', () => {
  const seen = new Set<string>();
  const see = (tenant: string, text: string): void => {
    const { high, low } = hashId(tenant, text, { high: 0, low: 0 });
    seen.add(`${high} ${low}`);
  };
  for (let i = 0; i < 50_000; i++) see('main', id(i));
  for (let i = 0; i < 1_000; i++) see(id(i), 'tx');
  for (const [tenant, text] of [['a', 'bc'], ['ab', 'c'], ['', 'abc'], ['abc', '']] as const) see(tenant,
    text);
  strictEqual(seen.size, 51_004);
});
