/** The thread of the embedded PostgreSQL: one question after the other. */
import { closeSync, fsyncSync, openSync, readdirSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { messageOf } from '#domain/message-of.ts';
import { SQL_PARSERS } from '#records/sql-source.ts';
import type { Answer, Question } from './pglite-call.ts';

/** The defaults are for a server with many clients; this one has a single session and small tables. */
const SETTINGS = ['shared_buffers=32MB', 'max_connections=4', 'max_wal_size=64MB', 'min_wal_size=32MB'];

const folder = String(workerData);
const database = await PGlite.create({
  dataDir: folder, parsers: { ...SQL_PARSERS }, postgresqlconf: SETTINGS,
});

async function answer(question: Question): Promise<Answer> {
  const { id, kind } = question;
  try {
    if (kind === 'query') {
      const { rows, affectedRows } = await database.query(question.sql, [...question.params]);
      return { id, rows, affected: affectedRows };
    }
    if (kind === 'script') await database.exec(question.sql);
    else {
      await database.close();
      syncAll(folder);
    }
    return { id, rows: [], affected: undefined };
  } catch (why) {
    const code = why instanceof Error && 'code' in why && typeof why.code === 'string' ? why.code : 'lost';
    return { id, fault: { code, message: messageOf(why) } };
  }
}

/** After a clean end the files are on the disk, whatever happens to the machine. */
function syncAll(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const inner = `${path}/${entry.name}`;
    if (entry.isDirectory()) syncAll(inner);
    else if (entry.isFile()) syncOne(inner);
  }
  syncOne(path);
}

function syncOne(path: string): void {
  const file = openSync(path, 'r');
  fsyncSync(file);
  closeSync(file);
}

let last: Promise<unknown> = Promise.resolve();
parentPort?.on('message', (question: Question) => {
  last = last.then(async () => {
    parentPort?.postMessage(await answer(question));
    if (question.kind === 'close') parentPort?.close();
  });
});
parentPort?.postMessage({ id: 0, rows: [], affected: undefined } satisfies Answer);
