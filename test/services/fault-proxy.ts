import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { SeededRandom } from '../simulation/seeded-random.ts';
import { ProxyWay } from './proxy-way.ts';

/** What the network does to every connection through the proxy, from one `behave` to the next. */
export type Fault =
  | { readonly kind: 'pass' }
  /** Each way, so a question is answered after twice as long. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Connections are accepted and every byte is swallowed. One that lost bytes never speaks again. */
  | { readonly kind: 'black-hole' }
  /** Connections are reset: those that are there at once, later ones when they come. */
  | { readonly kind: 'reset' }
  /**
   * A request reaches the server; when the answer comes, the connection is reset before one byte of it goes
   * on. `where` says which requests, from the bytes of one read: give it a marker that fits into one packet.
   */
  | { readonly kind: 'cut-replies'; readonly where?: (request: Buffer) => boolean }
  /** First `down` for `downMs`, then up for `upMs`, and again. */
  | { readonly kind: 'flap'; readonly downMs: number; readonly upMs: number; readonly down: SteadyFault }
  /** Only this share of the connections, from 0 to 1, has the fault; the seed says which. */
  | { readonly kind: 'share'; readonly share: number; readonly seed: number; readonly fault: SteadyFault };

type SteadyFault = Exclude<Fault, { readonly kind: 'flap' | 'share' }>;

const PASS: SteadyFault = { kind: 'pass' };

/** A port of 127.0.0.1 that leads to a server, and does to the connections what networks do. */
export class FaultProxy {
  readonly #listener: Server;
  readonly #links = new Set<Link>();
  #target: number | undefined;
  #fault: Exclude<Fault, { readonly kind: 'flap' }> = PASS;
  #random: SeededRandom | undefined;
  #flapTimer: NodeJS.Timeout | undefined;

  private constructor(listener: Server) {
    this.#listener = listener;
    listener.on('connection', (client) => this.#accept(client));
    listener.unref();
  }

  /** Leads to a port of 127.0.0.1; where the server needs the port of the proxy first, `aim` it later. */
  static async make(target?: number): Promise<FaultProxy> {
    const listener = createServer({ allowHalfOpen: true, noDelay: true }).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const proxy = new FaultProxy(listener);
    proxy.#target = target;
    return proxy;
  }

  get port(): number {
    const address = this.#listener.address();
    if (address === null || typeof address === 'string') throw new Error('this proxy is closed');
    return address.port;
  }

  /** How many connections go through it now. */
  get linkCount(): number {
    return this.#links.size;
  }

  aim(target: number): void {
    this.#target = target;
  }

  /** From now on, for the connections that are there and those that come. */
  behave(fault: Fault): void {
    clearTimeout(this.#flapTimer);
    if (fault.kind !== 'flap') return this.#put(fault);
    const turn = (isDown: boolean): void => {
      this.#put(isDown ? fault.down : PASS);
      this.#flapTimer = setTimeout(turn, isDown ? fault.downMs : fault.upMs, !isDown);
      this.#flapTimer.unref();
    };
    turn(true);
  }

  /** Resets what is open; who comes later is refused. */
  async close(): Promise<void> {
    clearTimeout(this.#flapTimer);
    for (const link of this.#links) link.reset();
    this.#listener.close();
    await once(this.#listener, 'close');
  }

  #put(fault: Exclude<Fault, { readonly kind: 'flap' }>): void {
    this.#fault = fault;
    this.#random = fault.kind === 'share' ? new SeededRandom(fault.seed) : undefined;
    for (const link of this.#links) link.behave(this.#draw());
  }

  #draw(): SteadyFault {
    if (this.#fault.kind !== 'share') return this.#fault;
    const isHit = this.#random !== undefined && this.#random.fraction() < this.#fault.share;
    return isHit ? this.#fault.fault : PASS;
  }

  #accept(client: Socket): void {
    client.on('error', () => {});
    if (this.#target === undefined) {
      client.resetAndDestroy();
      return;
    }
    const server = connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const link = new Link(client, server);
    this.#links.add(link);
    client.on('close', () => this.#links.delete(link));
    link.behave(this.#draw());
  }
}

/** One connection: the client's end and the server's, and a way in each direction. */
class Link {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #there: ProxyWay;
  readonly #back: ProxyWay;
  #fault: SteadyFault = PASS;
  /** A request has gone through whose answer must not. */
  #cutsNextReply = false;

  constructor(client: Socket, server: Socket) {
    this.#client = client;
    this.#server = server;
    this.#there = new ProxyWay(client, server, (bytes) => this.#onRequest(bytes));
    this.#back = new ProxyWay(server, client, () => this.#onReply());
    for (const one of [client, server]) one.on('error', () => this.reset());
    client.on('close', () => server.destroy());
  }

  behave(fault: SteadyFault): void {
    this.#fault = fault;
    this.#cutsNextReply = false;
    if (fault.kind === 'reset') return this.reset();
    for (const way of [this.#there, this.#back]) {
      way.delayMs = fault.kind === 'delay' ? fault.ms : 0;
      way.swallows = fault.kind === 'black-hole';
    }
  }

  reset(): void {
    this.#there.stop();
    this.#back.stop();
    this.#client.resetAndDestroy();
    this.#server.destroy();
  }

  /** Whether it goes on to the server. */
  #onRequest(bytes: Buffer): boolean {
    const fault = this.#fault;
    if (fault.kind === 'cut-replies') this.#cutsNextReply ||= fault.where?.(bytes) ?? true;
    return true;
  }

  #onReply(): boolean {
    if (this.#cutsNextReply) this.reset();
    return !this.#cutsNextReply;
  }
}
