import { once } from 'node:events';
import { connect } from 'node:net';

/** What RESP2 can say, errors apart. Bytes are read as latin1, one character a byte. */
export type RedisReply = string | number | null | readonly RedisReply[];

/** An answer that begins with "-". */
class RedisErrorReply extends Error {}

/** One command on a connection of its own. For tests that look behind a client's back. */
export async function askRedis(
  { port, password }: { readonly port: number; readonly password?: string | undefined },
  ...command: readonly string[]
): Promise<RedisReply> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  try {
    await once(socket, 'connect');
    const commands = password === undefined ? [command] : [['AUTH', password], command];
    socket.write(commands.map(encoded).join(''), 'latin1');
    let text = '';
    socket.setEncoding('latin1');
    for await (const chunk of socket) {
      text += String(chunk);
      const replies = readReplies(text);
      const failed = replies.find((one) => one instanceof RedisErrorReply);
      if (failed instanceof RedisErrorReply) throw failed;
      if (replies.length === commands.length) return plain(replies.at(-1) ?? null);
    }
    throw new Error('the connection was closed before the answer');
  } finally {
    socket.destroy();
  }
}

function encoded(command: readonly string[]): string {
  const words = command.map((word) => `$${Buffer.byteLength(word, 'latin1')}\r\n${word}\r\n`);
  return `*${command.length}\r\n${words.join('')}`;
}

type Parsed = RedisReply | RedisErrorReply | readonly Parsed[];
interface Read {
  readonly value: Parsed;
  readonly next: number;
}

/** Those that are whole so far. */
function readReplies(text: string): readonly Parsed[] {
  const found: Parsed[] = [];
  for (let one = readReply(text, 0); one !== undefined; one = readReply(text, one.next)) {
    found.push(one.value);
  }
  return found;
}

function readReply(text: string, at: number): Read | undefined {
  const lineEnd = text.indexOf('\r\n', at);
  if (lineEnd < 0) return undefined;
  const line = text.slice(at + 1, lineEnd);
  const next = lineEnd + 2;
  switch (text.charAt(at)) {
    case '+':
      return { value: line, next };
    case '-':
      return { value: new RedisErrorReply(line), next };
    case ':':
      return { value: Number(line), next };
    case '$': {
      const size = Number(line);
      if (size < 0) return { value: null, next };
      return text.length < next + size + 2
        ? undefined
        : { value: text.slice(next, next + size), next: next + size + 2 };
    }
    case '*':
      return readArray(text, Number(line), next);
    default:
      throw new Error(`not an answer of RESP2: ${text.slice(at, at + 40)}`);
  }
}

function readArray(text: string, count: number, at: number): Read | undefined {
  if (count < 0) return { value: null, next: at };
  const value: Parsed[] = [];
  let next = at;
  while (value.length < count) {
    const one = readReply(text, next);
    if (one === undefined) return undefined;
    value.push(one.value);
    next = one.next;
  }
  return { value, next };
}

/** An error inside an array is its text. */
function plain(value: Parsed): RedisReply {
  if (value instanceof RedisErrorReply) return value.message;
  return typeof value === 'object' && value !== null ? value.map(plain) : value;
}
