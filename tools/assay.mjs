#!/usr/bin/env node
// The `assay` command. The caller's folder stays the working folder, so file arguments mean what they say.
import { join } from 'node:path';
import process from 'node:process';
import { root, runPinnedNode, setUpIfNeeded } from './set-up.mjs';

await setUpIfNeeded();
runPinnedNode([join(root, 'src', 'main', 'assay.ts'), ...process.argv.slice(2)]);
