// A small cluster in one process, on the memory backend: an application, a few members, and what goes wrong.

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Backend } from '../../../src/contract/backend.ts';
import { Caller } from '../../../src/contract/call.ts';
import { wrap } from '../../../src/core/envelope.ts';
import { BackendError } from '../../../src/core/errors.ts';
import { defineJob } from '../../../src/core/job.ts';
import { untilAborted } from '../../../src/runtime/abort.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { newId, newName } from '../../../src/runtime/identity.ts';
import { check, type Finding } from '../checker/index.ts';
import type { Event, Happening } from '../history/events.ts';
import { type History, openHistory } from '../history/history.mjs';
import { readHistories } from '../history/read.ts';
import { lookWhenQuiet } from '../stage/final-look.ts';
import { Observer } from '../stage/observer.ts';
import { ATTEMPTS, defineJobs, type Work } from '../worker/jobs.mjs';
import { LEASE, Member } from './member.ts';

export interface Order extends Partial<Work> {
  /** Milliseconds. */
  readonly delay?: number;
}

type Start = Extract<Happening, { kind: 'start' }> & { readonly process: string };

/**
 * How long what a story waits for may take, in milliseconds: a lease, a sweep, and the work, on a machine that may halt meanwhile.
 * Where a bug is planted it may never come, and the story is over.
 */
const PATIENCE = { sound: 60_000, faulty: LEASE + 8_000 } as const;
type Kind = keyof typeof PATIENCE;

const { plain } = defineJobs(defineJob);

/** What a story waits for does not come: the bug shows, and the story is over. */
class Stuck extends Error {}

function becauseStuck(error: unknown): true {
  if (error instanceof Stuck) return true;
  throw error;
}

export class World {
  readonly #folder: string;
  readonly #marks: string;
  readonly #store: Backend;
  readonly #members = new Map<string, Member>();
  readonly #histories: History[] = [];
  readonly #injector: History;
  readonly #application: History;
  readonly #observer: Observer;
  readonly #keys = new Map<string, number>();
  /** How long a story waits for a start, in milliseconds. */
  readonly #patience: number;
  readonly #caller = new Caller(newName());
  readonly #starts: Start[] = [];
  #watchers: (() => void)[] = [];
  #calls = 0;

  private constructor(folder: string, store: Backend, patience: number) {
    this.#patience = patience;
    this.#folder = folder;
    this.#marks = join(folder, 'marks');
    this.#store = store;
    this.#injector = this.#open('injector');
    this.#application = this.#open('application');
    this.#observer = new Observer({ store, history: this.#open('observer'), keys: this.#keys, interval: 20 });
  }

  /** Lets a story happen on a store, and says what the checker finds. */
  static async play(store: Backend, story: (world: World) => Promise<void>, kind: Kind): Promise<Finding> {
    const folder = await mkdtemp(join(tmpdir(), 'wingman-planted-'));
    await mkdir(join(folder, 'marks'));
    const world = new World(folder, store, PATIENCE[kind]);
    try {
      const isStuck = await story(world).then(() => false, becauseStuck);
      return await world.#conclude(isStuck ? 0 : PATIENCE[kind]);
    } finally {
      await world.#end();
    }
  }

  async start(members: number): Promise<void> {
    await Promise.all(Array.from({ length: members }, () => this.#startOne()));
  }

  /** Enqueues jobs in one call. Returns their ids. A call without an answer is repeated; a refusal is final. */
  async enqueue(orders: readonly Order[]): Promise<string[]> {
    this.#calls += 1;
    const call = this.#calls;
    const jobs = await Promise.all(
      orders.map(async ({ delay = 0, key = null, limit = 1, takes = 5, deed = 'return', times = 1 }) => {
        const job = await wrap(plain.job({ key, limit, takes, deed, times }), newId());
        if (key !== null) this.#keys.set(key, limit);
        return { job: delay === 0 ? job : { ...job, due: { in: delay } }, key, limit, delay };
      }),
    );
    jobs.forEach(({ job: { id }, key, limit, delay }, sequence) => {
      this.#application.write({
        kind: 'enqueue',
        id,
        key,
        limit,
        sequence,
        call,
        attempts: ATTEMPTS,
        delay,
        isReplicated: false,
      });
    });
    const ids = jobs.map(({ job }) => job.id);
    try {
      await this.#caller.call((id) =>
        this.#store.enqueue(
          id,
          jobs.map(({ job }) => job),
        ),
      );
      for (const id of ids) this.#application.write({ kind: 'acked', id });
    } catch (error) {
      const { code, fate } = error instanceof BackendError ? error : { code: 'unknown', fate: 'unknown' };
      for (const id of ids) this.#application.write({ kind: 'refused', id, code, fate });
    }
    return ids;
  }

  /** Resolves when a run of this job has started, so many times in all; with where it runs. */
  async started(id: string, count = 1): Promise<string> {
    const late = new AbortController();
    const cancel = systemClock.after(this.#patience, () => late.abort(new Stuck(id)));
    try {
      for (;;) {
        const start = this.#starts.filter((event) => event.id === id)[count - 1];
        if (start !== undefined) return start.process;
        const next = new Promise<void>((resolve) => this.#watchers.push(resolve));
        await untilAborted(next, late.signal);
      }
    } finally {
      cancel();
    }
  }

  /** Kills a member, and starts another in its place. */
  async kill(name: string): Promise<void> {
    const member = this.#members.get(name);
    if (member === undefined) return;
    this.#fault('kill', member.name);
    member.kill();
    this.#injector.write({ kind: 'exit', of: member.name, how: 'SIGKILL' });
    await this.#startOne();
  }

  /** Stops a member when it settles this job, until it is resumed. */
  pauseAtSettle(name: string, id: string): void {
    this.#members.get(name)?.pauseAtSettle(id);
  }

  resume(name: string): void {
    this.#members.get(name)?.resume();
  }

  /** Has a member stop as on a deploy, and starts another in its place. */
  async replace(name: string): Promise<void> {
    const member = this.#members.get(name);
    await this.#startOne();
    await member?.manager.stop();
  }

  #fault(name: string, hits: string): void {
    this.#injector.write({ kind: 'fault', name, hits, number: 1 });
  }

  async #startOne(): Promise<void> {
    const name = `member-${this.#members.size + 1}`;
    const member = new Member({
      name,
      store: this.#store,
      history: this.#open(name),
      folder: this.#marks,
      wantsToDie: () => void this.kill(name),
    });
    this.#members.set(name, member);
    await member.start();
  }

  #open(name: string): History {
    const history = openHistory(this.#folder, name);
    this.#histories.push(history);
    return {
      ...history,
      write: (event) => {
        history.write(event);
        if (event.kind !== 'start') return;
        this.#starts.push({ ...event, process: name });
        for (const watcher of this.#watchers.splice(0)) watcher();
      },
    };
  }

  async #conclude(patience: number): Promise<Finding> {
    const final = await lookWhenQuiet(this.#store, patience);
    await this.#observer.stop();
    // What was settled last is told when its reply has come.
    await systemClock.sleep(100);
    const events: Event[] = await readHistories(this.#folder);
    return check(events, final);
  }

  async #end(): Promise<void> {
    await this.#observer.stop();
    await Promise.all([...this.#members.values()].map((member) => member.end()));
    for (const history of this.#histories) history.close();
    await this.#store.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
