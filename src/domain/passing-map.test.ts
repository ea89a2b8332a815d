import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scaled } from '../../test/test-scale.ts';
import { PassingMap } from './passing-map.ts';

test('entries that come and go are those of a Map, whatever the order', () => {
  for (let seed = 1; seed <= scaled(20); seed++) {
    let state = seed;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 8) % below;
    };
    const map = new PassingMap<number>(2);
    const known = new Map<string, number>();
    const names = 4 + random(60);
    for (let step = 0; step < 2_000; step++) {
      const key = `key-${random(names)}`;
      const what = random(5);
      if (what < 2) {
        map.set(key, step);
        known.set(key, step);
      } else if (what < 4) assert.equal(map.delete(key), known.delete(key));
      else if (random(200) === 0) {
        map.clear();
        known.clear();
      }
      const asked = `key-${random(names)}`;
      assert.equal(map.get(asked), known.get(asked), `seed ${seed}, step ${step}`);
      assert.equal(map.has(asked), known.has(asked));
      assert.equal(map.size, known.size);
    }
    for (const [key, value] of known) assert.equal(map.get(key), value);
  }
});
