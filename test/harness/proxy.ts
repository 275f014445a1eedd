// A TCP proxy before a Redis server, which does to its connections what networks do.
import { createServer, type Server, type Socket } from 'node:net';
import { type Drop, type Dropping, Drops } from './drops.ts';
import { Link } from './link.ts';

export type { Drop, Dropping } from './drops.ts';

/** Milliseconds that each chunk of bytes takes in each direction: `base`, and up to `jitter` more. Order is kept. */
export interface Latency {
  readonly base: number;
  readonly jitter: number;
}

export interface ProxyOptions {
  /** Where the server is, on 127.0.0.1. */
  readonly target: number;
  /** For chances and jitter, as `Math.random`: hand in a seeded one. */
  readonly random?: () => number;
}

/** What the proxy has done so far. */
export interface ProxyCounts {
  /** Connections that were made through it. */
  readonly connections: number;
  /** Connections that were broken by `cut` or while it was down. */
  readonly cut: number;
  /** Connections that fell silent. */
  readonly silenced: number;
  readonly droppedReplies: number;
  readonly droppedRequests: number;
}

/** Starts a proxy on a free port of 127.0.0.1. */
export async function startProxy({ target, random = Math.random }: ProxyOptions): Promise<RedisProxy> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new RedisProxy(server, target, random);
}

/** States: open (connections pass), down (each is reset as it is made), silent (each is accepted, and nothing ever comes). */
export class RedisProxy {
  readonly port: number;
  readonly url: string;
  readonly #server: Server;
  readonly #target: number;
  readonly #random: () => number;
  readonly #links = new Set<Link>();
  readonly #drops: Drops;
  readonly #counts = { connections: 0, cut: 0, silenced: 0 };
  #state: 'open' | 'down' | 'silent' = 'open';
  #latency: Latency = { base: 0, jitter: 0 };

  constructor(server: Server, target: number, random: () => number) {
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('the proxy has no port');
    this.port = address.port;
    this.url = `redis://127.0.0.1:${address.port}`;
    this.#server = server;
    this.#target = target;
    this.#random = random;
    this.#drops = new Drops(random);
    server.on('connection', (client) => this.#connect(client));
  }

  get counts(): ProxyCounts {
    return { ...this.#counts, droppedReplies: this.#drops.replies, droppedRequests: this.#drops.requests };
  }

  /** Breaks all connections that there are, now. Returns how many. New ones pass. */
  cut(): number {
    const links = [...this.#links].filter((link) => !link.isSilent);
    for (const link of links) link.cut();
    this.#counts.cut += links.length;
    return links.length;
  }

  /** Breaks all connections, and from now on each new one as soon as it is made. */
  down(): void {
    this.#state = 'down';
    this.cut();
  }

  /**
   * Half-open: the connections stay, new ones are accepted, and what is sent in either direction is swallowed. Those are silent
   * for good, even after `heal`; the server does not learn of their clients' end.
   */
  silence(): void {
    this.#state = 'silent';
    for (const link of this.#links) this.#silence(link);
  }

  /** Ends `down`, `silence` and any delay: new connections pass. */
  heal(): void {
    this.#state = 'open';
    this.#latency = { base: 0, jitter: 0 };
  }

  /** Delays each direction of all connections from now on. */
  delay(latency: Latency): void {
    this.#latency = latency;
  }

  /** Lets the server do what it is asked, and loses its reply. A reply that is an error is passed on: nothing was done. */
  dropReplies(drop: Drop = {}): Dropping {
    return this.#drops.add('reply', drop);
  }

  /** Loses requests before the server sees them. */
  dropRequests(drop: Drop = {}): Dropping {
    return this.#drops.add('request', drop);
  }

  /** Breaks everything and frees the port. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const link of this.#links) link.end();
    await closed;
  }

  #connect(client: Socket): void {
    if (this.#state === 'down') {
      this.#counts.cut += 1;
      client.on('error', () => undefined);
      client.resetAndDestroy();
      return;
    }
    this.#counts.connections += 1;
    const link = new Link({
      client,
      target: this.#target,
      drops: this.#drops,
      delay: () => this.#nextDelay(),
      silence: () => this.#silence(link),
      ended: () => this.#links.delete(link),
    });
    this.#links.add(link);
    if (this.#state === 'silent') this.#silence(link);
  }

  #nextDelay(): number {
    const { base, jitter } = this.#latency;
    return jitter === 0 ? base : base + this.#random() * jitter;
  }

  #silence(link: Link): void {
    if (link.isSilent) return;
    link.silence();
    this.#counts.silenced += 1;
  }
}
