import { connect } from '../../client/connect.ts';
import type { Wingman } from '../../client/wingman.ts';
import type { Backend } from '../../contract/backend.ts';
import { messageOf } from '../../core/errors.ts';
import type { Context, Handler } from '../../core/job.ts';
import { Manager } from '../../manager/manager.ts';
import { enqueueAll, failedJobs, heldJobs, managerOptions, onLost, untilDone } from './books.ts';
import { type Catalogue, entriesOf } from './catalogue.ts';
import { digestFile, listDirectory } from './disk.ts';
import { HeldJobs } from './held.ts';
import { type DemoInput, type DemoJobs, demoJobs } from './jobs.ts';
import { joined, locate, type RawPath } from './paths.ts';
import type { Result, ResultsFile } from './results.ts';

export interface RunOptions {
  readonly run: string;
  /** Where the tree is. */
  readonly root: Buffer;
  /** Files of our own in the tree, which come and go with the run. */
  readonly leftOut: ReadonlySet<RawPath>;
  readonly backend: Backend;
  /** With what an earlier process has found, where it is resumed. */
  readonly catalogue: Catalogue;
  readonly isResumed: boolean;
  readonly results: ResultsFile;
  readonly concurrency: number;
  readonly stopping: AbortSignal;
  /** Told what a person should know, such as an outage of the backend. */
  readonly note: (text: string) => void;
}

/** How far a run is. */
export interface Progress {
  readonly done: number;
  readonly known: number;
  /** Nothing more can come to light. */
  readonly isListed: boolean;
  readonly bytes: number;
  readonly failed: number;
  readonly held: number;
  readonly heldAtMost: number;
}

/**
 * One process's part of a run: enqueues what is open, and works with a manager like anybody else's until all is done or it
 * is told to stop.
 */
export class Run {
  readonly #options: RunOptions;
  readonly #jobs: DemoJobs;
  /** Aborts when all is done, or nothing more can be. */
  readonly #ended = new AbortController();
  #held: HeldJobs | null = null;
  #broken: Error | null = null;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#jobs = demoJobs(options.run);
  }

  get progress(): Progress {
    const { done, known, isListed, bytes, failures } = this.#options.catalogue;
    const [held, heldAtMost] = this.#held === null ? [0, 0] : [this.#held.now, this.#held.most];
    return { done, known, isListed, bytes, failed: failures.size, held, heldAtMost };
  }

  /** Settles when all is done, or all is quiet after a stop. True when all is done. */
  async perform(): Promise<boolean> {
    const { backend, catalogue, run, stopping } = this.#options;
    const wingman = await connect(backend);
    try {
      await this.#recover();
      const entries = catalogue.open();
      await enqueueAll(wingman, { run, jobs: this.#jobs, entries }, stopping);
      await this.#work(wingman);
    } catch (error) {
      if (!stopping.aborted || error !== stopping.reason) throw error;
    } finally {
      await wingman.close();
    }
    if (this.#broken !== null) throw this.#broken;
    return catalogue.isComplete;
  }

  /** What failed for good while nobody wrote it down: the process was killed in between. */
  async #recover(): Promise<void> {
    const { backend, run, isResumed } = this.#options;
    if (!isResumed) return;
    for await (const { id, reason } of failedJobs(backend, run)) this.#lose(id, reason);
  }

  async #work(wingman: Wingman): Promise<void> {
    const { backend, run, concurrency, catalogue, stopping, note } = this.#options;
    const handlers = this.#handlers(wingman);
    const manager = new Manager({ ...managerOptions(backend, run), handlers, concurrency });
    this.#held = new HeldJobs(manager, await heldJobs(backend, run));
    onLost(manager, (id, reason) => this.#lose(id, reason));
    manager.on('error', (error) => note(`${messageOf(error)}; trying on`));
    manager.once('started', () => {
      whenAborted(stopping, () => manager.stop());
      whenAborted(this.#ended.signal, async () => {
        if (this.#broken === null) await untilDone(backend, run, manager, stopping).catch(() => false);
        await manager.stop();
      });
    });
    if (catalogue.isComplete) this.#ended.abort();
    await manager.start();
  }

  #handlers(wingman: Wingman): readonly Handler[] {
    return [
      this.#jobs.directory.handle((input, context) => this.#list(input, context, wingman)),
      this.#jobs.file.handle((input, context) => this.#read(input, context)),
    ];
  }

  async #list({ path }: DemoInput, { signal }: Context, wingman: Wingman): Promise<void> {
    const { root, leftOut, run, catalogue } = this.#options;
    const listed = await listDirectory(locate(root, path));
    const files = listed.files.filter((name) => !leftOut.has(joined(path, name)));
    const found = { path, files, directories: listed.directories };
    // Known before they are enqueued: their jobs may be done before this one.
    const entries = entriesOf(found).filter((entry) => catalogue.expect(entry));
    await enqueueAll(wingman, { run, jobs: this.#jobs, entries }, signal);
    this.#record({ kind: 'directory', ...found });
  }

  async #read({ path }: DemoInput, { signal }: Context): Promise<void> {
    const started = performance.now();
    const digest = await digestFile(locate(this.#options.root, path), signal);
    this.#record({ kind: 'file', path, ...digest, ms: Math.round((performance.now() - started) * 10) / 10 });
  }

  #lose(id: string, reason: string): void {
    const entry = this.#options.catalogue.openWith(id);
    if (entry !== undefined) this.#record({ kind: 'failed', path: entry.path, what: entry.kind, reason });
  }

  #record(result: Result): void {
    const { results, catalogue } = this.#options;
    try {
      results.append(result);
    } catch (cause) {
      this.#broken = new Error(`the results cannot be written, the run stops and can be resumed: ${messageOf(cause)}`, {
        cause,
      });
      this.#ended.abort();
      throw cause;
    }
    catalogue.add(result);
    if (catalogue.isComplete) this.#ended.abort();
  }
}

function whenAborted(signal: AbortSignal, then: () => unknown): void {
  if (signal.aborted) then();
  else signal.addEventListener('abort', then, { once: true });
}
