// The door to every command: makes sure the pinned Node and the packages are there, then becomes that Node.
// `node tools/run.mjs FILE ARGS...` runs FILE from the top of the repository.
import process from 'node:process';
import { root, runPinnedNode, setUpIfNeeded } from './set-up.mjs';

await setUpIfNeeded();
process.chdir(root);
runPinnedNode(process.argv.slice(2));
