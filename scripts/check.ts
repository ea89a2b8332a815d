// What `npm test` runs: every check that needs no server. `npm test -- units types` runs only those lanes.
import process from 'node:process';
import { LANES, unmetNeed } from './check/lane.ts';
import type { Lane } from './check/lane.ts';
import { Progress } from './check/progress.ts';
import { chosenLanes, endLanesWithUs, runLanes, summarise } from './check/run-lanes.ts';

endLanesWithUs();
const progress = new Progress();
const reports = await runLanes(presentLanes(chosenLanes(LANES, process.argv.slice(2))), progress);
progress.stop();
process.exitCode = summarise(reports, progress.seconds);

function presentLanes(lanes: readonly Lane[]): readonly Lane[] {
  return lanes.filter((lane) => {
    const need = unmetNeed(lane);
    if (need !== undefined) progress.absent(lane.name, need);
    return need === undefined;
  });
}
