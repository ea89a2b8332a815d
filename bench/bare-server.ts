// The floor: node:http, JSON.parse, append, fdatasync, answer. Arguments: folder for the file.
import { createServer } from 'node:http';
import { join } from 'node:path';
import process from 'node:process';
import { GroupCommit, recordOf } from './group-commit.ts';

const log = new GroupCommit(join(process.argv[2] ?? '.', 'bare.log'));

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const bytes = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
    const call = JSON.parse(bytes.toString('utf8')) as { transaction: { id: string } };
    log.append(recordOf(bytes)).then(
      () => answer(200, JSON.stringify({ transaction_id: call.transaction.id, outcome: 'approve' })),
      (error: unknown) => answer(503, JSON.stringify({ error: String(error) })),
    );
  });
  const answer = (status: number, text: string): void => {
    const body = Buffer.from(text);
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length });
    response.end(body);
  };
});

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') console.log(`http://127.0.0.1:${address.port}`);
});
