import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBackend } from '../../../src/backends/open.ts';
import type { Backend } from '../../../src/contract/backend.ts';
import { type ConnectOptions, connect, type Wingman } from '../../../src/index.ts';
import { MortalRedis } from '../../harness/mortal-redis.ts';
import { type RedisProxy, startProxy } from '../../harness/proxy.ts';
import type { Violation } from '../checker/index.ts';
import type { Interval } from '../checker/ownership.ts';
import { type History, openHistory } from '../history/history.mjs';
import type { Form } from '../scenario.ts';
import { Application, Orders } from './application.ts';
import { Load, type LoadOptions } from './load.ts';
import { Observer } from './observer.ts';
import { SmallDisk } from './small-disk.ts';
import { Child, type WorkerOptions } from './worker-process.ts';

export type BackendName = 'redis' | 'sqlite';

export interface StageOptions {
  readonly backend: BackendName;
  readonly random: () => number;
  /** Further words of the redis-server's command line. */
  readonly redis?: readonly string[];
  /** Bytes of a disk of its own for the SQLite file. */
  readonly disk?: number | null;
  readonly form: Form;
}

export interface StartOptions extends WorkerOptions {
  /** Where its backend is; the store itself when left out. */
  readonly url?: string;
  /** Of which events it tells on stdout at once, beside its own start. */
  readonly echo?: readonly string[];
  /** Starts another in its place when it ends without having been told to stop. */
  readonly isKept?: boolean;
}

/** Short, so that a scenario is short. */
const LEASE = 1_500;
const HEARTBEAT = 300;

/** What a scenario has at hand: a store of its own, processes, faults, and histories of all of them. */
export class Stage {
  readonly backend: BackendName;
  readonly random: () => number;
  /** The store itself, and not by the way that faults are on. */
  readonly url: string;
  /** Where histories are written. */
  readonly histories: string;
  readonly folder: string;
  readonly form: Form;
  readonly #redis: MortalRedis | null;
  readonly #disk: SmallDisk | null;
  readonly #injector: History;
  readonly #opened: History[] = [];
  readonly #orders = new Orders();
  readonly #children: Child[] = [];
  readonly #clients: Wingman[] = [];
  readonly #loads: Load[] = [];
  readonly #claims: Violation[] = [];
  readonly #notes: string[] = [];
  readonly #undone: Interval[] = [];
  #proxy: RedisProxy | null = null;
  #application: Application | null = null;
  #observed: { readonly store: Backend; readonly observer: Observer } | null = null;
  #names = 0;
  #isOver = false;

  private constructor(
    { backend, random, form }: StageOptions,
    folder: string,
    redis: MortalRedis | null,
    disk: SmallDisk | null,
  ) {
    this.backend = backend;
    this.random = random;
    this.form = form;
    this.#disk = disk;
    this.folder = folder;
    this.histories = join(folder, 'histories');
    this.url = redis === null ? `sqlite:${this.file}` : redis.url;
    this.#redis = redis;
    this.#injector = this.history('injector');
  }

