// Makes changes without end in the records of a data folder, until it is killed: prints the number of each
// one that was acknowledged. Every change writes records that belong together.
import { writeSync } from 'node:fs';
import process from 'node:process';
import type { RecordWrites } from '#ports/records.ts';
import { openRecords } from '../../src/main/open-records.ts';
import {
  entry, evidence, listChange, listEntry, snooze, version,
} from '../contracts/records-samples.ts';

const [folder = '', first = '0', expected = '0'] = process.argv.slice(2);
const { store, settled } = await openRecords({ folder }, (line) => { writeSync(2, `${line}\n`); });
await settled;
const versions = await store.versions('cards', { limit: 1, after: undefined });
// The last one that was acknowledged, at the least, is there at once.
if ((versions[0]?.atMs ?? 0) < Number(expected)) writeSync(1, 'lost\n');

const changeOf = (number: number) => async (writes: RecordWrites): Promise<void> => {
  await writes.addVersion(version(`v${number}`, { atMs: number }));
  await writes.addEvidence(evidence(`v${number}`));
  const add = Array.from({ length: 1 + (number % 50) }, (_, index) => listEntry(`${number}/${index}`));
  await writes.addListChange(listChange(`l${number}`, 'kept', { add }));
  await writes.applyListChange(`l${number}`);
  await writes.addSnooze(snooze(`s${number}`));
};

for (let number = Number(first); ; number += 1) {
  await store.change(entry('test.kill', `change/${number}`), changeOf(number));
  writeSync(1, `${number}\n`);
}
