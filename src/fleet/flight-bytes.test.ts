import { deepEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { flightBytes, readFlight } from './flight-bytes.ts';

test('a call reads as it was written, with its arrival', () => {
  const call = { tenant: 'acme', bytes: Buffer.from('{"transaction":{}}') };
  for (const more of [{}, { idempotencyKey: 'k\u00fc' }]) {
    const written = flightBytes('event', { ...call, ...more }, 1_700_000_000_000.5);
    deepEqual(readFlight(written),
      { kind: 'event', call: { ...call, ...more, receivedAtMs: 1_700_000_000_000.5 } });
  }
  deepEqual(readFlight(flightBytes('payment', call, 1)).kind, 'payment');
  throws(() => readFlight(Uint8Array.of(0, 1, 2)), RangeError);
});
