import { equal, match, ok, throws } from 'node:assert/strict';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Readable, Writable } from 'node:stream';
import { after, test } from 'node:test';
import { DiskError } from '#ports/disk.ts';
import { lockDataFolder } from './data-folder.ts';

const root = mkdtempSync(join(tmpdir(), 'assay-lock-'));
after(() => rmSync(root, { recursive: true, force: true }));
const isLocked = (why: unknown): boolean => why instanceof DiskError && why.code === 'locked';

type Child = ChildProcessByStdio<Writable, Readable, null>;

const programOf = (folder: string): string => {
  const url = new URL('data-folder.ts', import.meta.url).href;
  return `
    const { lockDataFolder } = await import(${JSON.stringify(url)});
    try { lockDataFolder(${JSON.stringify(folder)}); console.log('taken'); }
    catch (why) { console.log(why.message); }
    process.stdin.resume();`;
};

/** A process that tries to take the folder, says how it went, and waits. */
function taker(folder: string): Child {
  const args = ['--input-type=module', '-e', programOf(folder)];
  return spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
}

async function firstLine(child: Child): Promise<string> {
  for await (const chunk of child.stdout) return String(chunk).trim();
  return '';
}

test('one holder in a process; given back, it can be taken again', () => {
  const folder = `${root}/own`;
  const release = lockDataFolder(folder);
  throws(() => lockDataFolder(folder), (why) => {
    match(why instanceof Error ? why.message : '', new RegExp(`in use by process ${process.pid}`));
    return isLocked(why);
  });
  release();
  lockDataFolder(folder)();
  equal(readdirSync(folder).length, 0);
});

test('of processes that start at once one takes it; when it is killed the next takes over', async () => {
  const folder = `${root}/race`;
  const children = [1, 2, 3].map(() => taker(folder));
  const said = await Promise.all(children.map(firstLine));
  equal(said.filter((line) => line === 'taken').length, 1, said.join('; '));
  const holder = children[said.indexOf('taken')];
  for (const line of said) {
    const isRefused = line.includes(`in use by process ${holder?.pid}`) || line.includes('being taken');
    ok(line === 'taken' || isRefused, line);
  }
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(children.map((child) => once(child, 'exit')));
  ok(readdirSync(folder).some((name) => name.startsWith('lock-')), 'a killed process leaves its lock');
  lockDataFolder(folder)();
});

const isLinux = process.platform === 'linux';
test('a lock of a process whose number another now has is stale', { skip: !isLinux }, () => {
  const folder = `${root}/reused`;
  lockDataFolder(folder)();
  writeFileSync(`${folder}/lock-3`, `{"pid":${process.pid},"started":"another boot/1"}\n`);
  const release = lockDataFolder(folder);
  ok(readdirSync(folder).join() === 'lock-4', readdirSync(folder).join());
  release();
});

const skip = process.platform !== 'linux';
test('a holder that was killed and whose parent does not look is not alive', { skip },
  async () => {
    const folder = `${root}/unseen`;
    const held = '"$0" --input-type=module -e "$1" < /dev/zero & exec sleep 60';
    const parent = spawn('sh', ['-c', held, process.execPath, programOf(folder)],
      { stdio: ['pipe', 'pipe', 'inherit'] });
    equal(await firstLine(parent), 'taken');
    const lock = readdirSync(folder).find((name) => name.startsWith('lock-')) ?? '';
    const pid = Number(/\d+/.exec(readFileSync(`${folder}/${lock}`, 'utf8'))?.[0]);
    process.kill(pid, 'SIGKILL');
    // All of its threads have ended: zombie, and one left.
    const hasEnded = (): boolean => {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      return fields[0] === 'Z' && Number(fields[17]) <= 1;
    };
    while (!hasEnded()) await new Promise((resolve) => { setTimeout(resolve, 5); });
    try {
      lockDataFolder(folder)();
    } finally {
      parent.kill('SIGKILL');
    }
  });
