// The floor with a framework: as bare-server.ts, with Fastify in front. Arguments: folder for the file.
import Fastify from 'fastify';
import { join } from 'node:path';
import process from 'node:process';
import { GroupCommit, recordOf } from './group-commit.ts';

const log = new GroupCommit(join(process.argv[2] ?? '.', 'fastify.log'));
const server = Fastify({ logger: false });

server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
  done(null, body);
});
server.post<{ Body: Buffer }>('/v1/decisions', async ({ body }) => {
  const call = JSON.parse(body.toString('utf8')) as { transaction: { id: string } };
  await log.append(recordOf(body));
  return { transaction_id: call.transaction.id, outcome: 'approve' };
});

console.log(await server.listen({ port: 0, host: '127.0.0.1' }));
