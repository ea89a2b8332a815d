/**
 * Great-circle distance with + - * / and square roots only: engines may differ in the last bit of `Math.sin`,
 * and two nodes must agree on every distance. The series below are good to 1e-15; the result is rounded to
 * the metre.
 */
import type { Geo } from './type.ts';

/** Mean radius of the Earth (IUGG), in metres. */
export const EARTH_RADIUS_M = 6_371_008.8;
const HALF_PI = Math.PI / 2;

/** sin of x in [-pi, pi]. */
function sine(x: number): number {
  const near = x > HALF_PI ? Math.PI - x : x < -HALF_PI ? -Math.PI - x : x;
  const square = near * near;
  let sum = 0;
  // Taylor, smallest term first: x - x^3/3! + ... - x^23/23!.
  for (let n = 23; n >= 3; n -= 2) sum = (1 + sum) * (-square / (n * (n - 1)));
  return near * (1 + sum);
}

/** arctan of x in [0, 1]: three halvings of the angle bring it below 0.1, then the series. */
function arctangent(x: number): number {
  let y = x;
  for (let i = 0; i < 3; i++) y = y / (1 + Math.sqrt(1 + y * y));
  const square = y * y;
  let sum = 0;
  for (let n = 17; n >= 3; n -= 2) sum = square * (1 / n - sum);
  return 8 * y * (1 - sum);
}

/** arcsin of x in [0, 1]. */
function arcsine(x: number): number {
  const root = Math.sqrt(1 - x * x);
  return x > root ? HALF_PI - arctangent(root / x) : arctangent(x / root);
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Metres between two places, rounded; haversine formula. */
export function sphereDistance(a: Geo, b: Geo): number {
  const latitudes = sine(radians(b.lat - a.lat) / 2);
  const longitudes = sine(radians(b.lon - a.lon) / 2);
  const cosines = sine(HALF_PI - radians(a.lat)) * sine(HALF_PI - radians(b.lat));
  const square = latitudes * latitudes + cosines * longitudes * longitudes;
  return Math.round(2 * EARTH_RADIUS_M * arcsine(Math.min(1, Math.sqrt(square))));
}