  static async open(options: StageOptions): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), 'wingman-faults-'));
    await Promise.all(['histories', 'marks', 'store'].map((name) => mkdir(join(folder, name))));
    const redis = options.backend === 'redis' ? await MortalRedis.start(...(options.redis ?? [])) : null;
    const { disk = null } = options;
    return new Stage(options, folder, redis, disk === null ? null : await SmallDisk.mount(join(folder, 'store'), disk));
  }

  /** The SQLite file. In a folder of its own: a scenario may put a small disk there. */
  get file(): string {
    return join(this.folder, 'store', 'jobs.db');
  }

  /** The disk on which the SQLite file is, where it has one of its own. */
  get disk(): SmallDisk {
    if (this.#disk === null) throw new Error('this scenario has no disk of its own');
    return this.#disk;
  }

  get redis(): MortalRedis {
    if (this.#redis === null) throw new Error('this scenario has no Redis');
    return this.#redis;
  }

  /** What the scenario itself found to be wrong. */
  get claims(): readonly Violation[] {
    return this.#claims;
  }

  /** What it has to say beside that. */
  get notes(): readonly string[] {
    return this.#notes;
  }

  /** When the store may have forgotten what it had acknowledged. */
  get undone(): readonly Interval[] {
    return this.#undone;
  }

  get workers(): readonly Child[] {
    return this.#children.filter((child) => !child.hasEnded);
  }

  history(name: string): History {
    const history = openHistory(this.histories, name);
    this.#opened.push(history);
    return history;
  }

  async proxy(): Promise<RedisProxy> {
    this.#proxy ??= await startProxy({ target: this.redis.port, random: this.random });
    return this.#proxy;
  }

  /** Opens the store for the bench itself, and begins to observe it. Called once the store can be opened. */
  async observe(): Promise<Backend> {
    if (this.#observed !== null) return this.#observed.store;
    const store = await openBackend(this.url);
    const observer = new Observer({ store, history: this.history('observer'), keys: this.#orders.keys });
    this.#observed = { store, observer };
    return store;
  }

  /** An application in this process. */
  async connect(options: Partial<ConnectOptions> = {}): Promise<Application> {
    const wingman = await connect({ url: this.url, ...options });
    this.#clients.push(wingman);
    this.#names += 1;
    return new Application(wingman, this.history(`application-${this.#names}`), this.#orders);
  }

  /** The application that needs no name. */
  async application(): Promise<Application> {
    this.#application ??= await this.connect();
    return this.#application;
  }

  async load(options: Partial<LoadOptions> = {}): Promise<Load> {
    const application = options.application ?? (await this.application());
    const load = new Load({ random: this.random, ...options, application });
    this.#loads.push(load);
    return load;
  }

  /** Starts workers, and waits until they claim. */
  startWorkers(count: number, options: StartOptions = {}): Promise<Child[]> {
    return Promise.all(Array.from({ length: count }, () => this.startWorker(options)));
  }

  async startWorker(options: StartOptions = {}): Promise<Child> {
    const child = this.workerProcess(options);
    child.ended.then(() => {
      if (options.isKept === true && !this.#isOver) void this.startWorker(options).catch(() => undefined);
    });
    await child.told('started');
    return child;
  }

  /** A worker's process, which may or may not come to claim. */
  workerProcess({ url: backend = this.url, echo = [], isKept: _, ...given }: StartOptions): Child {
    const own = { concurrency: 5, lease: LEASE, heartbeat: HEARTBEAT, ...given };
    this.#names += 1;
    const name = `worker-${this.#names}`;
    const { histories } = this;
    const marks = join(this.folder, 'marks');
    const settings = { name, histories, marks, backend, options: own, echo: ['started', 'stopping', ...echo] };
    return this.start(new Child({ program: 'worker.mjs', name, settings }));
  }

  /** Takes a process among those that are watched, and ended with the scenario. */
  start(child: Child): Child {
    this.#children.push(child);
    child.ended.then((how) => {
      if (!this.#isOver) this.#injector.write({ kind: 'exit', of: child.name, how });
    });
    return child;
  }

  /** A name that no other process has. */
  nextName(what: string): string {
    this.#names += 1;
    return `${what}-${this.#names}`;
  }

  /** Notes a fault. `hits`: the name of a process; `store` where any lease may be lost by it; else what it hits. */
  fault(name: string, hits: string, number = 1): void {
    this.#injector.write({ kind: 'fault', name, hits, number });
  }

  healed(name: string): void {
    this.#injector.write({ kind: 'healed', name, number: 1 });
  }

  /** Milliseconds until a job that is enqueued now, and straight into the store, is started. The workers must echo `start`. */
  async untilWorkGoesOn(): Promise<number> {
    const start = performance.now();
    const application = await this.application();
    const [id = ''] = await application.enqueue([{}]);
    await Promise.any(this.workers.map((worker) => worker.told('start', (event) => event.id === id)));
    return performance.now() - start;
  }

  async kill(child: Child): Promise<void> {
    this.fault('kill', child.name);
    await child.kill();
  }

  /** What must hold in this scenario, beside the rules of all of them. */
  claim(holds: boolean, what: string): void {
    if (!holds) this.#claims.push({ rule: 'the scenario', what });
  }

  note(what: string): void {
    this.#notes.push(what);
  }

  /** Notes how long something took, in milliseconds, and how long it may take: held to it in the full form, which runs alone. */
  measure(what: string, took: number, limit: number): void {
    this.note(`${what}: ${seconds(took)}`);
    if (this.form === 'full')
      this.claim(took <= limit, `${what} took ${seconds(took)}, and may take ${seconds(limit)}`);
  }

  /** The store may have forgotten what it did between these instants. */
  mayForget(from: number, to: number): void {
    this.#undone.push({ from, to });
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.random() * items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }

  /** Stops all that enqueues and all that goes wrong: from now on everything should come to its end. */
  async calm(): Promise<void> {
    await Promise.all(this.#loads.map((load) => load.stop()));
    this.#proxy?.heal();
  }

  /** Ends the observation: from now on processes end because they are told to. */
  async stopWorkers(): Promise<void> {
    this.#isOver = true;
    await this.#observed?.observer.stop();
    for (const child of this.workers) child.signal('SIGTERM');
    const late = setTimeout(() => {
      for (const child of this.workers) {
        this.claim(false, `${child.name} did not stop when told to: ${child.log.slice(-2_000)}`);
        child.signal('SIGKILL');
      }
    }, 10_000);
    await Promise.all(this.#children.map(({ ended }) => ended));
    clearTimeout(late);
  }

  /** Leaves nothing behind, whatever has happened. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.#observed?.observer.stop();
    await Promise.all(this.#children.map((child) => child.kill()));
    await Promise.all(this.#loads.map((load) => load.stop()));
    await Promise.all(this.#clients.map((client) => client.close()));
    await this.#observed?.store.close();
    await this.#proxy?.close();
    await this.#redis?.end();
    await this.#disk?.unmount();
    for (const history of this.#opened) history.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
