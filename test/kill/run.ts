// `npm run kill -- [SEED] [--kills N]`: kills a real server under load, and checks that nothing was lost or
// counted twice.
import process from 'node:process';
import { parseArgs } from 'node:util';
import { killRun } from './kill-run.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { kills: { type: 'string', default: '50' } },
});
const seed = Number(positionals[0] ?? Date.now() % 1_000_000);
const report = await killRun({
  seed,
  kills: Number(values.kills),
  connections: 8,
  perSecond: 400,
  progress: (line) => process.stdout.write(`${line}\n`),
});
const { problems, ...counts } = report;
process.stdout.write(`seed ${seed}: ${JSON.stringify(counts)}\n`);
for (const problem of problems) process.stdout.write(`\n${problem}\n`);
process.stdout.write(
  problems.length === 0 ? 'nothing lost, nothing counted twice\n' : `${problems.length} problems\n`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
