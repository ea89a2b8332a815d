import { deepEqual, equal } from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { decide } from '#cli/decide.ts';
import { renderDecision } from '#api/render-decision.ts';
import { EngineWorld } from './engine-world.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-file-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const line = (id: string, occurredAt: string): string => JSON.stringify({ transaction: {
  id, occurred_at: occurredAt, kind: 'card', amount: { value: '10.00', currency: 'EUR' }, card: { id: 'c1' },
} });

interface Said {
  readonly object: string;
  readonly line?: number;
  readonly code?: string;
  readonly adjusted?: unknown;
  readonly features?: Readonly<Record<string, unknown>>;
}

async function decideFile(content: string | Buffer): Promise<{ code: number; said: readonly Said[] }> {
  const file = join(folder, 'in.ndjson');
  writeFileSync(file, content);
  const said: Said[] = [];
  const out = (text: string): void => { said.push(JSON.parse(text) as Said); };
  const code = await decide(
    { args: ['--explain', file], folder, env: {}, out, err: () => {} },
    {
      open: () => new EngineWorld().open(),
      render: ({ decision, replayed }, explain) => renderDecision(decision, { aml: true, explain, replayed }),
    });
  return { code, said };
}

test('one payment of the far future does not make the rest of the file late', async () => {
  const { said } = await decideFile([
    line('a', '2026-01-01T10:00:00Z'), line('b', '2999-01-01T00:00:00Z'), line('c', '2026-01-01T10:01:00Z'),
  ].join('\n'));
  deepEqual(said.map(({ adjusted, features }) => [adjusted, features?.['card_count_1h']]), [
    [undefined, 1],
    [{ occurred_at: { from: '2999-01-01T00:00:00.000Z', to: '2026-01-01T10:05:00.000Z' } }, 2],
    [undefined, 2],
  ]);
});

test('bytes that are not UTF-8 are refused with their line, and not replaced', async () => {
  const [sound, other] = ['a', 'M\u00fcller'].map((id) => line(id, '2026-01-01T10:00:00Z'));
  const latin1 = Buffer.from(`${sound}\n${other}\n`, 'latin1');
  const { code, said } = await decideFile(latin1);
  equal(code, 1);
  deepEqual(said.map((one) => [one.object, one.line, one.code]),
    [['decision', undefined, undefined], ['refusal', 2, 'not_json']]);
});
