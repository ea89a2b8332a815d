import process from 'node:process';

const text = process.env['ASSAY_TEST_SCALE'] ?? '1';
const SCALE = Number(text);
if (!(Number.isInteger(SCALE) && SCALE >= 1)) {
  throw new RangeError(`ASSAY_TEST_SCALE is a whole number from 1 on, not ${text}`);
}

/** How many cases to generate: `count` in a build, ASSAY_TEST_SCALE times as many in a long run. */
export const scaled = (count: number): number => count * SCALE;
