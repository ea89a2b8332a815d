import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EARTH_RADIUS_M, sphereDistance } from './sphere.ts';

/** With the sines of the engine; good to far less than a metre. */
function haversine(a: { lat: number; lon: number }, b: { lat: number; lon: number }): number {
  const r = (degrees: number): number => (degrees * Math.PI) / 180;
  const h = Math.sin(r(b.lat - a.lat) / 2) ** 2 +
    Math.cos(r(a.lat)) * Math.cos(r(b.lat)) * Math.sin(r(b.lon - a.lon) / 2) ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
}

test('own arithmetic agrees with that of the engine over the whole globe', () => {
  for (let i = 0; i < 20_000; i++) {
    const a = { lat: ((i * 37) % 1_801) / 10 - 90, lon: ((i * 101) % 3_601) / 10 - 180 };
    const near = i % 3 === 0;
    const b = near ? { lat: a.lat * 0.999_99, lon: a.lon + 0.001 }
      : { lat: 90 - ((i * 53) % 1_801) / 10, lon: ((i * 29) % 3_601) / 10 - 180 };
    assert.ok(Math.abs(sphereDistance(a, b) - haversine(a, b)) <= 0.501, JSON.stringify([a, b]));
  }
});

test('known places', () => {
  const paris = { lat: 48.8566, lon: 2.3522 };
  const sydney = { lat: -33.8688, lon: 151.2093 };
  assert.equal(sphereDistance(paris, paris), 0);
  assert.equal(sphereDistance(paris, sydney), sphereDistance(sydney, paris));
  assert.ok(Math.abs(sphereDistance(paris, sydney) - 16_960_000) < 10_000);
  assert.equal(sphereDistance({ lat: 0, lon: 0 }, { lat: 0, lon: 180 }),
    Math.round(Math.PI * EARTH_RADIUS_M));
  assert.equal(sphereDistance({ lat: 10, lon: 179.999 }, { lat: 10, lon: -179.999 }) < 300, true);
});
