import type { Event, Kind } from '../history/events.ts';

/** One run of a job, as its own process told it. Instants are microseconds of the monotonic clock. */
export interface Run {
  readonly id: string;
  readonly token: string;
  readonly worker: string;
  readonly process: string;
  readonly attempt: number;
  readonly start: number;
  effect: number | null;
  aborted: number | null;
  end: { readonly at: number; readonly ok: boolean } | null;
  /** The settle that the store took. */
  settled: Event<'settled'> | null;
  /** The store refused its settle. */
  stale: number | null;
}

/** All that is told of one job. */
export interface JobStory {
  readonly id: string;
  enqueue: Event<'enqueue'> | null;
  acked: number | null;
  refused: Event<'refused'> | null;
  /** By token: the order in which the store gave them out. */
  readonly runs: Run[];
  /** Each time it came to its end in the books. */
  readonly ends: Event<'settled' | 'quarantined'>[];
  /** Each time a sweep took it from a worker. */
  readonly taken: Event<'reclaimed' | 'quarantined'>[];
}

/** What is told of one worker's lease. */
export interface WorkerStory {
  readonly worker: string;
  process: string | null;
  /** Its lease was valid at least until then, by what the store said. */
  until: number | null;
  /** When its loss was first told, by itself or by the store. */
  gone: number | null;
}

/** All histories of one scenario, put together. */
export interface Story {
  readonly events: readonly Event[];
  readonly jobs: ReadonlyMap<string, JobStory>;
  readonly workers: ReadonlyMap<string, WorkerStory>;
  /** When each process began to stop, if it was told to. */
  readonly stops: ReadonlyMap<string, number>;
  /** When each process ended. */
  readonly exits: ReadonlyMap<string, number>;
}

/** The outcomes with which a job leaves the books, or is kept in them as failed. */
const FINAL = new Set(['completed', 'failed', 'cancelled', 'dead']);

function isFinal(outcome: string): boolean {
  return FINAL.has(outcome);
}

/** @param events in the order of their instants */
export function tell(events: readonly Event[]): Story {
  const teller = new Teller();
  for (const event of events) teller.hear(event);
  return teller.story(events);
}

class Teller {
  readonly #jobs = new Map<string, JobStory>();
  readonly #workers = new Map<string, WorkerStory>();
  readonly #stops = new Map<string, number>();
  readonly #exits = new Map<string, number>();
  /** The newest run of each token: a store that has lost its newest writes may give one out twice. */
  readonly #byToken = new Map<string, Run>();

  story(events: readonly Event[]): Story {
    for (const { runs } of this.#jobs.values()) runs.sort(byToken);
    return { events, jobs: this.#jobs, workers: this.#workers, stops: this.#stops, exits: this.#exits };
  }

  hear(event: Event): void {
    switch (event.kind) {
      case 'enqueue':
        this.#job(event.id).enqueue = event;
        break;
      case 'acked':
        this.#job(event.id).acked ??= event.at;
        break;
      case 'refused':
        this.#job(event.id).refused = event;
        break;
      case 'started':
        this.#worker(event.worker).process = event.process;
        break;
      case 'start':
        this.#begin(event);
        break;
      case 'effect':
        this.#inRun(event, (run) => {
          run.effect = event.at;
        });
        break;
      case 'aborted':
        this.#inRun(event, (run) => {
          run.aborted ??= event.at;
        });
        break;
      case 'end':
        this.#inRun(event, (run) => {
          run.end = event;
        });
        break;
      case 'stale':
        this.#inRun(event, (run) => {
          run.stale = event.at;
        });
        break;
      case 'settled':
        this.#settle(event);
        break;
      case 'reclaimed':
      case 'quarantined':
        this.#job(event.id).taken.push(event);
        if (event.kind === 'quarantined') this.#job(event.id).ends.push(event);
        break;
      case 'lease': {
        const worker = this.#worker(event.worker);
        worker.until = Math.max(worker.until ?? 0, event.until);
        break;
      }
      case 'lost':
      case 'gone':
        this.#worker(event.worker).gone ??= event.at;
        break;
      case 'stopping':
        this.#stops.set(event.process, event.at);
        break;
      case 'exit':
        this.#exits.set(event.of, event.at);
    }
  }

  #job(id: string): JobStory {
    let job = this.#jobs.get(id);
    if (job === undefined) {
      job = { id, enqueue: null, acked: null, refused: null, runs: [], ends: [], taken: [] };
      this.#jobs.set(id, job);
    }
    return job;
  }

  #worker(name: string): WorkerStory {
    let worker = this.#workers.get(name);
    if (worker === undefined) {
      worker = { worker: name, process: null, until: null, gone: null };
      this.#workers.set(name, worker);
    }
    return worker;
  }

  #begin(event: Event<'start'>): void {
    const { id, token, worker, process, attempt, at } = event;
    const nothing = { effect: null, aborted: null, end: null, settled: null, stale: null };
    const run: Run = { id, token, worker, process, attempt, start: at, ...nothing };
    this.#job(id).runs.push(run);
    this.#byToken.set(tokenKey(event), run);
    // A worker that lost its lease goes on under a new name, of which nothing else may be told.
    this.#worker(worker).process = process;
  }

  #inRun(event: Event<'effect' | 'aborted' | 'end' | 'settled' | 'stale'>, tellOf: (run: Run) => void): void {
    const run = this.#byToken.get(tokenKey(event));
    if (run !== undefined) tellOf(run);
  }

  #settle(event: Event<'settled'>): void {
    const job = this.#job(event.id);
    this.#inRun(event, (run) => {
      run.settled ??= event;
    });
    if (isFinal(event.outcome)) job.ends.push(event);
  }
}

function tokenKey({ process, id, token }: { process: string; id: string; token: string }): string {
  return `${process} ${id} ${token}`;
}

/** Tokens are numbers of any length, in digits. Of two that are the same, the one that was used first comes first. */
function byToken(a: Run, b: Run): number {
  if (a.token.length !== b.token.length) return a.token.length - b.token.length;
  if (a.token !== b.token) return a.token < b.token ? -1 : 1;
  return a.start - b.start;
}

/** The events of one kind. */
export function ofKind<Name extends Kind>(events: readonly Event[], kind: Name): Event<Name>[] {
  return events.filter((event): event is Event<Name> => event.kind === kind);
}
