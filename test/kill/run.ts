// `npm run kill -- [SEED] [--kills N]`: kills a real server under load, and checks that nothing was lost or
// counted twice. `npm run kill -- [SEED] --fleet [--minutes N] [--rate R]`: each process of a fleet in turn.
import process from 'node:process';
import { parseArgs } from 'node:util';
import { fleetKillRun } from './fleet-kill-run.ts';
import { killRun } from './kill-run.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: 'string', default: '50' },
    fleet: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '2' },
    rate: { type: 'string', default: '100' },
  },
});
const seed = Number(positionals[0] ?? Date.now() % 1_000_000);
const progress = (line: string): void => { process.stdout.write(`${line}\n`); };

const problems = values.fleet ? await fleet() : await alone();
for (const problem of problems) process.stdout.write(`\n${problem}\n`);
process.stdout.write(
  problems.length === 0 ? 'nothing lost, nothing counted twice\n' : `${problems.length} problems\n`,
);
process.exitCode = problems.length === 0 ? 0 : 1;

async function alone(): Promise<readonly string[]> {
  const load = { connections: 8, perSecond: 400 };
  const report = await killRun({ seed, kills: Number(values.kills), ...load, progress });
  const { problems: found, ...counts } = report;
  progress(`seed ${seed}: ${JSON.stringify(counts)}`);
  return found;
}

async function fleet(): Promise<readonly string[]> {
  const [seconds, perSecond] = [Number(values.minutes) * 60, Number(values.rate)];
  const { rows, degraded, audit, ...counts } = await fleetKillRun({ seed, seconds, perSecond, progress });
  const { problems: found, ...books } = audit;
  progress(`\nseed ${seed}, ${perSecond}/s for ${seconds} s\n`);
  progress(`${'killed'.padEnd(12)}${'times'.padStart(8)}${'down, ms'.padStart(12)}`);
  for (const { what, kills, downMs } of rows) {
    progress(`${what.padEnd(12)}${`${kills}`.padStart(8)}${`${downMs}`.padStart(12)}`);
  }
  progress('');
  for (const [what, count] of Object.entries({ ...counts, ...books })) {
    progress(`${what.padEnd(20)}${`${count}`.padStart(10)}`);
  }
  for (const [what, count] of degraded) progress(`degraded, ${what}: ${count}`);
  return found;
}
