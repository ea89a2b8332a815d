import { connect } from 'node:net';
import { once } from 'node:events';

const METADATA = 3;

/** The ids of the brokers that this one knows to be alive, from its port without TLS and login. */
export async function brokersKnownTo(port: number): Promise<readonly number[]> {
  const answer = await askKafka(port, METADATA);
  const count = answer.readInt32BE(4);
  const ids: number[] = [];
  // After its id, each broker has a host (a text behind its length) and a port.
  for (let at = 8; ids.length < count; at += 4 + 2 + answer.readInt16BE(at + 4) + 4) {
    ids.push(answer.readInt32BE(at));
  }
  return ids;
}

/** One request of version 0 with an empty list as its body, and what comes back without its length. */
async function askKafka(port: number, kind: number): Promise<Buffer> {
  const request = Buffer.alloc(18);
  request.writeInt32BE(14, 0);
  request.writeInt16BE(kind, 4);
  request.writeInt16BE(-1, 12);
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  try {
    await once(socket, 'connect');
    socket.write(request);
    let answer = Buffer.alloc(0);
    for await (const chunk of socket) {
      answer = Buffer.concat([answer, chunk]);
      if (answer.length >= 4 && answer.length >= 4 + answer.readInt32BE(0)) return answer.subarray(4);
    }
    throw new Error('the connection was closed before the answer');
  } finally {
    socket.destroy();
  }
}
