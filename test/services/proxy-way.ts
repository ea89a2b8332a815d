import type { Socket } from 'node:net';

/** Beyond this, what is held back for later holds back the sender too. */
const HELD_BYTES_MAX = 1 << 20;

interface Held {
  /** Undefined: the sender has said its last byte. */
  readonly bytes: Buffer | undefined;
  readonly dueAtMs: number;
}

/** One direction of a connection through the proxy. What goes on does so in the order in which it came. */
export class ProxyWay {
  /** For what comes from now on. */
  delayMs = 0;
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #held: Held[] = [];
  #heldBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #swallows = false;
  /** Bytes were lost, and what would come after a gap is no message. */
  #isBroken = false;

  /** `mayPass` sees the bytes as they come, and says whether they go on. */
  constructor(from: Socket, to: Socket, mayPass: (bytes: Buffer) => boolean) {
    this.#from = from;
    this.#to = to;
    from.on('data', (bytes) => {
      if (typeof bytes !== 'string' && mayPass(bytes)) this.#take(bytes);
    });
    from.on('end', () => this.#take(undefined));
    from.on('close', () => {
      if (this.#held.length === 0) this.stop();
    });
    to.on('drain', () => this.#resume());
    to.on('close', () => this.stop());
  }

  /** While it is so, what comes is lost, with what was held back. */
  set swallows(value: boolean) {
    this.#swallows = value;
    if (value && this.#held.length > 0) this.#lose();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#held.length = 0;
    this.#heldBytes = 0;
  }

  #take(bytes: Buffer | undefined): void {
    if (this.#swallows || this.#isBroken) return this.#lose();
    const dueAtMs = Math.max(performance.now() + this.delayMs, this.#held.at(-1)?.dueAtMs ?? 0);
    this.#held.push({ bytes, dueAtMs });
    this.#heldBytes += bytes?.length ?? 0;
    if (this.#heldBytes > HELD_BYTES_MAX) this.#from.pause();
    if (this.#held.length === 1) this.#goOn();
  }

  #lose(): void {
    this.#isBroken = true;
    this.stop();
    this.#from.resume();
  }

  /** Passes on what is due, and waits for what is not. */
  #goOn(): void {
    for (let first = this.#held[0]; first !== undefined; first = this.#held[0]) {
      const waitMs = first.dueAtMs - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#goOn(), Math.ceil(waitMs));
        return;
      }
      this.#held.shift();
      this.#heldBytes -= first.bytes?.length ?? 0;
      if (first.bytes === undefined) this.#to.end();
      else if (!this.#to.write(first.bytes)) this.#from.pause();
    }
    this.#resume();
  }

  #resume(): void {
    if (this.#heldBytes <= HELD_BYTES_MAX && !this.#to.writableNeedDrain) this.#from.resume();
  }
}
